"""Real soft recordings that have no sharp original: nothing can be measured on them, but everyone can look."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from ...models.open_media import CLIPS, PHOTOS, open_media
from ...models.planes.picture import busiest, rgb_picture
from ...reports.evaluation.evaluation_tables import IDENTITY
from ..errors import DataError
from ..evaluation.evaluation_pictures import CLIP_FORMAT, frame_planes
from ..evaluation.methods import Method
from ..evaluation.strip import Strip
from ..simulate.scaling import scaled
from .sources import Look

LEVEL = "as recorded"


def look_strip(look: Look, data: Path, methods: Mapping[str, Method], side: int) -> Strip:
    """Each method's version of the picture, cut where they change it most.

    Raises:
        DataError: the file is missing or does not decode.
    """
    path = data / look.file
    try:
        with open_media(path, PHOTOS if path.suffix == ".jpg" else CLIPS) as container:
            frame = next(islice(container.decode(video=0), look.start, None))
    except (FFmpegError, OSError, IndexError, StopIteration) as error:
        raise DataError(f"The benchmark's picture to look at, '{path}', does not decode: {error}.") from error
    soft = frame_planes(scaled(frame, frame.width // 2 * 2, frame.height // 2 * 2, "BICUBIC"))
    made = {name: method(soft, CLIP_FORMAT) for name, method in methods.items() if name != IDENTITY}
    moved = sum((np.abs(planes[0].astype(np.float32) - soft[0]) for planes in made.values()), np.float32(0))
    top, left = busiest(np.asarray(moved), side, side)
    window = slice(top, top + side), slice(left, left + side)
    shown = {"input": soft, **made}
    cut = {name: np.ascontiguousarray(rgb_picture(planes, CLIP_FORMAT)[window]) for name, planes in shown.items()}
    return Strip(look.name, LEVEL, str(look.start), cut)
