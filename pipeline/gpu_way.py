"""The way of a chunk's pictures through a GPU's memory: decoded there (NVDEC), sharpened there, and encoded there too
(NVENC), or by an encoder of the CPU after they came down."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import CudaContext, VideoFrame

from ..models.gpu.device_session import DeviceSession
from ..models.gpu.surfaces import arrays, laid_out
from .encoder_plan import EncoderPlan
from .encoders import encoder_called
from .gpu_decode import SURFACES, DeviceFrame, NotOnGpu, on_gpu, refusal
from .host_way import Owns
from .overlap import Stopwatch
from .probe import ClipInfo
from .sharpen import plane_arrays, plane_format

if TYPE_CHECKING:
    from ..models.enhance import Enhancer


class GpuWay:
    """The memory of the GPU that the student is on. Its pictures are `DeviceFrame`s."""

    reused_share = None
    fitted = ()

    def __init__(self, info: ClipInfo, encoder: EncoderPlan, enhancer: "Enhancer", ahead: int) -> None:
        """
        Args:
            ahead: how many pictures may be in flight.

        Raises:
            NotOnGpu: these pictures cannot go it.
        """
        assert enhancer.gpu is not None
        why = refusal(info) or ("chroma is restored on the CPU" if enhancer.chroma_path is not None else None)
        if why is not None:
            raise NotOnGpu(why)
        self._info, self._fmt, self._way = info, plane_format(info), enhancer.gpu.way
        self._session = DeviceSession(enhancer, ahead)
        self._depth = VideoFormat(info.pix_fmt).components[0].bits
        self._context = CudaContext(int(enhancer.device.partition(":")[2] or 0))
        self.surfaces = encoder_called(encoder.name).takes_surfaces
        self.decoding = on_gpu(info, self._way, enhancer.device)

    def fitted_in(self, pictures: Iterator[Any], owns: Owns) -> Iterator[DeviceFrame]:
        """As in `Way`; all are alike.

        Raises:
            NotOnGpu: one is for the CPU's decoder.
        """
        with closing(cast(Any, pictures)):
            for picture in pictures:
                if picture.trouble is not None:
                    raise NotOnGpu(picture.trouble)
                yield picture

    def arrays(self, picture: DeviceFrame) -> Sequence[np.ndarray[Any, Any]]:
        return arrays(picture.planes)

    def sharpened(self, pictures: Iterator[Any], clock: Stopwatch, owns: Owns) -> Iterator[DeviceFrame]:
        with closing(self._session):
            for picture in pictures:
                with clock:
                    done = self._session.push(picture.planes, self._fmt, picture, owned=owns(picture))
                yield from self._with_planes(done)
            with clock:
                done = self._session.flush()
            yield from self._with_planes(done)

    def encodable(self, picture: DeviceFrame) -> VideoFrame:
        frame = self._surface(picture) if self.surfaces else self._come_down(picture)
        frame.pts, frame.dts, frame.duration = picture.pts, picture.dts, picture.duration
        if picture.time_base is not None:
            frame.time_base = picture.time_base
        frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = picture.colour
        return frame

    def check(self, errors: Sequence[str], missing: int) -> None:
        """As in `Way`: a CPU's decoder may have more of them, and says what is lost."""
        if errors:
            raise NotOnGpu(f"it is damaged ({errors[0]})")
        if missing > 0:
            raise NotOnGpu("pictures are missing")

    def _with_planes(self, done: Sequence[tuple[DeviceFrame, Any]]) -> Iterator[DeviceFrame]:
        for picture, planes in done:
            picture.planes = planes
            yield picture

    def _surface(self, picture: DeviceFrame) -> VideoFrame:
        surface = laid_out(self._way, picture.planes, self._depth)
        return VideoFrame.from_dlpack(surface, SURFACES[self._depth], cuda_context=self._context)

    def _come_down(self, picture: DeviceFrame) -> VideoFrame:
        frame = VideoFrame(self._info.width, self._info.height, self._info.pix_fmt)
        for target, plane in zip(plane_arrays(frame), arrays(picture.planes), strict=True):
            target[...] = plane
        return frame
