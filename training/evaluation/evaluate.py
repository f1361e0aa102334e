"""Measures methods on one source: how near they come to the sharp pictures, and how steady they are over time.

For clips also the change over time, T(x) = mean |x_t − x_{t−1}| of luma over consecutive frames: flicker is
T(output) / T(sharp). What is promised is T(output) ≤ 1.05 · T(sharp): sharpening must not make a picture more restless
than its sharp original. Less is no error: a soft picture changes less than a sharp one. To bound the cost, only the
pairs (t − 1, t) that end at a measured frame t count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...reports.metrics.words import Reader
from .evaluation_pictures import Planes, Position, positions
from .evaluation_sources import PairSequence, SharpClip
from .measure_pictures import Figures, MeasuredPictures, measure_pictures
from .methods import Method
from .read_words import WordCount, count_words, read_words
from .strip import Strip, cut_strip

SHOWN = "medium"
"""The level nearest to what people complain of."""


@dataclass(frozen=True)
class Row:
    """One picture at a level, sharpened by a method."""

    source: str
    item: str
    """File name of the image, or number of the frame."""
    level: str
    method: str
    figures: Figures
    words: WordCount | None
    """What can be read in it; None where nobody tried."""


@dataclass(frozen=True)
class Measured:
    """All that one source gave."""

    rows: tuple[Row, ...]
    strip: Strip
    """How the methods look on the last picture measured at level `SHOWN`, or else at the first level."""


def measure(
    source: PairSequence | SharpClip,
    methods: Mapping[str, Method],
    levels: Sequence[str],
    frames: int,
    every: int,
    *,
    vmaf: bool = False,
    reader: Reader | None = None,
) -> Measured:
    """Runs every method on the same soft pictures of a source.

    Args:
        methods: by name, `identity` first.
        levels, frames, every: as `positions` takes them.
        vmaf: as `measure_pictures` takes it.
        reader: reads the last picture of each level; what it finds in the sharp original is what can be found.

    Raises:
        DataError, SimulationError: as `positions`.
        MetricError: as `measure_pictures`, and as the reader.
    """
    rows: list[Row] = []
    strip: Strip | None = None
    for level, places in positions(source, levels, frames, every):
        last: tuple[Position, dict[str, Planes]] | None = None
        for group in _groups(source, places):
            measured = measure_pictures(group, methods, vmaf=vmaf)
            rows += _rows(source.name, level, measured)
            last = measured.places[-1], {name: made[-1] for name, made in measured.outputs.items()}
        if last is None:
            continue
        if reader is not None:
            found = read_words(*last, reader)
            for i in range(len(rows) - len(methods), len(rows)):
                rows[i] = replace(rows[i], words=count_words(found[rows[i].method]))
        if strip is None or level == SHOWN:
            strip = cut_strip(source.name, level, *last)
    assert strip is not None, "a source has pictures, and there is a level"
    return Measured(tuple(rows), strip)


def _groups(source: PairSequence | SharpClip, places: Iterable[Position]) -> Iterator[Iterable[Position]]:
    """What is held in memory at once: a clip's pictures, which follow each other, but images one at a time."""
    if isinstance(source, SharpClip):
        yield places
    else:
        yield from ((place,) for place in places)


def _rows(source: str, level: str, measured: MeasuredPictures) -> list[Row]:
    return [
        Row(source, place.item, level, name, figures[i], None)
        for i, place in enumerate(measured.places)
        for name, figures in measured.figures.items()
    ]
