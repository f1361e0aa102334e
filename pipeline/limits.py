"""Limits beyond which a recording counts as damaged or hostile: a header of a few bytes must not cost the memory of a
machine, nor a night of its time. No recording of a call comes near any of these.

FFmpeg has limits of its own below these: 1000 streams, and pictures up to about 16384×16384.
"""

from fractions import Fraction
from pathlib import Path

from av.container import InputContainer

from .errors import MediaError

MOST_PIXELS = 2**26
"""Of one picture: 8192×8192, twice what 8K television has. A picture of that size takes 100 MB to 400 MB, and decoder,
student and encoder hold several."""

MOST_STREAMS = 256
"""Each is tried in the new container, and kept in step while the clip is joined."""

MOST_CHAPTERS = 10_000

MOST_PACKETS = 10_000_000
"""Of the video stream: 46 hours at 60 pictures per second, whose timing takes 2 GB while the clip is planned."""

MOST_SECONDS = 366 * 86_400
"""Between the first and the last picture: one flipped bit of a time stamp makes centuries, which no player can show.
Where the clock begins does not matter: some recorders count from 1970."""


def decoder_options() -> dict[str, str]:
    """Has a decoder refuse larger pictures before it asks for their memory, wherever in the stream they come."""
    return {"max_pixels": str(MOST_PIXELS)}


def check_container(container: InputContainer, path: Path) -> None:
    """Raises MediaError where it announces too many streams or chapters."""
    _at_most(MOST_STREAMS, len(container.streams), "streams", path)
    _at_most(MOST_CHAPTERS, len(container.chapters()), "chapters", path)


def check_packets(count: int, path: Path) -> None:
    """Raises MediaError where a video stream has too many packets."""
    _at_most(MOST_PACKETS, count, "pictures", path)


def check_picture(width: int, height: int, path: Path) -> None:
    """Raises MediaError where a picture of `width` × `height` px is too large."""
    if width * height > MOST_PIXELS:
        raise MediaError(
            f"{path}: its pictures are {width}×{height}, and at most {MOST_PIXELS:,} pixels (8192×8192) are taken; "
            "it is damaged, or must be scaled down first",
            path,
        )


def check_times(first: Fraction, last: Fraction, path: Path) -> None:
    """Raises MediaError where the first and the last picture, in seconds, are too far apart."""
    if last - first > MOST_SECONDS:
        days = float(last - first) / 86_400
        raise MediaError(
            f"{path}: its pictures are spread over {days:,.0f} days, and at most 366 are taken; its time stamps are "
            "damaged: encode it again with an even rate first, e.g. ffmpeg -i IN -vf setpts=N/30/TB OUT",
            path,
        )


def _at_most(most: int, count: int, what: str, path: Path) -> None:
    if count > most:
        raise MediaError(
            f"{path} announces {count:,} {what}, and at most {most:,} are taken; it is damaged, or no recording of "
            "a call",
            path,
        )
