"""The sharp original of a recording: checked to be the same recording, and read at the pictures that are asked for."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from av.error import FFmpegError
from av.video.frame import VideoFrame

from ..models.planes.plane_format import PlaneFormat
from .canvas import on_canvas
from .decode import decode_packets, frame_pts
from .errors import MediaError
from .fit import Fitter
from .plan import Chunk, PacketTiming
from .probe import ClipInfo, probe
from .recording import open_recording, video_alone, video_packets
from .sharpen import check_pixel_format, plane_format
from .survey import Survey
from .timeline import read_timeline


@dataclass(frozen=True)
class Original:
    """The original of one recording, or of one of its chunks."""

    info: ClipInfo
    """Its facts; the canvas of its pictures has the size of the recording's."""
    pts: Mapping[int, int]
    """For the PTS of each of the recording's pictures, that of the same picture here. Each in its own file's ticks."""

    def of(self, chunk: Chunk) -> "Original":
        """The part that a chunk needs: small enough to travel with it."""
        return replace(self, pts={ours: theirs for ours, theirs in self.pts.items() if chunk.owns(ours)})


def find_original(path: Path, info: ClipInfo, timeline: list[PacketTiming]) -> Original:
    """Checks that the file at `path` is the recording's original: picture for picture, of the same size and depth.

    Both clocks may start differently and tick differently (containers do that): times count from the first picture.

    Args:
        info, timeline: of the recording.

    Raises:
        MediaError: it cannot be opened, or its pictures or their times are not the recording's.
    """
    original = probe(path)
    check_pixel_format(original)
    survey = Survey(original)
    original_timeline = read_timeline(original, survey.see)
    original = on_canvas(original, survey.shapes, ())
    what = f"{path} cannot be the reference of {info.path}"
    if (original.width, original.height) != (info.width, info.height):
        sizes = f"{original.width}×{original.height}, and the recording's {info.width}×{info.height}"
        raise MediaError(f"{what}: its pictures are {sizes}; scale it to the same size first", path)
    ours, theirs = plane_format(info), plane_format(original)
    if (ours.bit_depth, ours.full_range) != (theirs.bit_depth, theirs.full_range):
        depths = f"{_depth(theirs)}, and the recording's {_depth(ours)}"
        raise MediaError(f"{what}: its pictures have {depths}; convert it to the same pixel format first", path)
    times, original_times = _times(timeline, info.path), _times(original_timeline, path)
    if len(times) != len(original_times):
        counts = f"{len(original_times)} pictures, and the recording {len(times)}"
        raise MediaError(f"{what}: it has {counts}; a reference is the same recording, picture for picture", path)
    for number, (time, original_time) in enumerate(zip(times, original_times, strict=True)):
        later_s = (original_time - original_times[0]) * original.time_base - (time - times[0]) * info.time_base
        if abs(later_s) > original.time_base + info.time_base:  # what two clocks may round away
            raise MediaError(
                f"{what}: it shows picture {number} {abs(float(later_s)):.3f} s {'later' if later_s > 0 else 'earlier'}"
                "; a reference has the recording's own times",
                path,
            )
    return Original(original, dict(zip(times, original_times, strict=True)))


class OriginalReader:
    """Gives the original's pictures, in the recording's order: it decodes on from where it is. Close it when done."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._frames: Iterator[VideoFrame] = iter(())
        self._frame: VideoFrame | None = None

    def at(self, pts: int | None) -> VideoFrame | None:
        """The picture that belongs to the recording's at `pts`, or None where there is none that decodes.

        Raises:
            MediaError: the file can no longer be opened.
        """
        wanted = self._original.pts.get(pts) if pts is not None else None
        if wanted is None:
            return None
        if self._frame is None:
            self._begin(wanted)
        while self._frame is not None and (frame_pts(self._frame) or 0) < wanted:
            self._frame = next(self._frames, None)
        return self._frame if self._frame is not None and frame_pts(self._frame) == wanted else None

    def _begin(self, wanted: int) -> None:
        """Decodes from the keyframe before `wanted`, or from the beginning where seeking leads beyond it."""
        for target in (wanted, None):
            self.close()
            self._frames = self._decoded(target)
            self._frame = next(self._frames, None)
            if self._frame is not None and (frame_pts(self._frame) or 0) <= wanted:
                return

    def _decoded(self, target: int | None) -> Iterator[VideoFrame]:
        with open_recording(self._original.info.path) as container:
            stream = video_alone(container, self._original.info.stream_index)
            if target is not None:
                try:
                    container.seek(target, stream=stream, backward=True)
                except FFmpegError:
                    return
            with closing(decode_packets(stream.codec_context, video_packets(container, stream), [])) as frames:  # type: ignore[type-var]
                yield from Fitter(self._original.info).all(frames)

    def close(self) -> None:
        """Closes the file."""
        if hasattr(self._frames, "close"):
            self._frames.close()  # type: ignore[attr-defined]


def _times(timeline: list[PacketTiming], path: Path) -> list[int]:
    """When pictures are shown, in ticks, in order."""
    times = [packet.pts if packet.pts is not None else packet.dts for packet in timeline if packet.shown]
    known = sorted(time for time in times if time is not None)
    if len(known) < len(times):
        raise MediaError(
            f"{path} stores no times of its pictures, by which a recording and its reference are matched; "
            "put both into Matroska first, e.g. ffmpeg -i IN -c copy OUT.mkv",
            path,
        )
    return known


def _depth(fmt: PlaneFormat) -> str:
    return f"{fmt.bit_depth} bits of {'full' if fmt.full_range else 'limited'} range"
