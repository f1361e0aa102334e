"""One source of the benchmark in a process of its own: loads the methods, measures, and gives plain values back."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...models.nets.catalogue import student_name
from ...models.nets.look import StudentLook, at_looks, named_at
from ...models.planes.plane_format import PlaneFormat
from ...reports.evaluation.benchmark_tables import WHOLE
from ...reports.templates.picture_uri import picture_uri
from ..evaluation.evaluation_pictures import Planes
from ..evaluation.methods import Method, methods
from ..evaluation.strip import Strip
from .looks import look_strip
from .measure_source import CROP_PX, SourceResult, measure_source
from .pictures import FPS
from .side_by_side import write_side_by_side
from .sources import BenchmarkSource, Look

SHOWN = ("medium", "heavy")
"""Levels that crops and videos are shown of, of seed 0."""
REALESRGAN = "Real-ESRGAN"


@dataclass(frozen=True)
class SourceTask:
    """Everything that measuring a source takes; goes to another process."""

    source: BenchmarkSource
    data: Path
    out: Path
    students: tuple[StudentLook, ...]
    earlier: tuple[str, ...]
    """Names of earlier versions' students, which are measured and not shown in videos."""
    levels: tuple[str, ...]
    seeds: int
    vmaf: bool
    words: bool
    realesrgan: bool


def begin_worker() -> None:
    """Sets up a process for tasks: it gives way to others, and leaves Ctrl-C to the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if give_way := getattr(os, "nice", None):  # Windows has none
        with suppress(OSError):
            give_way(5)


def measure_task(task: SourceTask) -> dict[str, Any]:
    """The rows of one source, as JSON holds them; writes its videos."""
    from ...reports.metrics.screen_reader import read_lines

    name, group = task.source.name, task.source.group
    conditions = [(level, seed) for level in task.levels for seed in range(task.seeds)]
    result: dict[str, Any] = {"source": name, "rows": [], "words": [], "digests": {}, "lines": {}, "strips": []}
    compared, heavy = _methods((*task.students, *at_looks(task.earlier))), _heavy() if task.realesrgan else {}
    for made in measure_source(
        task.source, task.data, compared, heavy, conditions, vmaf=task.vmaf, reader=read_lines if task.words else None
    ):
        key = f"{made.level}/{made.seed}"
        result["digests"][key] = made.digest
        result["lines"][key] = None if made.parameters is None else asdict(made.parameters)
        result["rows"] += _items(name, group, made)
        result["words"] += [
            {"source": name, "level": made.level, "seed": made.seed, "method": method, **asdict(word)}
            for method, words in made.words.items()
            for word in words
        ]
        if made.level in SHOWN and made.seed == 0:
            result["strips"].append(_as_json(made.strip, group))
            _write_video(task, made)
    return result


def videos_of(source: BenchmarkSource) -> list[str]:
    """File names of the videos of a source."""
    return [f"{source.name}-{level}.mp4" for level in SHOWN]


def _write_video(task: SourceTask, made: SourceResult) -> None:
    folder = task.out / "videos"
    folder.mkdir(parents=True, exist_ok=True)
    named = {named_at(name, s.look, s.chroma) for s in task.students for name in (s.model, student_name(s.model))}
    shown = {method: planes for method, planes in made.outputs.items() if method in named}
    write_side_by_side(folder / f"{task.source.name}-{made.level}.mp4", made.places, shown, FPS / 3)


def look_task(data: Path, students: tuple[StudentLook, ...], look: Look) -> dict[str, Any]:
    """Crops of one picture that has no original, as JSON holds them.

    Raises:
        DataError: as `look_strip`.
    """
    strip = look_strip(look, data, _methods(students), CROP_PX)
    return _as_json(strip, look.shown)


def _items(name: str, group: str, made: SourceResult) -> list[dict[str, Any]]:
    counts = {
        method: {
            "words": len(words) or None,
            "words_right": sum(word.reading == "right" for word in words),
            "words_wrong": sum(word.reading == "wrong" for word in words),
        }
        for method, words in made.words.items()
        if words
    }
    last = made.places[-1].item
    rows = []
    for row in made.rows:
        of_last = counts.get(row.method, {}) if row.item == last and row.view == WHOLE else {}
        said = asdict(row)
        figures = said.pop("figures")
        rows.append({"source": name, "group": group, **said, **figures, **of_last})
    return rows


def _as_json(strip: Strip, group: str) -> dict[str, Any]:
    pictures = {shown: picture_uri(picture, 88) for shown, picture in strip.pictures.items()}
    return {"source": strip.source, "group": group, "level": strip.level, "item": strip.item, "pictures": pictures}


@cache
def _methods(students: tuple[StudentLook, ...]) -> Mapping[str, Method]:
    import torch

    torch.set_num_threads(1)
    return methods(students, device="cpu", threads=1)


@cache
def _heavy() -> Mapping[str, Method]:
    from ..teachers.realesrgan import load_realesrgan, restored_planes

    net = load_realesrgan()

    def restore(planes: Planes, fmt: PlaneFormat) -> Planes:
        return restored_planes(net, planes, fmt)

    return {REALESRGAN: restore}
