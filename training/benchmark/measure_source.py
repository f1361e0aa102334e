"""Measures methods on one source of the benchmark, level by level."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...models.planes.picture import busiest
from ...reports.evaluation.benchmark_tables import WHOLE, WINDOW
from ...reports.metrics.words import Reader
from ..evaluation.evaluation_pictures import Planes, Position
from ..evaluation.measure_pictures import Figures, MeasuredPictures, measure_pictures
from ..evaluation.methods import Method
from ..evaluation.read_words import WordRead, read_words
from ..evaluation.strip import Strip, cut_strip
from ..simulate.parameters import LineParameters
from .pictures import Recording, recording, sharp_pictures
from .sources import BenchmarkSource

WINDOW_LEVELS = ("light", "medium", "heavy")
WINDOW_PX = 144
WINDOW_PICTURES = 4
CROP_PX = 192
"""Of the crops that are shown, at twice the size."""
MARGIN_PX = 8
"""Of a window, so much at each side is seen by Real-ESRGAN and not measured."""


@dataclass(frozen=True)
class BenchmarkRow:
    """One picture of one recording, made by one method."""

    level: str
    seed: int
    view: str
    """`WHOLE` or `WINDOW`."""
    method: str
    item: str
    figures: Figures
    since_keyframe: int | None
    since_switch: int | None


@dataclass(frozen=True)
class SourceResult:
    """All that one recording of one source gave."""

    level: str
    seed: int
    digest: str
    """Of the inputs."""
    parameters: LineParameters | None
    """What the line did; None of sharp pictures."""
    rows: tuple[BenchmarkRow, ...]
    words: Mapping[str, Sequence[WordRead]]
    """By method, of the last picture; empty where nothing was read."""
    strip: Strip
    places: tuple[Position, ...]
    outputs: Mapping[str, tuple[Planes, ...]]
    """What was measured as a whole, and what each method made of it."""


def measure_source(
    source: BenchmarkSource,
    data: Path,
    methods: Mapping[str, Method],
    heavy: Mapping[str, Method],
    conditions: Sequence[tuple[str, int]],
    *,
    vmaf: bool,
    reader: Reader | None,
) -> Iterator[SourceResult]:
    """One result for each (level, seed).

    Args:
        methods: by name, `identity` first, run on whole pictures.
        heavy: methods that are run on windows of seed 0 at `WINDOW_LEVELS` only, where all others are measured as well.
        vmaf: as `measure_pictures` takes it.
        reader: reads screens; None: nobody reads.

    Raises:
        DataError, SimulationError, MetricError: as the parts.
    """
    sharp = sharp_pictures(source, data)
    for level, seed in conditions:
        made = recording(source, sharp, level, seed)
        measured = measure_pictures(made.places, methods, vmaf=vmaf)
        rows = list(_rows(made, seed, WHOLE, measured, first=0))
        if heavy and seed == 0 and level in WINDOW_LEVELS:
            rows += _window_rows(made, measured, heavy, vmaf=vmaf)
        last = {name: planes[-1] for name, planes in measured.outputs.items()}
        words: Mapping[str, Sequence[WordRead]] = {}
        if reader is not None and source.group == "screens":
            words = read_words(made.places[-1], last, reader, made.words)
        strip = cut_strip(source.name, level, made.places[-1], last, CROP_PX)
        yield SourceResult(
            level, seed, made.digest, made.parameters, tuple(rows), words, strip, made.places, measured.outputs
        )


def _rows(made: Recording, seed: int, view: str, measured: MeasuredPictures, first: int) -> Iterator[BenchmarkRow]:
    for method, figures in measured.figures.items():
        for i, of_picture in enumerate(figures):
            facts = None if made.facts is None else made.facts[first + i]
            ages = (None, None) if facts is None else (facts.since_keyframe, facts.since_switch)
            yield BenchmarkRow(made.level, seed, view, method, made.places[first + i].item, of_picture, *ages)


def _window_rows(
    made: Recording, measured: MeasuredPictures, heavy: Mapping[str, Method], *, vmaf: bool
) -> Iterator[BenchmarkRow]:
    """All methods on a window of the last pictures; those of `measured` as they came out of whole pictures."""
    first = len(made.places) - WINDOW_PICTURES
    top, left, side = _window(made.places[-1])
    inside = top + MARGIN_PX, left + MARGIN_PX, side - 2 * MARGIN_PX
    places = [
        replace(place, soft=_cut(place.soft, *inside), sharp=_cut(place.sharp, *inside), before=None)
        for place in made.places[first:]
    ]
    answers = {name: [_cut(p, *inside) for p in planes[first:]] for name, planes in measured.outputs.items()}
    for name, method in heavy.items():
        outer = [method(_cut(place.soft, top, left, side), place.fmt) for place in made.places[first:]]
        answers[name] = [_cut(planes, MARGIN_PX, MARGIN_PX, inside[2]) for planes in outer]
    compared = {name: _answering(planes) for name, planes in answers.items()}
    yield from _rows(made, 0, WINDOW, measure_pictures(places, compared, vmaf=vmaf), first)


def _answering(answers: Sequence[Planes]) -> Method:
    """A method whose answers were made beforehand, one after the other."""
    waiting = iter(answers)
    return lambda _planes, _fmt: next(waiting)


def _window(place: Position) -> tuple[int, int, int]:
    """(top, left, side), multiples of 4: where the sharp picture has most detail."""
    luma = place.sharp[0].astype(np.float32)
    side = min(WINDOW_PX, min(luma.shape) // 4 * 4)
    detail = np.zeros_like(luma)
    detail[:, 1:] += np.abs(np.diff(luma, axis=1))
    detail[1:] += np.abs(np.diff(luma, axis=0))
    top, left = busiest(detail, side, side)
    return top // 4 * 4, left // 4 * 4, side


def _cut(planes: Planes, top: int, left: int, side: int) -> Planes:
    """A window of [Y, U, V], 4:2:0; everything even."""
    luma = planes[0][top : top + side, left : left + side]
    half = slice(top // 2, (top + side) // 2), slice(left // 2, (left + side) // 2)
    return [luma, planes[1][half], planes[2][half]]
