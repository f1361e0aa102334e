"""Killed before any step that changes the disk, and again and again, the same command makes all outputs whole."""

import random
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.support import media, runs
from tests.support.kill_points import Ended, Runner

pytestmark = pytest.mark.slow

OUTPUTS = {"call.mp4", "team/other.mkv"}
"""The second recording is a WebM, which cannot hold H.264."""
PICTURES_AND_PACKETS = 16
"""So many of the steps inside encoder and muxer are tried."""


@dataclass(frozen=True)
class Undisturbed:
    calls: Path
    frames: dict[str, list[str]]
    """Hashes of the frames of each output."""
    reports: list[str]
    """As `reports`."""
    steps: list[str]


@pytest.fixture(scope="module")
def runners() -> Iterator[list[Runner]]:
    """Two: as many runs at a time as a small machine has cores."""
    both = [Runner(), Runner()]
    yield both
    for runner in both:
        runner.close()


def frames(out: Path) -> dict[str, list[str]]:
    return {name: media.frame_hashes(out / name) for name in OUTPUTS if (out / name).exists()}


def reports(out: Path) -> list[str]:
    """The files of the report folder; parts of tables, whose names tell when they were made, by what they are."""
    files = [path for path in (out / "report").rglob("*") if path.is_file()]
    return sorted(re.sub(r"part-\d+-\w+", "part", path.relative_to(out).as_posix()) for path in files)


@pytest.fixture(scope="module")
def undisturbed(runners: list[Runner], tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("undisturbed")
    runs.clip(root / "calls" / "call.mp4", frames=30, audio=1)
    (root / "calls" / "team").mkdir()
    media.webm(root / "calls" / "team" / "other.webm", size=runs.SIZE, frames=15, gop=15)
    ended = runners[0].run(root / "calls", root / "out")
    assert set(ended.statuses.values()) == {"done"}, ended
    assert runs.files(root / "out") == OUTPUTS
    return Undisturbed(root / "calls", frames(root / "out"), reports(root / "out"), ended.steps)


def killed_and_again(runner: Runner, whole: Undisturbed, out: Path, kills: Sequence[int], **more: Any) -> list[Ended]:
    """Runs that are killed, one after another, and one that is not; and what must hold of the folder after each."""
    ended = []
    for step in kills:
        ended.append(runner.run(whole.calls, out, step, **more))
        for name, found in frames(out).items():
            assert found == whole.frames[name], f"{name} has its final name and is not whole"
    ended.append(runner.run(whole.calls, out, **more))
    assert set(ended[-1].statuses.values()) <= {"done", "resumed", "skipped"}, ended[-1].statuses
    assert frames(out) == whole.frames
    assert runs.files(out) == OUTPUTS
    assert reports(out) == whole.reports
    assert not (out / ".vidsharp").exists()
    clips, chunks = runs.table(out), runs.table(out, "chunks")
    assert clips["frames"].to_dict() == {"call.mp4": 30, "team/other.webm": 15}
    assert clips["out"].to_dict() == {"call.mp4": "call.mp4", "team/other.webm": "team/other.mkv"}
    assert clips["error"].isna().all()
    assert sorted(zip(chunks.index, chunks["chunk"], strict=True)) == [
        *(("call.mp4", 0), ("call.mp4", 1), ("team/other.webm", 0)),
    ]
    return ended


def kill_points(steps: Sequence[str], seed: int) -> list[int]:
    """Every step that changes files or folders (one of those alike), and a sample of those in encoder and muxer."""
    rng = random.Random(seed)
    alike: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        alike.setdefault(step.split()[0] if step.startswith(("picture", "packet")) else step, []).append(number)
    inner = alike.pop("picture") + alike.pop("packet")
    return sorted([*map(rng.choice, alike.values()), *rng.sample(inner, PICTURES_AND_PACKETS)])


@pytest.mark.timeout(1200)
def test_killed_before_any_step(runners: list[Runner], undisturbed: Undisturbed, tmp_path: Path) -> None:
    points = kill_points(undisturbed.steps, seed=7)
    assert len(points) >= 100, "the steps are not noticed"

    def wrong(runner: Runner, mine: Sequence[int]) -> Iterator[str]:
        for step in mine:
            try:
                first, _ = killed_and_again(runner, undisturbed, tmp_path / str(step), [step])
                assert first.killed, "it came to its end"
            except AssertionError as error:
                yield f"killed before step {step} ({undisturbed.steps[step]}): {error}"

    each = len(runners)
    with ThreadPoolExecutor(each) as pool:
        shares = [points[number::each] for number in range(each)]
        found = [*chain.from_iterable(pool.map(lambda *share: [*wrong(*share)], runners, shares))]
    assert not found, f"{len(found)} of {len(points)} kill points:\n" + "\n".join(found)


@pytest.mark.parametrize("seed", range(4))
def test_killed_again_and_again(seed: int, runners: list[Runner], undisturbed: Undisturbed, tmp_path: Path) -> None:
    rng = random.Random(seed)
    kills = [rng.randrange(5, 120) for _ in range(6)]
    ended = killed_and_again(runners[0], undisturbed, tmp_path / "out", kills)
    assert sum(run.killed for run in ended) >= 3, "hardly any was killed"


def test_killed_while_an_earlier_result_is_replaced(
    runners: list[Runner], undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Until the new one is whole, the earlier one is there."""
    before, runner = tmp_path / "before", runners[0]
    runner.run(undisturbed.calls, before, strength=0)
    earlier = frames(before)
    assert set(earlier) == OUTPUTS
    assert earlier != undisturbed.frames
    rng = random.Random(1)
    for step in rng.sample(range(len(undisturbed.steps)), 6):
        # Each from the earlier result: after a kill near its end, a run would have hardly a step left to be killed at.
        out = tmp_path / str(step)
        shutil.copytree(before, out)
        assert runner.run(undisturbed.calls, out, step, overwrite=True).killed
        now = frames(out)
        for name in OUTPUTS:
            assert now[name] in (earlier[name], undisturbed.frames[name]), name
        killed_and_again(runner, undisturbed, out, [], overwrite=True)
