"""Motion, as one value per frame, made frame after frame, so that a shorter clip is the start of a longer one."""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


def fork(rng: Random) -> Random:
    """A generator of its own for one thing that moves, so that its length moves nothing else."""
    return Random(rng.getrandbits(64))


def scrolling(rng: Random, frames: int, fps: float, limit: int, line: int) -> tuple[int, ...]:
    """Offsets 0 … limit in px: rests, notches of a wheel, long glides and jumps; `line` is a notch's third."""
    return _taken(_scrolls(rng, fps, max(limit, 0), max(line, 1)), frames)


def _scrolls(rng: Random, fps: float, limit: int, line: int) -> Iterator[int]:
    at = rng.randrange(limit + 1) if rng.random() < 0.5 else 0
    while True:
        for _ in range(round(fps * rng.uniform(0.1, 0.9))):
            yield at
        way = 1 if (at < limit * 0.8 and rng.random() < 0.75) or at == 0 else -1
        kind = rng.random()
        if kind < 0.55:  # a few notches
            distance, seconds = 3 * line * rng.randint(1, 4), rng.uniform(0.15, 0.5)
        elif kind < 0.9:  # a finger that glides
            distance, seconds = line * rng.randint(6, 40), rng.uniform(0.5, 1.6)
        else:
            distance, seconds = line * rng.randint(20, 90), 0.0
        start, goal = at, min(max(at + way * distance, 0), limit)
        steps = max(round(fps * seconds), 1)
        for step in range(1, steps + 1):
            # slows down towards its end, in whole numbers
            rest = (steps - step) ** 2
            at = goal - (goal - start) * rest // steps**2
            yield at


def typing(rng: Random, frames: int, fps: float, length: int) -> tuple[int, ...]:
    """The number of characters there: bursts of 4 to 14 a second, with pauses; starts again at the end."""
    return _taken(_typed(rng, fps, max(length, 1)), frames)


def _typed(rng: Random, fps: float, length: int) -> Iterator[int]:
    count, due, pause = rng.randrange(length) // 2, 0.0, 0
    while True:
        if pause:
            pause -= 1
        else:
            due += rng.uniform(4, 14) / fps
            if rng.random() < 0.4 / fps:
                pause = round(fps * rng.uniform(0.2, 0.8))
        count, due = count + int(due), due - int(due)
        if count > length:
            count = 0
        yield count


def changes(rng: Random, frames: int, fps: float, shortest: float, longest: float) -> tuple[int, ...]:
    """A counter that goes up by one every `shortest` to `longest` seconds; the first time after half of that."""
    return _taken(_counted(rng, fps, shortest, longest), frames)


def _counted(rng: Random, fps: float, shortest: float, longest: float) -> Iterator[int]:
    count, part = 0, 0.5
    while True:
        for _ in range(max(round(fps * rng.uniform(shortest, longest) * part), 1)):
            yield count
        count, part = count + 1, 1.0


def wandering(rng: Random, frames: int, fps: float, width: int, height: int) -> tuple[tuple[int, int], ...]:
    """Points inside a box, in px: strokes with rests, as a hand moves a mouse."""
    return _taken(_strokes(rng, fps, max(width, 1), max(height, 1)), frames)


def _strokes(rng: Random, fps: float, width: int, height: int) -> Iterator[tuple[int, int]]:
    x, y = rng.randrange(width), rng.randrange(height)
    while True:
        for _ in range(round(fps * rng.uniform(0.1, 1.4))):
            yield x, y
        goal_x, goal_y = rng.randrange(width), rng.randrange(height)
        steps = max(round(fps * rng.uniform(0.25, 0.9)), 1)
        from_x, from_y = x, y
        for step in range(1, steps + 1):
            part, whole = step * step * (3 * steps - 2 * step), steps**3
            x, y = from_x + (goal_x - from_x) * part // whole, from_y + (goal_y - from_y) * part // whole
            yield x, y


def blinking(frames: int, fps: float) -> tuple[bool, ...]:
    """Whether a caret is shown: on and off for 0.53 s each."""
    return tuple(int(number / fps / 0.53) % 2 == 0 for number in range(frames))


def _taken(values: Iterator[_T], frames: int) -> tuple[_T, ...]:
    return tuple(islice(values, frames))
