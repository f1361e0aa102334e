"""Surfaces hold planes to the bit, lie as NVENC wants them, and are what PyAV takes."""

import numpy as np
import pytest
import torch
from av.video.frame import VideoFrame
from vidsharp.models.gpu.lanes import lanes_of
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.gpu.surfaces import arrays, copied_out, laid_out

from tests.support import media
from tests.support.fake_gpu import AtOnce
from tests.support.gpu import EIGHT, TEN, noise
from tests.support.late_pictures import inverse

SIZES = [(2, 2), (66, 98), (64, 256), (6, 130)]


def way() -> OnGpu:
    return OnGpu(lanes_of(torch.device("cpu")), Computation(inverse), GpuSettings(), AtOnce())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fmt", [EIGHT, TEN])
def test_there_and_back(fmt: object, size: tuple[int, int]) -> None:
    depth = EIGHT.bit_depth if fmt is EIGHT else TEN.bit_depth
    planes = noise(1, size, EIGHT if fmt is EIGHT else TEN)
    given = [torch.from_numpy(plane if depth == 8 else plane.view(np.int16)) for plane in planes]
    surface = laid_out(way(), given, depth)
    luma, chroma = surface
    assert chroma.data_ptr() == luma.data_ptr() + luma.stride(0) * luma.element_size() * size[0], "one behind the other"
    assert luma.stride(0) == chroma.stride(0)
    assert luma.stride(0) * luma.element_size() % 256 == 0
    back = copied_out(way(), surface, depth)
    assert all(plane.is_contiguous() for plane in back)
    for plane, made in zip(planes, arrays(back), strict=True):
        assert made.dtype == plane.dtype
        np.testing.assert_array_equal(made, plane)
    with torch.inference_mode():
        luma.zero_()
    np.testing.assert_array_equal(arrays(back)[0], planes[0], "copied")


@pytest.mark.parametrize(("fmt", "stored", "own"), [(EIGHT, "nv12", "yuv420p"), (TEN, "p010le", "yuv420p10le")])
def test_ffmpeg_reads_the_same_codes(fmt: object, stored: str, own: str) -> None:
    depth = 8 if stored == "nv12" else 10
    planes = noise(2, (66, 98), EIGHT if depth == 8 else TEN)
    given = [torch.from_numpy(plane if depth == 8 else plane.view(np.int16)) for plane in planes]
    frame = VideoFrame.from_dlpack(laid_out(way(), given, depth), stored)
    assert (frame.format.name, frame.width, frame.height) == (stored, 98, 66)
    for plane, made in zip(planes, media.planes(frame.reformat(format=own, threads=1)), strict=True):
        np.testing.assert_array_equal(made, plane)
