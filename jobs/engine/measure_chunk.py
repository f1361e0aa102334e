"""Measurements of a chunk while an actor sharpens it: figures of a sample of its frames, and one frame to show."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...models.errors import VidsharpError
from ...pipeline.atomic import write_atomically
from ...pipeline.original import OriginalReader
from ...pipeline.probe import ClipInfo, rotation
from ...pipeline.sharpen import plane_arrays, plane_format
from ...reports.metrics.frame_metrics import change, psnr, sharpness
from ...reports.metrics.ssim import WINDOW, ssim
from ...reports.run.preview import Moment, preview_json
from .measure_task import MeasureTask

Planes = Sequence[np.ndarray]
Figures = dict[str, Any]


class ChunkMeasure:
    """The `FrameObserver` of one attempt at a chunk. It never fails it: figures that cannot be had are None."""

    def __init__(self, task: MeasureTask, info: ClipInfo) -> None:
        self._task, self._info, self._fmt = task, info, plane_format(info)
        self._original = OriginalReader(task.original) if task.original else None
        self._before: tuple[int, Planes, Planes, Planes | None] | None = None
        """The latest frame: its number, and its planes before and after, and of the original."""
        self._figures: list[Figures] = []
        self._moment: Moment | None = None

    def wants(self, number: int) -> bool:
        return number in self._task.frames or number + 1 in self._task.frames  # flicker needs the frame before

    def see(self, number: int, pts: int | None, before: Planes, after: Planes) -> None:
        original = self._original_planes(pts)
        if number in self._task.frames:
            self._figures.append(self._measure(number, before, after, original))
            if self._task.preview:
                self._show(number, pts, before, after, original)
        self._before = (number, before[:1], [after[0].copy()], original) if self.wants(number + 1) else None

    def _measure(self, number: int, before: Planes, after: Planes, original: Planes | None) -> Figures:
        bits = self._fmt.bit_depth
        figures: Figures = {
            "index": number,
            "ssim_input": _figure(ssim, bits, after, before, least=WINDOW),
            "psnr_input": _figure(psnr, bits, after, before),
            "sharpness_before": _figure(sharpness, bits, before, least=3),
            "sharpness_after": _figure(sharpness, bits, after, least=3),
        }
        if original is not None:
            for name, planes in (("before", before), ("after", after)):
                figures[f"ssim_ref_{name}"] = _figure(ssim, bits, planes, original, least=WINDOW)
                figures[f"psnr_ref_{name}"] = _figure(psnr, bits, planes, original)
        if self._before is not None and self._before[0] == number - 1:
            _, *earlier = self._before
            for name, now, then in zip(("before", "after", "ref"), (before, after, original), earlier, strict=True):
                if now is not None and then is not None:
                    figures[f"change_{name}"] = _figure(change, bits, now, then)
        return figures

    def _show(self, number: int, pts: int | None, before: Planes, after: Planes, original: Planes | None) -> None:
        """Keeps the frame if the student changed it more than those before it."""
        moved = _figure(change, self._fmt.bit_depth, after, before)
        if moved is not None and (self._moment is None or moved > self._moment.moved):
            original = original if original is not None and _alike(original, before) else None
            time_s = float((pts or 0) * self._info.time_base)
            self._moment = Moment(number, time_s, before, [plane.copy() for plane in after], original, moved)

    def _original_planes(self, pts: int | None) -> Planes | None:
        try:
            frame = self._original.at(pts) if self._original is not None else None
        except VidsharpError:  # it was removed or damaged meanwhile; the clip's row says how many had none
            self.close()
            self._original = frame = None
        # Copied: the reader decodes on.
        return None if frame is None else [plane.copy() for plane in plane_arrays(frame)]

    def close(self) -> None:
        if self._original is not None:
            self._original.close()

    def figures(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self._figures)

    def keep(self, path: Path) -> None:
        if self._moment is not None:
            turns = (rotation(self._info.display_matrix) or 0) // 90
            shown = preview_json(self._moment, self._fmt, turns, self._info.sample_aspect_ratio)
            write_atomically(path, shown.encode())


def _figure(metric: Callable[..., float], bit_depth: int, *pictures: Planes, least: int = 1) -> float | None:
    """A metric of the pictures' luma; None for pictures that are not alike, or too small for it.

    Args:
        least: the side, in pixels, that it needs.
    """
    first, *others = pictures
    if min(first[0].shape) < least or not all(_alike(first, other) for other in others):
        return None
    return metric(*(planes[0] for planes in pictures), bit_depth)


def _alike(one: Planes, other: Planes) -> bool:
    """Whether two pictures have the same size and depth."""
    return one[0].shape == other[0].shape and one[0].dtype == other[0].dtype
