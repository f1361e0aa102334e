"""The simulated call is repeatable, frame for frame, and as soft as its level says."""

import numpy as np
import pytest
from av import VideoFrame
from skimage import data
from vidsharp.training.errors import SimulationError
from vidsharp.training.simulate import LEVELS, draw_parameters, simulate_frames


def panning(count: int, height: int = 320, width: int = 384) -> list[np.ndarray]:
    """A slow pan over the astronaut, uint8 RGB."""
    photo = data.astronaut()
    return [photo[i : i + height, 50 + i : 50 + i + width] for i in range(count)]


def error(a: np.ndarray | VideoFrame, b: np.ndarray) -> float:
    assert isinstance(a, np.ndarray)
    return float(np.mean((a.astype(float) - b) ** 2))


@pytest.mark.parametrize("level", LEVELS)
def test_same_seed_same_frames_and_as_many(level: str) -> None:
    sharp = panning(5)
    once, twice = (simulate_frames(sharp, level, seed=3) for _ in range(2))
    assert len(once) == len(sharp)
    for a, b, original in zip(once, twice, sharp, strict=True):
        np.testing.assert_array_equal(a, b)
        assert isinstance(a, np.ndarray)
        assert a.shape == original.shape
        assert 0 < error(a, original) < 2000


def test_levels_are_ordered() -> None:
    sharp = panning(10)
    light, medium, heavy = (
        np.mean([error(simulate_frames(sharp, level, seed)[-1], sharp[-1]) for seed in range(3)])
        for level in ("light", "medium", "heavy")
    )
    assert light < medium < heavy


@pytest.mark.parametrize("level", ["light", "heavy"])
def test_odd_sizes(level: str) -> None:
    out = simulate_frames(panning(3, 61, 83), level, seed=1)
    assert [getattr(f, "shape", None) for f in out] == [(61, 83, 3)] * 3


def test_video_frames_stay_yuv_and_untouched() -> None:
    frames = []
    for number, picture in enumerate(panning(4)):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuv420p")
        frame.pts = 1000 + 37 * number
        frames.append(frame)
    before = [f.to_ndarray().copy() for f in frames]
    out = simulate_frames(frames, "compressed", seed=0)
    assert [f.format.name for f in out if isinstance(f, VideoFrame)] == ["yuv420p"] * 4
    assert [f.pts for f in frames] == [1000, 1037, 1074, 1111]
    for frame, kept in zip(frames, before, strict=True):
        np.testing.assert_array_equal(frame.to_ndarray(), kept)


def test_parameters_lie_in_their_ranges() -> None:
    for seed in range(20):
        assert draw_parameters("light", seed).shrink == 2
        assert 1.5 <= draw_parameters("medium", seed).shrink <= 2
        assert 2 <= draw_parameters("heavy", seed).shrink <= 3
        assert draw_parameters("compressed", seed).shrink == 1
    assert draw_parameters("medium", 1) != draw_parameters("medium", 2)


def test_refusals() -> None:
    with pytest.raises(SimulationError, match="accepted are light, medium, heavy, compressed, switching"):
        draw_parameters("awful", 0)
    with pytest.raises(SimulationError, match="no frames"):
        simulate_frames([], "light", 0)
