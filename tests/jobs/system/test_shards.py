"""Drivers that share an output folder, a shard each: killed at any time, all is done, and nothing twice."""

import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from click.testing import CliRunner
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.processing.report_job import ReportConfig, report
from vidsharp.jobs.processing.run_lock import RunLock
from vidsharp.jobs.shard import Shard
from vidsharp.pipeline.workspace import file_stem

from tests.support import runs
from tests.support.kill_points import Runner
from tests.support.local_pool import use_no_ray
from tests.support.shards import frames, killed_shards, published, small_calls

pytestmark = pytest.mark.slow

SHARDS = 4


@dataclass(frozen=True)
class Undisturbed:
    calls: Path
    names: list[str]
    frames: dict[str, list[str]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("undisturbed")
    names = small_calls(root / "calls", 16)
    with pytest.MonkeyPatch.context() as patch:
        use_no_ray(patch)
        assert process(runs.config(root / "calls", root / "out", chunk_seconds=0.2)).count("done") == len(names)
    return Undisturbed(root / "calls", names, frames(root / "out", names))


@pytest.fixture
def runners() -> Iterator[list[Runner]]:
    all_of_them = [Runner() for _ in range(SHARDS)]
    yield all_of_them
    for runner in all_of_them:
        runner.close()


def assert_all_is_done(whole: Undisturbed, out: Path) -> None:
    """And the report of all shards can be made, and the same command without shards finds it so."""
    assert frames(out, whole.names) == whole.frames
    assert runs.files(out) == set(whole.names), "no work and no lock is left"
    assert not [path for path in out.rglob("*") if ".part" in path.name]
    assert not (out / "report" / "index.html").exists()
    page = report(ReportConfig(out, compact=True)).page
    assert page is not None
    text = page.read_text()
    assert all(name in text for name in whole.names)
    table, chunks = runs.table(out), runs.table(out, "chunks")
    assert sorted(table.index) == sorted(whole.names)
    assert table["error"].isna().all()
    assert sorted(zip(chunks.index, chunks["chunk"], strict=True)) == [
        (name, chunk) for name in sorted(whole.names) for chunk in range(2)
    ]
    result = process(runs.config(whole.calls, out, chunk_seconds=0.2))
    assert result.counts == {"skipped": len(whole.names)}


def test_four_shards_at_once_are_killed_before_any_steps(
    runners: list[Runner], undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = killed_shards(runners, undisturbed.calls, tmp_path / "out", kills=3, seed=5)
    assert sum(run.killed for run in chain(*ended)) >= 2 * SHARDS, "hardly any was killed"
    for number, of_shard in enumerate(ended):
        mine = {name for name in undisturbed.names if Shard(number, SHARDS).has(name)}
        assert of_shard[-1].statuses.keys() == mine
        assert set(of_shard[-1].statuses.values()) <= {"done", "resumed", "skipped"}
    assert published(chain(*ended)) == dict.fromkeys(map(file_stem, undisturbed.names), 1)
    use_no_ray(monkeypatch)
    assert_all_is_done(undisturbed, tmp_path / "out")


def test_four_commands_at_once_are_killed_at_any_time(
    undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With worker processes of their own, as users start them."""
    out = tmp_path / "out"

    def run(number: int) -> int:
        options = ["--engine", "local", "--workers", "1", "--encoder", "libx264", "--preset", "ultrafast", "-q"]
        given = ["process", undisturbed.calls, "--out", out, "--chunk-seconds", "0.2", *options]
        command = [*given, "--shard", f"{number}/{SHARDS}"]
        running = runs.start(*command)
        time.sleep(random.Random(number).uniform(3, 12))
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
        again = runs.start(*command)
        _, errors = again.communicate(timeout=300)
        assert again.returncode == 0, errors
        return running.returncode

    with ThreadPoolExecutor(SHARDS) as pool:
        ended = [*pool.map(run, range(SHARDS))]
    assert set(ended) <= {-signal.SIGKILL, 0}
    use_no_ray(monkeypatch)
    assert_all_is_done(undisturbed, out)


def said(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [*map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_what_cannot_be_is_one_sentence(
    undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    given = ["process", undisturbed.calls, "--out", tmp_path / "out", "--shard"]
    code, _, errors = said(*given, "4/4")
    assert (code, errors) == (
        2,
        "vidsharp: --shard 4/4 is out of range: shards count from 0, so the last of 4 is 3/4\n",
    )
    code, _, errors = said(*given, "4")
    assert code == 2
    assert "'4' is not of the form I/N, such as 0/4 for the first of four" in errors
    lock = RunLock(tmp_path / "out", "OUT", Shard(1, 4))
    code, _, errors = said(*given, "1/4")
    assert (code, errors) == (
        2,
        f"vidsharp: another vidsharp is writing to {tmp_path / 'out'} as shard 1/4; wait for it, or choose "
        "another --out\n",
    )
    lock.release()


def test_a_shard_of_nothing_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an array of jobs, some may have nothing to do."""
    runs.forbid_ray(monkeypatch)
    runs.clip(tmp_path / "calls" / "call.mp4")
    (empty,) = [index for index in range(2) if not Shard(index, 2).has("call.mp4")]
    code, out, errors = said("process", tmp_path / "calls", "--out", tmp_path / "out", "--shard", f"{empty}/2")
    assert (code, out.splitlines()[0]) == (0, "0 clips")
    assert f"shard {empty}/2 has none of 1 recording: nothing is to be done" in errors
    assert runs.files(tmp_path / "out") == set()


def test_rows_that_another_shard_is_about_to_write_are_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    runs.clip(tmp_path / "calls" / "call.mp4")
    (mine,) = [index for index in range(2) if Shard(index, 2).has("call.mp4")]
    out = tmp_path / "out"
    runs.stop_before_the_tables(runs.config(tmp_path / "calls", out, shard=Shard(mine, 2)), monkeypatch)
    (kept,) = out.glob(".vidsharp/*/done.json")
    process(runs.config(tmp_path / "calls", out, shard=Shard(1 - mine, 2)))
    assert kept.exists()
    assert process(runs.config(tmp_path / "calls", out, shard=Shard(mine, 2))).count("skipped") == 1
    assert not kept.exists()
