"""The student on all frames of a chunk, in order: each goes through the session, and comes back sharpened in place."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from av.video.frame import VideoFrame

from ..models.planes.plane_format import PlaneFormat
from ..models.sequence.neighbours import Picture
from ..models.sequence.session import Finished, Session
from .overlap import Stopwatch
from .sharpen import pictures_of, pictures_to_see, write


def sharpen_all(
    frames: Iterable[VideoFrame],
    session: Session,
    fmt: PlaneFormat,
    clock: Stopwatch,
    owns: Callable[[VideoFrame], bool] = lambda _: True,
) -> Iterator[VideoFrame]:
    """Yields the frames that are owned, sharpened in place. Fields of interlaced frames are pictures of their own.

    At strength 0, frames come as they were decoded, untouched. Whole frames, first and second fields are each a
    sequence of the session.

    Args:
        session: a fresh one; closed at the end.
        clock: counts the student's time, without that of the frames' coming.
        owns: says which frames are wanted; the others are seen beside them, and not written on.

    Raises:
        ModelError, DeviceError: as `Enhancer.begin`.
    """
    with closing(session):
        for frame in frames:
            with clock:
                done = _pushed(frame, session, fmt, owned=owns(frame))
            yield from done
        with clock:
            done = _written(session.flush())
        yield from done


def _pushed(frame: VideoFrame, session: Session, fmt: PlaneFormat, *, owned: bool) -> list[VideoFrame]:
    """Gives a frame's pictures to the session; the frames that are finished now."""
    if session.strength == 0:
        pictures_of(frame, 0)
        return [frame] if owned else []
    done: list[VideoFrame] = []
    pictures = pictures_of(frame, session.strength) if owned else pictures_to_see(frame)
    for number, (sequence, planes) in enumerate(pictures.items(), 1):
        about = frame if number == len(pictures) else None
        done += _written(session.push(Picture(planes, fmt, sequence, owned, about)))
    return done


def _written(finished: Iterable[Finished]) -> list[VideoFrame]:
    """Writes what was made of pictures in their place; the frames that are whole with that."""
    done: list[VideoFrame] = []
    for one in finished:
        write(one.picture.planes, one.made)
        if one.picture.about is not None:
            done.append(one.picture.about)
    return done
