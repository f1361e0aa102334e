"""Decoding by a GPU's own decoder (NVDEC): which recordings it gets, and what of its pictures is left to the CPU.

It gives a CPU's pictures to the bit where the standard says what they are: not where a stream is damaged, which each
decoder hides in its own way. Whatever speaks against it is a `NotOnGpu`, and the CPU does the chunk instead.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from av.codec import CodecContext
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import Type as SideData
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..models.errors import DeviceError, VidsharpError
from .decode import Decoding
from .errors import MediaError
from .probe import ClipInfo
from .recording import open_recording

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.gpu.on_gpu import OnGpu

SURFACES: Mapping[int, str] = {8: "nv12", 10: "p010le"}
"""How pictures lie on the GPU, by bits of a code."""

DECODED: Mapping[str, frozenset[str]] = {
    "h264": frozenset({"yuv420p", "yuvj420p"}),
    "hevc": frozenset({"yuv420p", "yuvj420p", "yuv420p10le"}),
    "vp8": frozenset({"yuv420p"}),
    "vp9": frozenset({"yuv420p", "yuv420p10le"}),
}
"""Codecs and pixel formats that go to the GPU. AV1 would, too, but FFmpeg takes dav1d for it; MPEG-2 and MPEG-4 leave
rounding to decoders."""

_HARMLESS = frozenset(
    {
        *(SideData.DISPLAYMATRIX, SideData.MASTERING_DISPLAY_METADATA, SideData.CONTENT_LIGHT_LEVEL),
        *(SideData.SEI_UNREGISTERED, SideData.S12M_TIMECODE),
    }
)
"""What decoders tell beside a picture that encoders are told otherwise, or not at all. All else, such as captions, they
find beside the picture, and a surface has nothing there."""


class NotOnGpu(VidsharpError):
    """These pictures are for the CPU's decoder; the text says why, as the end of a sentence."""


@dataclass(eq=False)
class DeviceFrame:
    """A decoded picture on the GPU, in memory of its own."""

    planes: "list[Tensor]"
    """As `copied_out` gives them; empty where `trouble` is said."""
    pts: int | None
    dts: int | None
    duration: int
    time_base: Fraction | None
    colour: tuple[int, int, int, int]
    """Range, primaries, transfer and matrix, as PyAV says them of a frame."""
    trouble: str | None = None
    """Why it is for the CPU's decoder."""


def refusal(info: ClipInfo) -> str | None:
    """Why a recording is not decoded on a GPU, as far as that is known beforehand, as the end of a sentence."""
    if info.codec not in DECODED:
        return f"{info.codec} is left to the CPU"
    if info.pix_fmt not in DECODED[info.codec]:
        return f"{info.codec} in {info.pix_fmt} is left to the CPU"
    if info.interlaced:
        return "it is interlaced"
    if len(info.shapes) > 1:
        return "its pictures change size or format"
    if info.width % 2 or info.height % 2:
        return f"surfaces have even sizes, and its pictures are {info.width}x{info.height}"
    return None


def nvdec(device: str) -> tuple[Callable[[Path], InputContainer], Callable[[VideoStream], Any]]:
    """How recordings are opened for the decoder of the GPU called `device` by torch, and how a stream's one is had.

    Raises:
        NotOnGpu: FFmpeg cannot use the GPU; also from opening.
    """
    # Pictures stay on the GPU, in the CUDA context that torch has, so that each sees the other's memory.
    gpu = HWAccel("cuda", device.partition(":")[2] or None, is_hw_owned=True)
    try:
        CodecContext.create("h264", "r", hwaccel=gpu)
    except (FFmpegError, OSError) as error:
        raise NotOnGpu(f"FFmpeg cannot use the GPU: {error.strerror}") from error

    def opened(path: Path) -> InputContainer:
        try:
            return open_recording(path, gpu)
        except MediaError as error:
            raise NotOnGpu(f"it cannot be opened for the GPU's decoder ({error})") from error

    return opened, lambda stream: stream.codec_context


def on_gpu(info: ClipInfo, way: "OnGpu", device: str) -> Decoding:
    """Decoding whose pictures are `DeviceFrame`s.

    Args:
        way: has the GPU's memory, and its streams.
        device: the GPU, by torch's name.

    Raises:
        NotOnGpu: as `nvdec`; from `open`, too, and from `take` where the GPU has no memory for another picture.
        GpuLost: from `take`.
    """
    from ..models.gpu.surfaces import copied_out

    opened, decoder = nvdec(device)
    depth = VideoFormat(info.pix_fmt).components[0].bits

    def take(frame: VideoFrame) -> DeviceFrame:
        trouble = _trouble(frame, info, SURFACES[depth])
        try:
            planes = [] if trouble else copied_out(way, cast(Any, frame.planes), depth)
        except DeviceError as error:
            raise NotOnGpu("the GPU has no memory left for decoded pictures") from error
        colour = frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace
        times = frame.pts, frame.dts, frame.duration, frame.time_base
        return DeviceFrame(planes, *times, colour, trouble)

    return Decoding(opened, decoder, take)


def _trouble(frame: VideoFrame, info: ClipInfo, surface: str) -> str | None:
    """Why a picture is for the CPU's decoder."""
    if frame.format.name != "cuda" or frame.sw_format is None:
        return "the GPU's decoder does not take its profile, level or size"
    if frame.sw_format.name != surface:
        return f"the GPU's decoder gives {frame.sw_format.name} for its {info.pix_fmt}"
    if (frame.width, frame.height) != (info.width, info.height):
        return "its pictures change size or format"
    if frame.is_corrupt:
        return "it is damaged"
    if frame.interlaced_frame:
        return "it is interlaced"
    beside = {data.type for data in cast(Iterable[Any], frame.side_data)} - _HARMLESS
    if beside:
        return f"its pictures have something beside them ({', '.join(sorted(kind.name for kind in beside))})"
    return None
