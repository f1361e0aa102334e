"""The GPU's own decoder and encoders, alone: what they give without a student between them."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import torch
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import CudaContext, VideoFrame
from vidsharp.models.gpu.lanes import lanes_of
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.gpu.surfaces import laid_out
from vidsharp.pipeline.codec_trial import try_codecs
from vidsharp.pipeline.decode import SOFTWARE, Decoding, decode_packets
from vidsharp.pipeline.encoder import ON_GPU
from vidsharp.pipeline.encoders import encoder_called
from vidsharp.pipeline.gpu_decode import SURFACES, on_gpu
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.recording import main_video, video_packets

from .end_to_end import make_clip
from .scale import Scale
from .step import Findings

_KEPT = 8
"""Pictures that are encoded again and again."""


def codecs(scale: Scale) -> Findings:
    """Frames per second of each, in one thread; what the machine has none of is skipped, with the reason."""
    way = OnGpu(lanes_of(torch.device(scale.device)), Computation(lambda planes, _: list(planes)), GpuSettings())
    found = try_codecs(way, scale.device)
    yield "trial", {"decodes": found.decodes, "encoders": list(found.encoders), "trouble": found.trouble}
    with tempfile.TemporaryDirectory(prefix="vidsharp-day-") as folder:
        info = probe(make_clip(Path(folder) / "clip.mp4", scale.sizes[0], scale.frames))
        yield "decode alone, CPU", {"fps": _fps(lambda: _decoded(info, SOFTWARE))}
        if not found.decodes:
            yield "decode alone, GPU", f"skipped: {found.trouble}"
            yield "encode alone, GPU", "skipped: pictures come from its decoder"
            return
        there = on_gpu(info, way, scale.device)
        yield "decode alone, GPU", {"fps": _fps(lambda: _decoded(info, there))}
        pictures = [frame.planes for frame, _ in zip(_decoded(info, there), range(_KEPT), strict=False)]
        if not found.encoders:
            yield "encode alone, GPU", "skipped: this GPU has no encoder"
        for name in found.encoders:
            fps = _fps(lambda name=name: _encoded(name, info, pictures, way, scale))
            yield f"encode alone, {name}", {"fps": fps}


def _fps(work: Callable[[], Iterator[Any]]) -> float:
    began = time.perf_counter()
    count = sum(1 for _ in work())
    return count / (time.perf_counter() - began)


def _decoded(info: ClipInfo, decoding: Decoding) -> Iterator[Any]:
    with decoding.open(info.path) as container:
        stream = main_video(container, info.path)
        packets = video_packets(container, stream)
        yield from decode_packets(decoding.decoder(stream), packets, [], take=decoding.take)


def _encoded(
    name: str, info: ClipInfo, pictures: Sequence[Sequence[torch.Tensor]], way: OnGpu, scale: Scale
) -> Iterator[Any]:
    context = cast(VideoCodecContext, CodecContext.create(name, "w"))
    context.width, context.height, context.pix_fmt = info.width, info.height, ON_GPU
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
    context.options = {**encoder_called(name).quality, **encoder_called(name).defaults}
    gpu = CudaContext(int(scale.device.partition(":")[2] or 0))
    for number in range(scale.frames):
        planes = pictures[number % len(pictures)]
        frame = VideoFrame.from_dlpack(laid_out(way, planes, 8), SURFACES[8], cuda_context=gpu)
        frame.pts, frame.time_base = number, context.time_base
        yield from context.encode(frame)
    yield from context.encode(None)
