"""The trial of a GPU's codecs: a few pictures through its decoder and its encoders, and what came of them.

That FFmpeg names them says little: the driver may be missing, or the chip may have none (A100 and H100 encode nothing).
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import CudaContext, VideoFrame
from av.video.stream import VideoStream

from ..models.gpu.settings import HwAccel
from ..models.wording import one_line
from .decode import SOFTWARE, Decoding, decode_packets
from .encoder import ON_GPU
from .encoders import ENCODERS, Encoder
from .gpu_decode import SURFACES, on_gpu
from .probe import ClipInfo, probe
from .recording import main_video, video_packets
from .sharpen import plane_arrays

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.gpu.on_gpu import OnGpu

WIDTH, HEIGHT, PICTURES = 320, 192, 8
_NEAR = 12.0
"""Code values, in the mean, that a picture may move in an encoder; chroma that is looked for elsewhere moves more."""

Planes = Sequence[np.ndarray]


def try_codecs(way: "OnGpu", device: str) -> HwAccel:
    """What works of a GPU's codecs, in 8 bits.

    Args:
        way: has the GPU's memory.
        device: the GPU, by torch's name.
    """
    from ..models.gpu.surfaces import arrays

    with TemporaryDirectory(prefix="vidsharp-trial-") as folder:
        info = _clip(Path(folder) / "clip.mkv")
        here = [[plane.copy() for plane in plane_arrays(frame)] for frame in _decoded(info, SOFTWARE)]
        try:
            frames = list(_decoded(info, on_gpu(info, way, device)))
        except Exception as error:  # drivers fail in any way
            return HwAccel(trouble=f"its decoder does not work ({one_line(error)})")
    troubles = [frame.trouble for frame in frames if frame.trouble is not None]
    if troubles:
        return HwAccel(trouble=troubles[0])
    if not _near([arrays(frame.planes) for frame in frames], here, 0.0):
        return HwAccel(trouble="its decoder gives other pictures than the CPU's")
    surfaces = [frame.planes for frame in frames]
    works = (each.name for each in ENCODERS.values() if each.takes_surfaces and _encodes(each, surfaces, way, device))
    return HwAccel(decodes=True, encoders=tuple(works))


def try_codecs_of(device: str) -> HwAccel:
    """What works of the codecs of the GPU called `device` by torch, where no student is on it yet."""
    import torch

    from ..models.gpu.lanes import lanes_of
    from ..models.gpu.on_gpu import Computation, OnGpu
    from ..models.gpu.settings import GpuSettings

    way = OnGpu(lanes_of(torch.device(device)), Computation(lambda planes, _: list(planes)), GpuSettings())
    return try_codecs(way, device)


def _clip(path: Path) -> ClipInfo:
    """A small recording in H.264: soft, coloured and moving."""
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "20"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(PICTURES):
            frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
            luma, cb, cr = plane_arrays(frame)
            luma[...] = 128 + 90 * np.sin((across + 4 * number) / 17) * np.cos(down / 11)
            cb[...], cr[...] = 60 + across[::2, ::2] // 4, 200 - down[::2, ::2] // 2
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return probe(path)


def _decoded(info: ClipInfo, decoding: Decoding) -> Iterator[Any]:
    with decoding.open(info.path) as container:
        stream, errors = main_video(container, info.path), list[str]()
        packets = video_packets(container, stream)
        yield from decode_packets(decoding.decoder(stream), packets, errors, take=decoding.take)


def _encodes(encoder: Encoder, pictures: "Sequence[Sequence[Tensor]]", way: "OnGpu", device: str) -> bool:
    """Whether an encoder takes pictures where they lie on the GPU, and what it writes looks like them."""
    from ..models.gpu.surfaces import arrays, laid_out

    gpu = CudaContext(int(device.partition(":")[2] or 0))
    try:
        context = cast(VideoCodecContext, CodecContext.create(encoder.name, "w"))
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, ON_GPU
        context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
        context.options = {**encoder.quality, **encoder.defaults}
        packets = []
        for number, planes in enumerate(pictures):
            frame = VideoFrame.from_dlpack(laid_out(way, planes, 8), SURFACES[8], cuda_context=gpu)
            frame.pts, frame.time_base = number, context.time_base
            packets += context.encode(frame)
        packets += context.encode(None)
        decoder = cast(VideoCodecContext, CodecContext.create(context.codec.canonical_name, "r"))
        made = [plane_arrays(frame) for frame in decode_packets(decoder, packets, [])]
    except Exception:  # as above
        return False
    return not context.options and _near(made, [arrays(planes) for planes in pictures], _NEAR)


def _near(made: Sequence[Planes], wanted: Sequence[Planes], most: float) -> bool:
    """Whether pictures are as many, and no plane is farther than `most` code values in the mean."""
    if len(made) != len(wanted):
        return False
    pairs = [pair for planes in zip(made, wanted, strict=True) for pair in zip(*planes, strict=True)]
    return all(np.abs(a.astype(np.float64) - b).mean() <= most for a, b in pairs)
