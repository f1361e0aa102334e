"""One job on either engine: the same bits, the same tables but for times, and a run that one began the other ends."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.engine.engines import ENGINES

from tests.support import media, runs

ROOT = str(Path(__file__).parents[3])
TIMES = {
    *("wall_s", "fps", "model_fps", "decode_s", "model_s", "measure_s", "encode_s", "wait_s", "mux_s", "core_s"),
    *("finished_at", "began_at", "written_at", "actor"),
}
"""Columns that tell of the run and not of what it made; `actor` is a process id."""


@dataclass(frozen=True)
class Whole:
    source: Path
    frames: list[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A clip of 16 chunks, and what an undisturbed run makes of it."""
    root = tmp_path_factory.mktemp("engines")
    source = runs.clip(root / "call.mp4", frames=240, size=(320, 180)).path
    process(runs.config(source, root / "out", engine="local", **runs.SLOW))
    return Whole(source, media.frame_hashes(root / "out" / "call.mp4"))


def chunks_done(out: Path) -> int:
    return len(list(out.glob(".vidsharp/*/chunk-?????.json")))


def start(whole: Whole, out: Path, engine: str, chunks: int) -> subprocess.Popen[str]:
    """A run that has done so many chunks."""
    running = runs.start("process", whole.source, "--out", out, *runs.SLOW_OPTIONS, "--engine", engine)
    if chunks:
        runs.wait_until(lambda: running.poll() is not None or chunks_done(out) >= chunks)
    else:
        runs.wait_until(
            lambda: running.poll() is not None or runs.processes_of_session(running.pid, runs.WORKERS[engine])
        )
    assert running.poll() is None, running.communicate()
    return running


def assert_resumed(whole: Whole, out: Path, engine: Any, done: int) -> None:
    (row,) = process(runs.config(whole.source, out, engine=engine, **runs.SLOW)).rows
    assert row["status"] == ("resumed" if done else "done"), row
    assert runs.table(out, "chunks")["reused"].sum() == done
    assert media.frame_hashes(out / "call.mp4") == whole.frames
    assert runs.files(out) == {"call.mp4"}


