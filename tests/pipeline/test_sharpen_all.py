"""Frames of a chunk come out in order and sharpened as one by one, on a CPU's way and on a GPU's."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from av.video.frame import VideoFrame
from vidsharp.models.enhance import Enhancer, PlaneFormat
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.sequence.session import Session
from vidsharp.pipeline.overlap import Stopwatch
from vidsharp.pipeline.sharpen import pictures_of, write
from vidsharp.pipeline.sharpen_all import sharpen_all

from tests.support import media
from tests.support.gpu import student

EIGHT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
NUMBERS = [0, 1, 1, 2, 3, 3, 3, 4, 5, 0]


def frames(interlaced: bool = False) -> Iterator[VideoFrame]:
    """Some stand still. Interlaced ones come from a decoder, which alone can mark them, and all move."""
    if interlaced:
        yield from decoded()
        return
    for place, number in enumerate(NUMBERS):
        frame = media.picture(number, (64, 35), "yuv420p")
        frame.pts = place
        yield frame


def decoded() -> Iterator[VideoFrame]:
    with TemporaryDirectory() as folder:
        clip = media.interlaced(Path(folder) / "a.mp4", size=(160, 96), frames=len(NUMBERS), audio=0)
        for place, frame in enumerate(media.video_frames(clip.path)):
            assert frame.interlaced_frame
            frame.pts = place
            yield frame


def one_by_one(frame: VideoFrame, enhancer: Enhancer) -> list[np.ndarray]:
    """The planes of a frame, sharpened with no frame before it in mind."""
    for picture in pictures_of(frame, enhancer.strength).values():
        write(picture, enhancer.planes(picture, EIGHT))
    return media.planes(frame)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("ahead", [0, 1, 5, 50])
@pytest.mark.parametrize("name", ["fast", "reference"])
def test_equals_frame_by_frame(name: str, ahead: int, interlaced: bool) -> None:
    plain, gpu = Enhancer(student(name), plain=True), Enhancer(student(name), gpu=GpuSettings(batch=2))
    wanted = [one_by_one(frame, plain) for frame in frames(interlaced)]
    for enhancer in (plain, gpu):
        session = Session(enhancer, ahead)
        made = list(sharpen_all(frames(interlaced), session, EIGHT, clock := Stopwatch()))
        assert [frame.pts for frame in made] == list(range(len(NUMBERS)))
        for frame, planes in zip(made, wanted, strict=True):
            for mine, its in zip(media.planes(frame), planes, strict=True):
                assert np.abs(mine.astype(int) - its.astype(int)).max() <= (enhancer is gpu)
        assert clock.seconds > 0
        assert (session.share or 0) > 0 or interlaced


def test_no_more_frames_are_taken_than_said() -> None:
    gpu, taken = Enhancer(student("fast"), gpu=GpuSettings(batch=2)), 0

    def source() -> Iterator[VideoFrame]:
        nonlocal taken
        for frame in frames():
            taken += 1
            yield frame

    for given_back, _ in enumerate(sharpen_all(source(), Session(gpu, 3), EIGHT, Stopwatch())):
        assert taken <= given_back + 4


def test_strength_zero_leaves_frames_alone() -> None:
    gpu = Enhancer(student("fast"), strength=0, gpu=GpuSettings())
    for frame, given in zip(sharpen_all(frames(), Session(gpu, 2), EIGHT, Stopwatch()), frames(), strict=True):
        for one, other in zip(media.planes(frame), media.planes(given), strict=True):
            np.testing.assert_array_equal(one, other)
