"""Simulates a call on a clip file: same frames, same times, sound copied, parameters written beside the output."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError, InvalidDataError
from av.video.frame import PictureType
from av.video.stream import VideoStream

from ..models.open_media import open_media
from ..pipeline.atomic import make_folder, publish
from ..pipeline.ownership import content_key, mark_made, refuse_others
from .errors import SimulationError
from .simulate import RECORDER, CallParameters, draw_parameters, even_frame, through_line

LOSSLESS = {"preset": "veryfast", "qp": "0"}
"""How `light` is stored: it has no recorder that could lose anything."""


@dataclass(frozen=True)
class SimulationRecord:
    """What was done, as the JSON beside the output says it."""

    source: str
    output: str
    """File names, without folders."""
    seed: int
    parameters: CallParameters
    frames: int
    width: int
    height: int
    fps: float
    """Mean rate that the bit rate was reckoned with."""


def simulate_clip(src: Path, dst: Path, level: str, seed: int, *, overwrite: bool = False) -> SimulationRecord:
    """Makes the soft call recording of a clip, frame for frame.

    Args:
        src: any video that FFmpeg decodes; more than 8 bits become 8, as in a call.
        dst: the output; its name chooses the container, which must take H.264 (mp4, mkv, mov …).
        overwrite: replaces `dst` and its record also where they were not made of this very recording.

    Returns:
        The record, also written to `dst` + `.json`. Video frames keep their times to a tick of the container's time
        base; audio packets are copied.

    Raises:
        SimulationError: no such level, nothing decodes as video, or the container does not take it.
        NotOursError: `dst` or its record is there, and was not made of this recording.
        OutputError: the output cannot be written.
    """
    parameters = draw_parameters(level, seed)
    part = dst.with_name(f".{dst.stem}.part{dst.suffix}")
    mark = dst.with_name(dst.name + ".json")
    make_folder(dst.parent)
    part.unlink(missing_ok=True)  # a link of that name would lead what is written elsewhere
    try:
        with open_media(src) as source:
            if not source.streams.video:
                raise SimulationError(f"'{src}' has no video to simulate a call with.")
            identity = content_key(src)
            refuse_others(mark, (dst.name,), "simulate", identity, overwrite=overwrite)
            with av.open(str(part), "w") as output:
                frames, width, height, fps = _convert(source, output, parameters)
        if not frames:
            raise SimulationError(f"'{src}' has no video frame that can be decoded.")
        record = SimulationRecord(src.name, dst.name, seed, parameters, frames, width, height, fps)
        refuse_others(mark, (dst.name,), "simulate", identity, overwrite=overwrite)  # one may have come meanwhile
        mark_made(mark, "simulate", {dst.name: part}, identity, asdict(record))
        publish(part, dst)
    except (FFmpegError, ValueError) as error:
        if isinstance(error, SimulationError):
            raise
        reason = error.strerror if isinstance(error, FFmpegError) else error
        raise SimulationError(f"'{src}' cannot be made into '{dst.name}': {reason}.") from error
    finally:
        part.unlink(missing_ok=True)
    return record


def _convert(
    source: InputContainer, output: OutputContainer, parameters: CallParameters
) -> tuple[int, int, int, float]:
    """Writes the output; returns (frames, width, height, fps)."""
    video = source.streams.video[0]
    video.thread_type = "AUTO"
    rate = video.average_rate or video.guessed_rate or Fraction(30)
    width, height = video.codec_context.width, video.codec_context.height
    encoded = _recorder_stream(output, video, parameters, rate)
    audio: dict[int, AudioStream] = {s.index: output.add_stream_from_template(s) for s in source.streams.audio}
    times: list[int] = []
    tick = Fraction(encoded.codec_context.time_base)
    step = max(round(1 / rate / tick), 1)

    def decoded() -> Iterator[VideoFrame]:
        for packet in source.demux(video, *source.streams.audio):
            if packet.stream.index in audio:
                if packet.dts is not None:
                    packet.stream = audio[packet.stream.index]
                    output.mux(packet)
                continue
            with contextlib.suppress(InvalidDataError):  # a damaged packet shows nothing; go on after it
                for frame in packet.decode():
                    if not isinstance(frame, VideoFrame):
                        continue
                    if frame.pts is None or frame.time_base is None:
                        times.append((times[-1] if times else -step) + step)
                    else:
                        time = round(frame.pts * frame.time_base / tick)
                        # AVI knows no order of presentation: times of its B-frames may go back, and none may be lost
                        times.append(max(time, times[-1] + 1) if times else time)
                    yield frame.reformat(width, height)

    number = -1
    for number, frame in enumerate(through_line(decoded(), parameters, float(rate))):
        even = even_frame(frame)
        even.pts, even.time_base, even.pict_type = times[number], tick, PictureType.NONE
        output.mux(encoded.encode(even))
    if number >= 0:
        output.mux(encoded.encode(None))
    return number + 1, width, height, float(rate)


def _recorder_stream(
    output: OutputContainer, video: VideoStream, parameters: CallParameters, rate: Fraction
) -> VideoStream:
    settings = RECORDER if parameters.recorded else LOSSLESS
    stream = output.add_stream("libx264", rate=rate, options={**settings, "threads": "1"})
    width, height = video.codec_context.width, video.codec_context.height
    stream.width, stream.height = width, height
    stream.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
    context = stream.codec_context
    context.time_base = stream.time_base = Fraction(video.time_base or Fraction(1, 90000))
    context.sample_aspect_ratio = video.sample_aspect_ratio or Fraction(1)
    context.color_range, context.colorspace = video.codec_context.color_range, video.codec_context.colorspace
    context.color_primaries, context.color_trc = video.codec_context.color_primaries, video.codec_context.color_trc
    return stream
