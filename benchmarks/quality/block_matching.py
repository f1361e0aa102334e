"""Motion between two pictures by block matching, and one picture moved so that it lies on the other."""

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 8
"""Side in pixels of what moves together; its error is summed over twice the side."""
REACH = 8
"""Farthest motion in whole pixels each way, but for the last refinement."""
PREFERENCE = 0.25 / 255
"""By so much motion has to be better than standing still: noise moves flat areas at random."""
_HALF_PEL = (1 / 32, -5 / 32, 20 / 32, 20 / 32, -5 / 32, 1 / 32)
"""H.264's taps for the point between two pixels."""
_RIM = 2 * (REACH + 2)
"""Half pixels around the doubled picture, more than any motion."""


def aligned(centre: Tensor, other: Tensor) -> Tensor:
    """`other`, each pixel taken from where its block matches `centre` best, to half a pixel.

    Args:
        centre, other: float32 [N, 1, H, W] in 0..1, H and W multiples of 8.
    """
    twice = _doubled(other)
    motion = 4 * _coarse_motion(F.avg_pool2d(centre, 2), F.avg_pool2d(other, 2))  # in half pixels
    for step in (2, 1):
        motion = _refined(centre, twice, motion, step)
    return _moved(twice, motion)


def _coarse_motion(centre: Tensor, other: Tensor) -> Tensor:
    """Whole pixels of half-size pictures, int64 [N, 2, H/8, W/8] of the full size: rows, columns."""
    reach, (height, width) = REACH // 2, centre.shape[-2:]
    padded = F.pad(other, (reach, reach, reach, reach), mode="replicate")
    shifts = sorted(
        ((y, x) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)), key=lambda s: (s != (0, 0), s)
    )
    errors = torch.cat(
        [
            _block_errors(
                (centre - padded[..., reach + y : reach + y + height, reach + x : reach + x + width]).abs_(), BLOCK // 2
            )
            + (PREFERENCE if (y, x) != (0, 0) else 0)
            for y, x in shifts
        ],
        dim=1,
    )
    return torch.tensor(shifts)[errors.argmin(dim=1)].movedim(-1, 1)


def _refined(centre: Tensor, twice: Tensor, motion: Tensor, step: int) -> Tensor:
    """The best of `motion` and its four neighbours `step` half pixels away."""
    offsets = torch.tensor([(0, 0), (-step, 0), (step, 0), (0, -step), (0, step)])
    candidates = motion[:, None] + offsets[:, :, None, None]
    errors = torch.cat(
        [_block_errors((centre - _moved(twice, candidates[:, i])).abs_(), BLOCK) for i in range(len(offsets))], dim=1
    )
    best = (errors + PREFERENCE * (candidates != 0).any(dim=2)).argmin(dim=1)
    return candidates.gather(1, best[:, None, None].expand(-1, 1, 2, -1, -1))[:, 0]


def _block_errors(difference: Tensor, side: int) -> Tensor:
    return F.avg_pool2d(difference, 2 * side, side, side // 2, count_include_pad=False)


def _moved(twice: Tensor, motion: Tensor) -> Tensor:
    """What `_doubled` made, moved by half pixels [N, 2, H/8, W/8] and brought back to [N, 1, H, W]."""
    n, _, height, width = twice.shape
    rows, columns = (torch.arange(_RIM, side - _RIM, 2) for side in (height, width))
    jumps = (motion[:, 0] * width + motion[:, 1]).repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)
    places = jumps + (rows[:, None] * width + columns)
    return twice.view(n, -1).gather(1, places.view(n, -1)).view(n, 1, len(rows), len(columns))


def _doubled(picture: Tensor) -> Tensor:
    """Twice as large, the pixels themselves at even places, with a rim of repeated edges."""
    rim = _RIM // 2
    padded = F.pad(picture, (rim + 2, rim + 3, rim + 2, rim + 3), mode="replicate")
    for axis in (-1, -2):
        count = padded.shape[axis] - 5
        shifted = [padded.narrow(axis, i, count) for i in range(6)]
        between = torch.stack([tap * part for tap, part in zip(_HALF_PEL, shifted, strict=True)]).sum(dim=0)
        padded = torch.stack([shifted[2], between], dim=axis if axis == -1 else -2).flatten(axis - 1, axis)
    return padded