def test_the_same_bits_and_the_same_tables_but_for_times(shared_ray: None, tmp_path: Path) -> None:
    runs.clip(tmp_path / "calls" / "deep" / "a.mp4", audio=1)
    runs.clip(tmp_path / "calls" / "b.mkv", frames=45)
    media.text_file(tmp_path / "calls" / "notes.mp4")
    for engine in ENGINES:
        result = process(runs.config(tmp_path / "calls", tmp_path / engine, engine=engine, workers=2))
        assert (result.count("done"), result.count("failed")) == (2, 1)
    by_ray, local = tmp_path / "ray", tmp_path / "local"
    for name in ("deep/a.mp4", "b.mkv"):
        assert media.packet_md5(by_ray / name, 0) == media.packet_md5(local / name, 0)
    assert runs.files(by_ray) == runs.files(local)
    for name in ("clips", "chunks", "frames"):
        tables = [runs.table(out, name).drop(columns=TIMES, errors="ignore") for out in (by_ray, local)]
        tables = [table.sort_values([*table.columns[:1]], kind="stable").sort_index(kind="stable") for table in tables]
        assert len(tables[0])
        assert tables[0].equals(tables[1]), tables[0].compare(tables[1])
    records = [json.loads((out / "report" / "run.json").read_bytes()) for out in (by_ray, local)]
    assert [record["settings"]["engine"] for record in records] == ["ray", "local"]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "then"), [("ray", "local"), ("local", "ray")])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_on_one_engine_it_goes_on_with_the_other(
    number: signal.Signals, first: str, then: str, shared_ray: None, whole: Whole, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = start(whole, out, first, chunks=2)
    os.killpg(running.pid, number)  # as a terminal does
    said, errors = running.communicate(timeout=60)
    assert (running.returncode, said) == (128 + number, ""), errors
    assert errors.splitlines()[-1] == "vidsharp: interrupted; the same command resumes from the finished chunks"
    assert "Traceback" not in errors
    runs.wait_until(lambda: not runs.processes_of_session(running.pid), 60)
    done = chunks_done(out)
    assert 2 <= done < 16
    assert_resumed(whole, out, then, done)


@pytest.mark.slow
@pytest.mark.parametrize("chunks", [0, 2])
def test_a_killed_driver_leaves_no_worker_process_behind(chunks: int, whole: Whole, tmp_path: Path) -> None:
    """Ray's: `test_faults_killed.py`."""
    out = tmp_path / "out"
    running = start(whole, out, "local", chunks)
    running.kill()
    running.communicate(timeout=60)
    runs.wait_until(lambda: not runs.processes_of_session(running.pid), 30)
    assert_resumed(whole, out, "local", chunks_done(out))


@pytest.mark.parametrize("chunks", [0, 3])
def test_a_killed_worker_is_replaced(chunks: int, whole: Whole, tmp_path: Path) -> None:
    out = tmp_path / "out"
    running = start(whole, out, "local", chunks)
    os.kill(runs.processes_of_session(running.pid, runs.WORKERS["local"])[0], signal.SIGKILL)
    said, errors = running.communicate(timeout=200)
    assert running.returncode == 0, errors
    assert "1 clip: 1 done\n" in said
    assert media.frame_hashes(out / "call.mp4") == whole.frames
    assert runs.files(out) == {"call.mp4"}
    assert list(runs.table(out, "chunks")["chunk"]) == list(range(16))


# --- Where there is no Ray --------------------------------------------------------------------------------------------


@pytest.fixture
def no_ray_here(tmp_path: Path) -> dict[str, str]:
    """The environment of processes that cannot import Ray, and note that they tried."""
    (tmp_path / "hides").mkdir()
    tried = tmp_path / "tried"
    text = f"open({str(tried)!r}, 'a').write('x')\nraise ImportError('there is no Ray here')\n"
    (tmp_path / "hides" / "ray.py").write_text(text)
    return {**runs.plain_environment(), "PYTHONPATH": str(tmp_path / "hides")}


def test_without_ray_the_local_engine_does_all(no_ray_here: dict[str, str], tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=30).path
    running = runs.start("process", call, "--out", tmp_path / "out", "--engine", "local", environment=no_ray_here)
    said, errors = running.communicate(timeout=200)
    assert running.returncode == 0, errors
    assert "1 clip: 1 done\n" in said
    assert not (tmp_path / "tried").exists(), "neither the driver nor a worker asks for it"


def test_without_ray_the_default_engine_says_what_to_do(no_ray_here: dict[str, str], tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=30).path
    running = runs.start("process", call, "--out", tmp_path / "out", environment=no_ray_here)
    said, errors = running.communicate(timeout=200)
    assert (running.returncode, said) == (3, "")
    assert errors == (
        "vidsharp: the engine 'ray' cannot be imported here (there is no Ray here); --engine local works without it\n"
    )


NO_RAY = """
import sys
from pathlib import Path
from vidsharp.jobs import EstimateConfig, ProcessConfig, estimate, process

source, out = map(Path, sys.argv[1:])
options = dict(engine="local", encoder="libx264", preset="ultrafast", chunk_seconds=0.5)
result = process(ProcessConfig((source,), out, **options))
assert result.count("done") == 1, result.rows
estimate(EstimateConfig((source,), sample_seconds=0.2, **options))
assert "ray" not in sys.modules
assert not [name for name in sys.modules if name.startswith("ray.")]
"""


def test_nothing_of_ray_is_imported_on_the_local_engine(tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=30).path
    ended = subprocess.run(
        [sys.executable, "-c", NO_RAY, call, tmp_path / "out"], env={**runs.plain_environment(), "PYTHONPATH": ROOT},
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
