"""Drivers of shards side by side, each a process of its own that is killed again and again."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support import media, runs
from tests.support.kill_points import Ended, Runner

MOST_STEPS, MOST_STEPS_IN_BUCKETS = 90, 180
"""A run is killed before one of so many steps: most finish a clip or two."""
_PUBLISHED = re.compile(r"os\.rename /\.vidsharp/([0-9a-f]{16})/joined")


def small_calls(folder: Path, count: int) -> list[str]:
    """So many recordings of twelve pictures in two chunks, none as another. Returns their names."""
    folder.mkdir()
    names = [f"team-{number % 3}/call-{number}.mp4" for number in range(count)]
    for number, name in enumerate(names):
        runs.clip(folder / name, frames=12, gop=6, size=(96, 64), seed=number)
    return names


def frames(out: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Hashes of the frames of each result that is there."""
    return {name: media.frame_hashes(out / name) for name in names if (out / name).exists()}


def killed_shards(
    runners: Sequence[Runner], calls: Path, out: Path, kills: int, seed: int, staging: Sequence[Path] = ()
) -> list[list[Ended]]:
    """Runs a shard with each of the runners, side by side. Each is killed so often, or until it has nothing left to
    do, and then left alone.

    Args:
        staging: of runs on object storage, as on so many machines: each run is on one of them.
    """

    def run(number: int) -> list[Ended]:
        rng, ended = random.Random(seed * 1000 + number), list[Ended]()

        def once(kill_at: int | None) -> None:
            where = {"staging": str(rng.choice(staging))} if staging else {}
            shard = f"{number}/{len(runners)}"
            ended.append(runners[number].run(calls, out, kill_at, chunk_seconds=0.2, shard=shard, **where))

        while len(ended) < kills and (not ended or ended[-1].killed):
            once(rng.randrange(4, MOST_STEPS_IN_BUCKETS if staging else MOST_STEPS))
        once(None)
        return ended

    with ThreadPoolExecutor(len(runners)) as pool:
        return [*pool.map(run, range(len(runners)))]


def published(ended: Iterable[Ended]) -> Counter[str]:
    """How often runs have given a file its final name, by its clip's workspace."""
    found = (_PUBLISHED.match(step) for run in ended for step in run.steps)
    return Counter(match[1] for match in found if match)
