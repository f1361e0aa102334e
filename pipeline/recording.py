"""Opening a recording, and choosing the one stream that is sharpened."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import av.logging as av_logging
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError, InvalidDataError
from av.error import EOFError as EndOfFile
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from ..models.open_media import open_media
from .errors import ChunkError, MediaError
from .limits import check_container, decoder_options

_DISK_ERRORS = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENXIO, errno.ENODEV)
"""What a disk or a network says where it fails, not a file that is damaged."""


def silence() -> None:
    """Stops the codec libraries from writing to stderr: what matters of it is in the tables."""
    av_logging.set_level(av_logging.PANIC)
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 does not ask FFmpeg before it talks


def open_recording(path: Path, hwaccel: HWAccel | None = None) -> InputContainer:
    """Opens a recording for reading.

    Args:
        hwaccel: as `open_media` takes it.

    Raises:
        MediaError: it is missing, unreadable, empty, nothing that FFmpeg knows, or beyond the limits.
    """
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path} is empty (0 bytes); it was probably never written, or not downloaded", path)
        # The options are for the decoders that FFmpeg itself opens.
        container = open_media(path, options=decoder_options(), hwaccel=hwaccel)
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist", path) from error
    except PermissionError as error:
        raise MediaError(f"{path} cannot be read: permission denied", path) from error
    except (InvalidDataError, EndOfFile) as error:
        raise MediaError(
            f"{path} is not a recording that can be opened: it is no video file, or its index (the MP4 'moov' part) "
            "is missing because the recording or the download was cut off",
            path,
        ) from error
    except ArgumentError as error:
        raise MediaError(
            f"{path} is no recording: its content is a list of other files or addresses (such as a playlist), which "
            "are never followed, or a format that holds no video",
            path,
        ) from error
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}", path) from error
    try:
        check_container(container, path)
    except MediaError:
        container.close()
        raise
    return container


def main_video(container: InputContainer, path: Path) -> VideoStream:
    """The stream to sharpen: the first with moving pictures (cover art is a video stream too, but does not move).

    Raises:
        MediaError: there is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise MediaError(f"{path} holds video in a format that no decoder here knows", path)
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "no"
    raise MediaError(f"{path} has no video to sharpen (it holds {kinds} streams only)", path)


def video_alone(container: InputContainer, stream_index: int) -> VideoStream:
    """The video stream at `stream_index`; the demuxer is told to skip all others."""
    for stream in container.streams:
        if stream.index != stream_index:
            stream.discard = Discard.all
    video = container.streams[stream_index]
    assert isinstance(video, VideoStream)
    return video


def readable_packets(
    container: InputContainer, streams: Sequence[Stream] | None = None, damage: list[str] | None = None
) -> Iterator[Packet]:
    """The packets of `streams` (None: of all), up to where a damaged container cannot be read on: FFmpeg's own tools
    end there, too.

    Args:
        damage: grows by a sentence if that happens.

    Raises:
        ChunkError: the disk failed, and not the recording.
    """
    packets = container.demux() if streams is None else container.demux(streams)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            if error.errno in _DISK_ERRORS:
                raise ChunkError(f"{container.name} could not be read to its end: {error.strerror}") from error
            if damage is not None:
                damage.append(f"its container is damaged and cannot be read to its end ({error.strerror})")
            return
        except IndexError:
            # PyAV ends with a packet for each stream, and falls over one that came up while the file was read.
            return
        if packet is None:
            return
        yield packet


def video_packets(container: InputContainer, stream: VideoStream, damage: list[str] | None = None) -> Iterator[Packet]:
    """The stream's packets in decode order, but for empty ones. Plans number exactly these, so all who count agree."""
    return (packet for packet in readable_packets(container, [stream], damage) if packet.size > 0)


def timed_packets(
    container: InputContainer, streams: Sequence[Stream] | None = None, damage: list[str] | None = None
) -> Iterator[Packet]:
    """The packets of `streams` (None: of all) as they lie in the file. PyAV ends with flush packets, which are left
    out; real empty packets (subtitles have them) carry a time."""
    return (packet for packet in readable_packets(container, streams, damage) if packet.size or packet.dts is not None)


def announced(packets: Iterable[Packet], on_packet: Callable[[], None]) -> Iterator[Packet]:
    """The packets, each after a call of `on_packet`, which may raise to end the work."""
    for packet in packets:
        on_packet()
        yield packet
