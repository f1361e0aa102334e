"""Simulates a call on a clip file: same frames, same times, sound copied, parameters written beside the output."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError, InvalidDataError
from av.video.frame import PictureType
from av.video.stream import VideoStream

from ...models.open_media import open_media
from ...pipeline.atomic import make_folder, publish
from ...pipeline.ownership import content_key, mark_made, refuse_others
from ..errors import SimulationError
from .call import before_recorder, even_frame
from .draw import draw_parameters
from .encoders import ENCODERS, Encoder, recording_options
from .parameters import LineParameters, PictureFacts, Recorder
from .scaling import scaled

LOSSLESS = {"preset": "veryfast", "qp": "0", "threads": "1"}
"""How `light` is stored: it has no recorder that could lose anything."""
ANYWHERE = Recorder("h264", 21)
"""The recorder where the one that was drawn does not fit the container."""


@dataclass(frozen=True)
class SimulationRecord:
    """The record of a simulation, as the JSON beside the output says it."""

    source: str
    output: str
    """File names, without folders."""
    seed: int
    parameters: LineParameters
    frames: int
    width: int
    height: int
    fps: float
    """Mean rate that the bit rate was reckoned with."""
    keyframes: list[int]
    """Numbers of the pictures that were keyframes on the line."""
    repeated: list[int]
    """Numbers of the pictures that show the one before them again."""


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
                parameters = _fitting(parameters, output)
                facts, width, height, fps = _convert(source, output, parameters)
        if not facts:
            raise SimulationError(f"'{src}' has no video frame that can be decoded.")
        keyframes = [number for number, fact in enumerate(facts) if fact.since_keyframe == 0]
        repeated = [number for number, fact in enumerate(facts) if fact.repeated]
        record = SimulationRecord(
            src.name, dst.name, seed, parameters, len(facts), width, height, fps, keyframes, repeated
        )
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
    source: InputContainer, output: OutputContainer, parameters: LineParameters
) -> tuple[list[PictureFacts], int, int, float]:
    """Writes the output; returns (facts of each picture, width, height, fps)."""
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
                    yield scaled(frame, width, height, "BICUBIC")

    facts: list[PictureFacts] = []
    for number, picture in enumerate(before_recorder(((f, f) for f in decoded()), parameters, float(rate))):
        even = even_frame(picture.soft, _recorder_of(parameters))
        even.pts, even.time_base, even.pict_type = times[number], tick, PictureType.NONE
        output.mux(encoded.encode(even))
        facts.append(picture.facts)
    if facts:
        output.mux(encoded.encode(None))
    return facts, width, height, float(rate)


def _recorder_of(parameters: LineParameters) -> Encoder:
    return ENCODERS[(parameters.recorder or ANYWHERE).encoder]


def _fitting(parameters: LineParameters, output: OutputContainer) -> LineParameters:
    """The parameters with a recorder that the container takes."""
    if parameters.recorder is None:
        return parameters
    taken = ENCODERS[parameters.recorder.encoder].decoder in output.supported_codecs
    return parameters if taken else replace(parameters, recorder=ANYWHERE)


def _recorder_stream(
    output: OutputContainer, video: VideoStream, parameters: LineParameters, rate: Fraction
) -> VideoStream:
    encoder, recorder = _recorder_of(parameters), parameters.recorder
    settings = LOSSLESS if recorder is None else recording_options(encoder, recorder.quality)
    stream = output.add_stream(encoder.codec, rate=rate, options=settings)
    assert isinstance(stream, VideoStream)
    width, height = video.codec_context.width, video.codec_context.height
    stream.width, stream.height = width, height
    stream.pix_fmt = "yuv444p" if (width % 2 or height % 2) and not encoder.odd_sides else "yuv420p"
    context = stream.codec_context
    context.time_base = stream.time_base = Fraction(video.time_base or Fraction(1, 90000))
    context.sample_aspect_ratio = video.sample_aspect_ratio or Fraction(1)
    context.color_range, context.colorspace = video.codec_context.color_range, video.codec_context.colorspace
    context.color_primaries, context.color_trc = video.codec_context.color_primaries, video.codec_context.color_trc
    return stream
