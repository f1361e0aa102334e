"""Panels: what is beside what, pixel for pixel, and when."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from vidsharp.reports.preview.panels import BAR_PX, GAP_PX, PanelVideo, panels


def noise(seed: int, size: tuple[int, int] = (31, 45)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def test_every_pixel_is_there_as_often_as_zoom_says() -> None:
    pictures = {"input": noise(1), "fast ×0.5": noise(2)}
    whole = panels(pictures, zoom=2)
    assert whole.shape == (BAR_PX + 62, 90 + GAP_PX + 90, 3)
    for left, picture in zip((0, 90 + GAP_PX), pictures.values(), strict=True):
        shown = whole[BAR_PX:, left : left + 90]
        assert all((shown[row::2, column::2] == picture).all() for row in (0, 1) for column in (0, 1))


def test_a_name_that_the_font_lacks_or_that_is_too_long_is_no_error() -> None:
    assert panels({"面 " * 40: noise(1)}).shape == (BAR_PX + 31, 45, 3)


def test_a_video_keeps_times_of_pictures(tmp_path: Path) -> None:
    times = [0, 40, 55, 200]
    with PanelVideo(tmp_path / "a.mp4", Fraction(30), Fraction(1, 1000)) as video:
        for number, pts in enumerate(times):
            video.add({"a": noise(number, (41, 63)), "b": noise(9, (41, 63))}, pts)
    with av.open(str(tmp_path / "a.mp4")) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        frames = list(file.decode(stream))
    assert [round(1000 * (frame.time or 0)) for frame in frames] == times
    assert (frames[0].width % 2, frames[0].height % 2) == (0, 0)


def test_a_video_without_pictures_is_no_error(tmp_path: Path) -> None:
    with PanelVideo(tmp_path / "a.mp4", Fraction(30), Fraction(1, 1000)):
        pass
