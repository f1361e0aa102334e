"""How long a run takes on GPUs, and how long where the CPUs of machines without one take recordings, too.

    python -m benchmarks.scale.two_devices --gpus 4 --cpus 32

Prints a table: for recordings of several lengths, a run on the GPUs alone, on both where each takes what comes next, on
both where a device begins only what is worth it (as `process` does), and what could not be beaten: all workers at work
until the end. Median and worst of some seeds. The rules are those of `process` (`Schedule`, `Stragglers` and
`worth_beginning`); workers and their clock are simulated, and how much faster a GPU is is said, not measured.
"""

import argparse
import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from statistics import median

from vidsharp.jobs.engine.schedule import Schedule, Work
from vidsharp.jobs.engine.sharing import LeftToDo, worth_beginning
from vidsharp.jobs.engine.stragglers import Stragglers
from vidsharp.pipeline.plan import Chunk, PacketMark

CHUNK_S = 10.0
"""That a chunk takes on a CPU worker."""
PLAN_S = 0.1
"""That it takes to plan a recording, on either."""

Lengths = Callable[[random.Random], int]
"""Of a recording, in chunks."""
RECORDINGS: Mapping[str, Lengths] = {
    "a minute each": lambda draw: 6,
    "an hour each": lambda draw: 360,
    "a minute to an hour": lambda draw: round(6 * 60 ** draw.random()),
}
WAYS = ("GPUs alone", "both, as it comes", "both, where it is worth it")


def run_s(way: str, lengths: list[int], workers: Mapping[str, int], times: float, seed: int) -> tuple[float, float]:
    """How long a run takes, and how long if all workers were at work until its end.

    Args:
        lengths: of its recordings.
        workers: on each device.
        times: so many times as fast a GPU's worker is.
    """
    draw, mark = random.Random(seed), PacketMark(0, 0, 0, 1)
    if way == WAYS[0]:
        workers = {"cuda": workers["cuda"]}
    speed = {"cuda": times / CHUNK_S, "cpu": 1 / CHUNK_S}
    schedule, stragglers, to_plan = Schedule(), Stragglers(), deque(enumerate(lengths))
    idle = [(device, f"{device}-{n}") for device, count in workers.items() for n in range(count)]
    draw.shuffle(idle)
    ends = list[tuple[float, int, str, str, Work | int]]()
    turn, now, left = itertools.count(), 0.0, sum(lengths)
    planned, at_work, preparing = Counter[str](), Counter[str](), Counter[str]()

    def give(device: str, actor: str) -> bool:
        work = schedule.next_for(actor, [actor], device=device)
        if work is not None:
            at_work[device] += 1
            stragglers.begin(actor, work, 1, now)
            heapq.heappush(ends, (now + draw.uniform(0.9, 1.1) / speed[device], next(turn), device, actor, work))
            return True
        if not to_plan:
            return False
        if way == WAYS[2]:
            usual = planned["chunks"] / planned["clips"] if planned else None
            begun = at_work + Counter(work.device for work in schedule.waiting)
            there = LeftToDo(len(to_plan), usual, begun, preparing)
            if not worth_beginning(device, to_plan[0][1], workers, stragglers.speeds, there):
                return False
        preparing[device] += 1
        heapq.heappush(ends, (now + PLAN_S, next(turn), device, actor, to_plan.popleft()[0]))
        return True

    while left:
        idle = [each for each in idle if not give(*each)]
        now, _, device, actor, work = heapq.heappop(ends)
        idle.append((device, actor))
        if isinstance(work, int):
            preparing[device] -= 1
            planned.update(clips=1, chunks=lengths[work])
            schedule.add(str(work), [Chunk(n, None, None, mark, None, n, 1) for n in range(lengths[work])], device)
        else:
            at_work[device] -= 1
            stragglers.end(actor, work, done=True, now=now)
            left -= 1
    return now, sum(lengths) / sum(count * speed[device] for device, count in workers.items())


def main() -> None:
    parser = argparse.ArgumentParser(description="GPUs, and the CPUs of other machines beside them")
    parser.add_argument("--gpus", type=int, default=4, help="workers on GPUs")
    parser.add_argument("--cpus", type=int, default=32, help="workers on CPUs")
    parser.add_argument("--times", type=float, default=20, help="so many times as fast is a worker on a GPU")
    parser.add_argument("--chunks", type=int, default=20_000, help="of all recordings, about")
    parser.add_argument("--seeds", type=int, default=10)
    said = parser.parse_args()
    workers = {"cuda": said.gpus, "cpu": said.cpus}
    print(f"| {said.gpus} workers on GPUs, {said.cpus} on CPUs |", " | ".join([*WAYS, "all at work to the end"]), "|")
    print("| --- |" + " ---: |" * (len(WAYS) + 1))
    for name, length in RECORDINGS.items():
        cells, best = list[str](), 0.0
        for way in WAYS:
            took = list[float]()
            for seed in range(said.seeds):
                draw, lengths = random.Random(seed), list[int]()
                while sum(lengths) < said.chunks:
                    lengths.append(length(draw))
                seconds, best = run_s(way, lengths, workers, said.times, seed)
                took.append(seconds)
            cells.append(f"{median(took):.0f} s, at most {max(took):.0f} s")
        print(f"| {name} |", " | ".join([*cells, f"{best:.0f} s"]), "|")


if __name__ == "__main__":
    main()
