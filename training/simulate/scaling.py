"""Scaling of pictures that gives the same bits on every machine and under every load."""

from av import VideoFrame
from av.video.reformatter import Interpolation

_EXACT = (
    Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INP | Interpolation.FULL_CHR_H_INT
)


def scaled(frame: VideoFrame, width: int, height: int, by: str, pixels: str = "yuv420p") -> VideoFrame:
    """The picture at another size and in another format; the frame itself where it has both already.

    Args:
        by: swscale's name of the filter.
    """
    return frame.reformat(width, height, pixels, interpolation=Interpolation[by] | _EXACT, threads=1)
