"""Each method's versions of the crops that people look at, as RGB pictures."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...models.planes.picture import rgb_picture
from ...models.planes.plane_format import PlaneFormat
from ...pipeline.atomic import write_atomically
from ..errors import DataError
from ..evaluation.evaluation_pictures import Planes
from ..evaluation.methods import Method
from .crops import SIDE_PX, Crop, sources_of
from .pictures import recording, sharp_pictures

MARGIN_PX = 16
"""What a method that is run on a crop alone sees around it, where there is as much."""


@dataclass(frozen=True)
class CropPictures:
    """One crop in several versions, uint8 RGB [SIDE_PX, SIDE_PX, 3] each."""

    crop: Crop
    soft: np.ndarray
    made: Mapping[str, np.ndarray]
    """By method, in their order."""
    sharp: np.ndarray


def crop_pictures(
    data: Path, chosen: Sequence[Crop], methods: Mapping[str, Method], heavy: Mapping[str, Method]
) -> Iterator[CropPictures]:
    """Makes the recordings that the crops are cut from, and no others.

    Args:
        methods: run on whole pictures.
        heavy: run on the crop and `MARGIN_PX` around it.

    Raises:
        DataError: a source does not decode, or its recording is not the one that the crop was drawn from.
    """
    by_name = {source.name: source for source in sources_of(chosen)}
    for crop in chosen:
        source = by_name[crop.source]
        made = recording(source, sharp_pictures(source, data), crop.level, 0)
        if made.digest != crop.inputs:
            raise DataError(
                f"The recording of '{crop.source}' at level {crop.level} is not the one that its crop was drawn from, "
                "as other versions of the encoders make it; draw crops again with training.benchmark.crops."
            )
        place = next((place for place in made.places if place.item == crop.item), None)
        if place is None:
            raise DataError(f"The recording of '{crop.source}' has no picture {crop.item}, which its crop names.")
        shown = {name: _shown(method(place.soft, place.fmt), place.fmt, crop) for name, method in methods.items()}
        shown |= {name: _of_window(method, place.soft, place.fmt, crop) for name, method in heavy.items()}
        yield CropPictures(crop, _shown(place.soft, place.fmt, crop), shown, _shown(place.sharp, place.fmt, crop))


def _shown(planes: Planes, fmt: PlaneFormat, crop: Crop) -> np.ndarray:
    window = slice(crop.top, crop.top + SIDE_PX), slice(crop.left, crop.left + SIDE_PX)
    return np.ascontiguousarray(rgb_picture(planes, fmt)[window])


def _of_window(method: Method, planes: Planes, fmt: PlaneFormat, crop: Crop) -> np.ndarray:
    """The crop out of what a method makes of its surroundings alone; its sides are multiples of 4."""
    height, width = planes[0].shape
    top, left = max(crop.top - MARGIN_PX, 0) // 4 * 4, max(crop.left - MARGIN_PX, 0) // 4 * 4
    bottom, right = (
        start + (min(end + MARGIN_PX, side) - start) // 4 * 4
        for start, end, side in ((top, crop.top + SIDE_PX, height), (left, crop.left + SIDE_PX, width))
    )
    if bottom < crop.top + SIDE_PX or right < crop.left + SIDE_PX:  # at a border that is no multiple of 4
        bottom, right = crop.top + SIDE_PX, crop.left + SIDE_PX
    cut = [
        np.ascontiguousarray(plane[top // by : bottom // by, left // by : right // by])
        for plane, by in zip(planes, (1, 2, 2), strict=True)
    ]
    shown = rgb_picture(method(cut, fmt), fmt)
    y, x = crop.top - top, crop.left - left
    return np.ascontiguousarray(shown[y : y + SIDE_PX, x : x + SIDE_PX])


def remembered(method: Method, folder: Path, name: str) -> Method:
    """A slow method whose answers lie in a folder, so that it answers each question once.

    Args:
        name: what the answers depend on beside the planes, such as the weights' digest.
    """

    def answer(planes: Planes, fmt: PlaneFormat) -> Planes:
        digest = hashlib.sha256(f"{name} {fmt} {[plane.shape for plane in planes]}".encode())
        for plane in planes:
            digest.update(np.ascontiguousarray(plane).data)
        path = folder / f"{digest.hexdigest()[:32]}.yuv"
        kept = path.read_bytes() if path.is_file() else b""
        if len(kept) == sum(plane.size for plane in planes):
            codes, found = np.frombuffer(kept, np.uint8), []
            for plane in planes:
                found.append(codes[: plane.size].reshape(plane.shape))
                codes = codes[plane.size :]
            return found
        made = method(planes, fmt)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, b"".join(np.ascontiguousarray(plane).tobytes() for plane in made))
        return made

    return answer
