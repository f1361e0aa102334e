"""A long exposure is the mean of its pictures, to the rounding."""

import numpy as np
import pytest
from av import VideoFrame
from vidsharp.training.data.exposure import exposed


def frames(count: int = 7) -> list[VideoFrame]:
    rng = np.random.default_rng(0)
    return [
        VideoFrame.from_ndarray(rng.integers(0, 256, (36, 32), dtype=np.uint8), format="yuv420p") for _ in range(count)
    ]


def planes(of: list[VideoFrame]) -> np.ndarray:
    return np.stack([frame.to_ndarray(format="yuv420p", threads=1) for frame in of])


@pytest.mark.parametrize("reach", [0, 1, 3, 9])
def test_each_picture_is_the_mean_of_those_around_it(reach: int) -> None:
    sharp = planes(frames())
    made = planes(exposed(frames(), reach))
    assert made.shape == sharp.shape
    for t in range(7):
        mean = sharp[max(t - reach, 0) : t + reach + 1].mean(axis=0)
        assert np.array_equal(made[t], np.floor(mean + 0.5))


def test_white_stays_white_however_many_there_are() -> None:
    white = [VideoFrame.from_ndarray(np.full((24, 16), 255, np.uint8), format="yuv420p")] * 60
    assert set(planes(exposed(white, 59)).ravel()) == {255}
