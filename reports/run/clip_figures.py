"""What a clip's measured frames say of the clip: means, with nulls where nothing was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

_MEANS = {
    **{name: name for name in ("ssim_input", "psnr_input", "sharpness_before", "sharpness_after")},
    **{f"{name}_ref_{side}": f"{name}_ref_{side}" for name in ("ssim", "psnr") for side in ("before", "after")},
    **{f"flicker_{side}": f"change_{side}" for side in ("before", "after", "ref")},
}
"""Columns of the clips, and of which column of the frames each is the mean."""


def clip_figures(frames: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The quality columns of `CLIP_COLUMNS` from rows of `FRAME_COLUMNS`; null for what no frame has."""
    figures: dict[str, Any] = {"measured": len(frames) or None}
    for column, of in _MEANS.items():
        known = [frame[of] for frame in frames if frame.get(of) is not None]
        figures[column] = sum(known) / len(known) if known else None
    return figures
