"""Chunks that are cut smaller beside chunks that are begun a second time, where some workers are slow or stand still.

    python -m benchmarks.scale.stragglers --workers 16 --chunks 200

Prints a table: for each kind of cluster and each way, how long a run takes, the median and the worst of some seeds. The
rules are those of `process` (`Schedule` and `Stragglers`); workers and their clock are simulated, since what is asked
is how rules behave over many clusters.
"""

import argparse
import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from vidsharp.jobs.engine.schedule import Schedule, Work
from vidsharp.jobs.engine.stragglers import Stragglers
from vidsharp.pipeline.plan import Chunk, PacketMark

FRAMES = 300
"""Of a chunk as `process` cuts them."""
FRAME_S = 0.05
"""That a frame takes on a usual worker."""
EACH_S = 0.5
"""What a chunk costs beside its frames: the decoder's way to it, and an encoder. `benchmarks.speed.pre_roll` measures
the first."""
LOOK_S = 0.25
"""How often the driver looks."""

Speeds = Callable[[random.Random, int, float], float]
"""Of a worker by its number and the time, over the usual one."""


def alike(draw: random.Random, worker: int, at: float) -> float:
    return draw.uniform(0.9, 1.1)


def one_slow(draw: random.Random, worker: int, at: float) -> float:
    return 0.2 if worker == 0 else alike(draw, worker, at)


def two_kinds(draw: random.Random, worker: int, at: float) -> float:
    return (4.0 if worker % 4 == 0 else 1.0) * alike(draw, worker, at)


def neighbours(draw: random.Random, worker: int, at: float) -> float:
    """One chunk in fifty meets a neighbour's load."""
    return 0.1 if draw.random() < 0.02 else alike(draw, worker, at)


def one_hangs(draw: random.Random, worker: int, at: float) -> float:
    """Late in the run, one stands still for ten minutes."""
    return 0.025 if worker == 0 and at > 120 else alike(draw, worker, at)


CLUSTERS: Mapping[str, Speeds] = {
    "all alike": alike,
    "one at a fifth": one_slow,
    "a quarter is four times as fast": two_kinds,
    "one chunk in fifty at a tenth": neighbours,
    "one stands still": one_hangs,
}


@dataclass(frozen=True)
class Way:
    cut: int
    """Into so many a chunk is cut."""
    twice: bool
    """Whether slow ones are begun a second time."""


WAYS: Mapping[str, Way] = {
    "as they are": Way(1, False),
    "halves": Way(2, False),
    "quarters": Way(4, False),
    "begun twice": Way(1, True),
    "quarters, begun twice": Way(4, True),
}


def run_s(way: Way, speeds: Speeds, workers: int, chunks: int, seed: int) -> float:
    """How long a run takes."""
    draw, mark = random.Random(seed), PacketMark(0, 0, 0, 1)
    frames = FRAMES // way.cut
    schedule, stragglers = Schedule(), Stragglers()
    schedule.add("call.mp4", [Chunk(n, None, None, mark, None, n, frames) for n in range(chunks * way.cut)])
    living = [f"actor-{n}" for n in range(workers)]
    idle, at_work = list(living), dict[str, tuple[Work, float, float]]()
    ends, turn = list[tuple[float, int, str]](), itertools.count()
    done, now = set[int](), 0.0

    def begin(actor: str, work: Work) -> None:
        took = EACH_S + frames * FRAME_S / speeds(draw, living.index(actor), now)
        stragglers.begin(actor, work, 1, now)
        at_work[actor] = work, now, now + took
        heapq.heappush(ends, (now + took, next(turn), actor))

    def over() -> Iterator[str]:
        while ends and ends[0][0] <= now:
            ended, _, actor = heapq.heappop(ends)
            if actor in at_work and at_work[actor][2] == ended:
                yield actor

    while len(done) < chunks * way.cut:
        for actor in over():
            work, _, ended = at_work.pop(actor)
            idle.append(actor)
            done.add(work.chunk.index)
            for other in stragglers.end(actor, work, done=True, now=ended):
                stragglers.end(other, work, done=False, now=ended)
                del at_work[other]
                idle.append(other)
        for work, began, ended in at_work.values():
            stragglers.move(work, int(frames * (now - began) / (ended - began)))
        stragglers.look(now)
        for actor in list(idle):
            work = schedule.next_for(actor, living)
            if work is None and way.twice:
                work = next(stragglers.slow_for(actor), None)
            if work is not None:
                idle.remove(actor)
                begin(actor, work)
        now += LOOK_S
    return now


def main() -> None:
    parser = argparse.ArgumentParser(description="Smaller chunks beside chunks that are begun a second time")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--chunks", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=20)
    said = parser.parse_args()
    print(f"| {said.workers} workers, {said.chunks} chunks |", " | ".join(WAYS), "|")
    print("| --- |" + " ---: |" * len(WAYS))
    for name, speeds in CLUSTERS.items():
        cells = []
        for way in WAYS.values():
            took = [run_s(way, speeds, said.workers, said.chunks, seed) for seed in range(said.seeds)]
            cells.append(f"{median(took):.0f} s, at most {max(took):.0f} s")
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
