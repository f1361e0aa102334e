"""Pictures are brought to their clip's canvas; those that are like it pass untouched."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from vidsharp.pipeline.fit import Fitter
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.sharpen import plane_arrays

from tests.support import media

TICK = Fraction(1, 1000)


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    return probe(media.call(path, frames=1, audio=0, size=(160, 96), color="bt709").path)


def _frame(size: tuple[int, int], pix_fmt: str = "yuv420p", *, full: bool = False, pts: int | None = 7) -> VideoFrame:
    frame = media.picture(5, size, pix_fmt, full_range=full)
    frame.color_range = 2 if full else 1
    if pts is not None:
        frame.pts, frame.time_base = pts, TICK
    frame.duration = 3
    return frame


def _fitted(info: ClipInfo, *frames: VideoFrame) -> tuple[list[VideoFrame], Fitter]:
    fitter = Fitter(info)
    return list(fitter.all(_each(frames))), fitter


def _each(frames: tuple[VideoFrame, ...]) -> Iterator[VideoFrame]:
    yield from frames


def test_a_picture_like_the_clip_passes_as_it_is(info: ClipInfo) -> None:
    frame = _frame((160, 96))
    (same,), fitter = _fitted(info, frame)
    assert same is frame
    assert fitter.fitted == ()


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "gray", "yuv420p10le", "yuv444p12le"])
@pytest.mark.parametrize("size", [(80, 48), (96, 160), (320, 192), (33, 17), (2, 2)])
@pytest.mark.parametrize("canvas", ["yuv420p", "yuv444p", "yuv422p10le"])
def test_whatever_comes_has_the_clips_size_format_and_its_own_time(
    info: ClipInfo, size: tuple[int, int], pix_fmt: str, canvas: str
) -> None:
    (made,), fitter = _fitted(replace(info, pix_fmt=canvas), _frame(size, pix_fmt))
    assert (made.width, made.height, made.format.name) == (160, 96, canvas)
    assert (made.pts, made.time_base, made.duration) == (7, TICK, 3)
    assert fitter.fitted == ((*size, pix_fmt, 1),)


def test_a_picture_without_a_time_has_none_after(info: ClipInfo) -> None:
    (made,), _ = _fitted(info, _frame((80, 48), pts=None))
    assert made.pts is None


@pytest.mark.parametrize("canvas", ["yuv420p", "yuv420p10le", "yuv444p", "gray"])
@pytest.mark.parametrize("full", [False, True])
def test_bars_are_black_in_every_format_and_range(info: ClipInfo, canvas: str, full: bool) -> None:
    colour = replace(info.colour, range=2 if full else 1)
    held = replace(info, width=160, height=160, pix_fmt=canvas, colour=colour)
    (made,), _ = _fitted(held, _frame((160, 96), full=full))
    luma, *chroma = plane_arrays(made)
    scale = 4 if "10" in canvas else 1
    assert (luma[:32] == (0 if full else 16 * scale)).all()
    assert (luma[128:] == (0 if full else 16 * scale)).all()
    for plane in chroma:
        rows = plane.shape[0] * 32 // 160
        assert (plane[:rows] == 128 * scale).all()
        assert (plane[-rows:] == 128 * scale).all()
    assert media.frame_index(luma[32:128]) == 5


def test_another_range_is_converted(info: ClipInfo) -> None:
    (made,), fitter = _fitted(info, _frame((160, 96), "yuvj420p", full=True))
    wanted = plane_arrays(_frame((160, 96)))[0].astype(int)
    assert np.abs(plane_arrays(made)[0] - wanted).max() <= 1
    assert fitter.fitted == ((160, 96, "yuvj420p", 1),)


def test_the_same_picture_gives_the_same_bits(info: ClipInfo) -> None:
    first, second = (_fitted(info, _frame((80, 48)), _frame((96, 160)))[0] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(plane_arrays(one), plane_arrays(other), strict=True))


def test_side_data_stays_with_its_picture(tmp_path: Path) -> None:
    clip = media.rotated(tmp_path / "a.mp4", frames=2, size=(80, 48))
    frames = list(media.video_frames(clip.path))
    info = replace(probe(clip.path), width=160, height=160)
    made, _ = _fitted(info, *frames)
    assert [frame.rotation for frame in made] == [90, 90]
