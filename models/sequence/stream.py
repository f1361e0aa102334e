"""Pictures in, sharpened pictures out, in the same order, each computed as a whole."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

import numpy as np

from ..enhance import Enhancer
from ..planes.plane_format import PlaneFormat
from .neighbours import Picture
from .session import Session


def enhance_stream(
    enhancer: Enhancer, pictures: Iterable[Sequence[np.ndarray]], fmt: PlaneFormat
) -> Iterator[list[np.ndarray | None]]:
    """What `Enhancer.planes` gives for each picture, in its window where the student sees several.

    On a GPU, `Enhancer.ahead` pictures are taken before the first answer is given, so that copies and computing
    overlap; a picture may be written on as soon as the next one is taken. On a CPU, one picture is taken at a time.

    Raises:
        ModelError, DeviceError: as `Enhancer.begin`.
    """
    with closing(Session(enhancer, reuse=False)) as session:
        for planes in pictures:
            for finished in session.push(Picture(planes, fmt)):
                yield finished.made
        for finished in session.flush():
            yield finished.made
