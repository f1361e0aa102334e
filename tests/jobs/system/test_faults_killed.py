"""Whole processes, with Ray: killed at any time or signalled, they take theirs with them, and the command goes on."""

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from vidsharp.jobs import process

from tests.support import media, runs

pytestmark = pytest.mark.slow

OPTIONS = [*runs.SLOW_OPTIONS, "-q"]


@dataclass(frozen=True)
class Whole:
    source: Path
    frames: list[str]


@pytest.fixture(scope="module")
def whole(shared_ray: None, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    root = tmp_path_factory.mktemp("whole")
    source = runs.clip(root / "call.mp4", frames=360, size=(320, 180)).path
    process(runs.config(source, root / "out", **runs.SLOW))
    return Whole(source, media.frame_hashes(root / "out" / "call.mp4"))


def assert_goes_on(whole: Whole, out: Path) -> None:
    """The same command again, on the tests' own Ray, which spares its start."""
    (row,) = process(runs.config(whole.source, out, **runs.SLOW)).rows
    assert row["status"] in ("done", "resumed", "skipped"), row
    assert media.frame_hashes(out / "call.mp4") == whole.frames
    assert runs.files(out) == {"call.mp4"}
    assert not [path for path in out.rglob("*") if ".part" in path.name]


def chunks_done(out: Path) -> int:
    return len(list(out.glob(".vidsharp/*/chunk-?????.json")))


@pytest.mark.parametrize("seed", range(3))
def test_the_driver_is_killed_at_any_time(seed: int, whole: Whole, tmp_path: Path) -> None:
    out = tmp_path / "out"
    running = runs.start("process", whole.source, "--out", out, *OPTIONS)
    time.sleep(random.Random(seed).uniform(0.2, 9))
    running.kill()
    running.communicate(timeout=60)
    # An actor at work ends within seconds; one that was being started, and Ray's helpers, call a minute for its head.
    runs.wait_until(lambda: not runs.processes_of_session(running.pid, "SharpenActor"), 120)
    assert_goes_on(whole, out)
    if seed == 0:
        runs.wait_until(lambda: not runs.processes_of_session(running.pid), 150)


@pytest.mark.parametrize("chunks", [0, 3])
def test_an_actor_is_killed(chunks: int, whole: Whole, tmp_path: Path) -> None:
    """While it loads its student, or in its work: the run itself goes on."""
    out = tmp_path / "out"
    running = runs.start("process", whole.source, "--out", out, *OPTIONS)
    found = runs.wait_until(
        lambda: chunks_done(out) >= chunks and runs.processes_of_session(running.pid, "SharpenActor")
    )
    os.kill(found[0], signal.SIGKILL)
    said, errors = running.communicate(timeout=200)
    assert running.returncode == 0, errors
    assert "1 clip: 1 done" in said
    assert media.frame_hashes(out / "call.mp4") == whole.frames
    assert_goes_on(whole, out)


@pytest.mark.parametrize("chunks", [0, 3])
def test_the_node_process_is_killed(chunks: int, whole: Whole, tmp_path: Path) -> None:
    """No actor can be started again: the run ends in a sentence, unless it is done before its last actor dies."""
    out = tmp_path / "out"
    running = runs.start("process", whole.source, "--out", out, *OPTIONS)
    runs.wait_until(lambda: chunks_done(out) >= chunks and runs.processes_of_session(running.pid, "SharpenActor"))
    (node,) = runs.processes_of_session(running.pid, "raylet/raylet")
    os.kill(node, signal.SIGKILL)
    said, errors = running.communicate(timeout=200)
    if running.returncode:
        assert (running.returncode, said) == (3, "")
        assert errors.splitlines()[-1] == "vidsharp: Ray's node process died; run the same command again to go on"
    else:
        assert said.startswith("1 clip: 1 done\n"), "and nothing of Ray's log"
    assert "Traceback" not in errors
    assert_goes_on(whole, out)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_ray_starts_and_once_more_while_it_stops(
    number: signal.Signals, whole: Whole, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = runs.start("process", whole.source, "--out", out, *OPTIONS)
    runs.wait_until(lambda: runs.processes_of_session(running.pid, "raylet/raylet"))
    running.send_signal(number)
    time.sleep(0.2)
    running.send_signal(number)
    said, errors = running.communicate(timeout=100)
    assert errors == "vidsharp: interrupted; the same command resumes from the finished chunks\n"
    assert (running.returncode, said) == (128 + number, "")
    assert not runs.processes_of_session(running.pid, "SharpenActor")
    assert not list(Path("/tmp").glob(f"vidsharp-ray-{running.pid}-*"))
    assert_goes_on(whole, out)
