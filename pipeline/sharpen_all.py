"""The student on all frames of a chunk: one after another on a CPU, several in flight on a GPU; always in order."""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from av.video.frame import VideoFrame

from ..models.enhance import Later
from ..models.planes.plane_format import PlaneFormat
from ..models.sequence.session import Session
from .overlap import Stopwatch
from .sharpen import pictures_of, write

_Begun = tuple[VideoFrame, list[tuple[list[np.ndarray], Later]]]


def sharpen_all(
    frames: Iterable[VideoFrame], student: Session, fmt: PlaneFormat, clock: Stopwatch, ahead: int
) -> Iterator[VideoFrame]:
    """Yields the frames, sharpened in place. Fields of interlaced frames are pictures of their own.

    At strength 0, frames come as they were decoded, untouched. Whole frames, first and second fields are each a
    sequence of the session.

    Args:
        clock: counts the student's time, without that of the frames' coming.
        ahead: how many frames may be begun before the first one is waited for, where the session's answers stay valid.

    Raises:
        ModelError, DeviceError: as `Enhancer.begin`.
    """
    ahead = 0 if student.lends else ahead
    waiting: deque[_Begun] = deque()
    for frame in frames:
        with clock:
            pictures = pictures_of(frame, student.strength)
            waiting.append((frame, [(part, student.begin(part, fmt, n)) for n, part in pictures.items()]))
        if len(waiting) > ahead:
            yield _finished(waiting.popleft(), clock)
    while waiting:
        yield _finished(waiting.popleft(), clock)


def _finished(begun: _Begun, clock: Stopwatch) -> VideoFrame:
    frame, pictures = begun
    with clock:
        for picture, later in pictures:
            write(picture, later())
    return frame
