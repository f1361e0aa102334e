"""Opens a media file so that FFmpeg reads this one file and nothing else, whatever its content asks for.

FFmpeg looks at content and not at names: a list of other files (`ffconcat`), a playlist (HLS, DASH) or a session
description (SDP) that is called `call.mp4` would have it read other files, or the network, into somebody's recording.
"""

from errno import EINVAL
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.error import FFmpegError

CLIPS = (
    *("mov", "matroska", "avi", "flv", "live_flv", "kux", "asf", "asf_o", "ogg", "mpegts", "mpeg", "mxf", "nut"),
    *("gxf", "wtv", "rm", "dv", "nsv", "nuv", "pva", "ty", "swf", "ivf", "obu", "av1", "h261", "h263", "h264", "hevc"),
    *("vvc", "vc1", "m4v", "mpegvideo", "mjpeg", "dirac", "dnxhd", "cavsvideo", "yuv4mpegpipe", "gif"),
    # Sound alone, for which there is a better sentence than that it cannot be opened.
    *("mp3", "aac", "wav", "w64", "flac", "aiff", "caf", "amr", "ac3", "eac3", "ape", "wv"),
)
"""FFmpeg's demuxers of files that hold all they show: containers, and streams without one."""

PHOTOS = ("image2", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "gif")


def open_media(
    path: Path,
    formats: tuple[str, ...] = CLIPS,
    options: dict[str, str] | None = None,
    hwaccel: HWAccel | None = None,
) -> InputContainer:
    """Opens a file for reading. References to other files in it are not followed.

    Args:
        formats: the demuxers that may be used.
        options: for the decoders that are opened to find out what the streams are.
        hwaccel: what the streams' decoders work with, where that is not the CPU.

    Raises:
        FFmpegError: it cannot be opened, or is no file; an ArgumentError where FFmpeg knows its format, but it is not
            among `formats`.
        OSError: as the system says.
    """
    if path.is_fifo() or path.is_char_device():  # opening a pipe waits for its writer, and a device may never end
        raise FFmpegError(EINVAL, "it is a pipe or a device", str(path))
    # `file:` keeps a name such as `http:call.mp4` a name.
    safe = {"protocol_whitelist": "file", "format_whitelist": ",".join(formats), "enable_drefs": "0"}
    # Odd bytes in a title must not stop a recording.
    return av.open(f"file:{path}", metadata_errors="replace", options=options, container_options=safe, hwaccel=hwaccel)
