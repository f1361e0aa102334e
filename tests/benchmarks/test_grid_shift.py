"""Pictures moved off a student's grid and back."""

import numpy as np
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Planes

from benchmarks.quality.grid_shift import MOVED_PX, left, mean_of_both, moved


def _columns_of_four(planes: Planes, fmt: PlaneFormat) -> Planes:
    """What every fourth column holds, and nothing else."""
    luma = np.zeros_like(planes[0])
    luma[:, ::4] = planes[0][:, ::4]
    return [luma, *planes[1:]]


def test_a_picture_is_shown_farther_down_and_comes_back_in_its_place() -> None:
    luma = np.arange(64, dtype=np.uint8).reshape(8, 8) + 1
    (made,) = moved(_columns_of_four)([luma], CLIP_FORMAT)
    assert np.array_equal(np.flatnonzero(made[0]), [4 - MOVED_PX, 8 - MOVED_PX])
    assert np.array_equal(made[:, 4 - MOVED_PX], luma[:, 4 - MOVED_PX])


def test_the_mean_of_both_ways_is_between_them() -> None:
    luma = np.full((8, 8), 200, np.uint8)
    (made,) = mean_of_both(_columns_of_four)([luma], CLIP_FORMAT)
    assert set(made[:, ::2].ravel()) == {100}
    assert not made[:, 1::2].any()


def test_who_does_nothing_leaves_every_step() -> None:
    assert left(lambda planes, fmt: planes) == 1
