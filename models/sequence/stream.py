"""Pictures in, sharpened pictures out, in the same order, with as many in flight as keep a GPU busy."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..enhance import Enhancer, Later
from ..planes.plane_format import PlaneFormat


def enhance_stream(
    enhancer: Enhancer, pictures: Iterable[Sequence[np.ndarray]], fmt: PlaneFormat
) -> Iterator[list[np.ndarray | None]]:
    """What `Enhancer.planes` gives for each picture.

    On a GPU, `Enhancer.ahead` pictures are taken before the first answer is given, so that copies and computing
    overlap; a picture may be written on as soon as the next one is taken. On a CPU, one picture is taken at a time.

    Raises:
        ModelError, DeviceError: as `Enhancer.begin`.
    """
    waiting: deque[Later] = deque()
    for planes in pictures:
        waiting.append(enhancer.begin(planes, fmt))
        if planes and len(waiting) > enhancer.ahead(*planes[0].shape):
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
