"""The pictures of a part as they came in and as each setting made them, in step; and what is written of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from PIL import Image

from ...models.planes.picture import rgb_picture
from ...models.planes.plane_format import PlaneFormat
from ...pipeline.atomic import make_folder
from ...pipeline.decode import decode_chunk, frame_pts
from ...pipeline.fit import Fitter
from ...pipeline.plan import Chunk
from ...pipeline.probe import ClipInfo, rotation
from ...pipeline.sharpen import plane_arrays, plane_format
from ...reports.preview.panels import PanelVideo, panels
from ...reports.preview.spots import Changes, Spot
from ..interrupts import raise_if_interrupted

INPUT = "input"
SPOTS = 3
LOOKS = 24
"""So many pictures of a part, evenly spread, are searched for spots."""
VIDEO_PX = 1920
"""All panels of the video together are about so wide, so that a screen shows them pixel for pixel."""
NARROWEST_PX = 320
SPOT_ZOOM = 2


@dataclass(frozen=True)
class Versions:
    """A part of a recording, and its pictures as each setting made them."""

    info: ClipInfo
    chunk: Chunk
    files: Mapping[str, Path]
    """By the setting's name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The input's first."""
        return INPUT, *self.files

    def pictures(self) -> Iterator[tuple[int, list[list[np.ndarray]]]]:
        """When each picture is shown, in ticks of the recording, and the planes of all versions, turned upright."""
        turns = round((rotation(self.info.display_matrix) or 0) / 90) % 4
        with closing(self._input()) as taken:  # type: ignore[type-var]
            made = [_decoded(file) for file in self.files.values()]
            for before, *after in zip(taken, *made, strict=False):
                raise_if_interrupted()
                planes = [[np.rot90(plane, turns) for plane in plane_arrays(frame)] for frame in (before, *after)]
                yield frame_pts(before) or 0, planes

    def _input(self) -> Iterator[VideoFrame]:
        errors: list[str] = []
        chunk = self.chunk
        decoded = decode_chunk(self.info.path, self.info.stream_index, chunk, chunk.start, errors)
        return (frame for frame in Fitter(self.info).all(decoded) if chunk.owns(frame_pts(frame)))


def _decoded(file: Path) -> Iterator[VideoFrame]:
    with av.open(str(file)) as container:
        yield from container.decode(video=0)


@dataclass(frozen=True)
class Shown:
    """What there is to see of a part."""

    video: Path
    """All versions side by side, pixel for pixel."""
    poster: np.ndarray
    """A picture of it: uint8 RGB [H, W, 3]."""
    spots: tuple[tuple[Spot, int], ...]
    """With the time of each, in ticks of the recording."""
    stills: Mapping[str, np.ndarray]
    """The picture of the first spot, whole, of each version: uint8 RGB [H, W, 3]."""
    crops: tuple[Mapping[str, np.ndarray], ...]
    """Each spot, of each version."""


def write_pictures(versions: Versions, folder: Path) -> Shown:
    """Writes `side-by-side.mp4`, `still-NUMBER-NAME.png` of the first spot's picture, and `spot-NUMBER.png`.

    Args:
        folder: is made.

    Raises:
        MediaError: the recording cannot be opened any more.
        OSError: as the system says.
    """
    make_folder(folder)
    changes = Changes()
    fmt = plane_format(versions.info)
    every = max(1, versions.chunk.frames // LOOKS)
    for number, (_, planes) in enumerate(versions.pictures()):
        if number % every == 0:
            before, *after = (_eight_bits(version[0], fmt) for version in planes)
            changes.see(number, before, after)
    width = max(NARROWEST_PX, VIDEO_PX // len(versions.names))
    window = changes.window(width, width * 3 // 4)
    # Where nothing changes (strength 0), the window's place is as good as any.
    spots = changes.spots(SPOTS) or [window]
    path = folder / "side-by-side.mp4"
    crops: dict[Spot, tuple[int, Mapping[str, np.ndarray]]] = {}
    stills: Mapping[str, np.ndarray] = {}
    poster = np.zeros((1, 1, 3), np.uint8)
    with PanelVideo(path, versions.info.frame_rate, versions.info.time_base) as video:
        first = None
        for number, (pts, planes) in enumerate(versions.pictures()):
            first = pts if first is None else first
            beside = {
                name: rgb_picture(_cut(window, version), fmt)
                for name, version in zip(versions.names, planes, strict=True)
            }
            video.add(beside, pts - first)
            here = [spot for spot in spots if spot.picture == number]
            if here:
                # Whole pictures take long to convert, so only these are.
                seen = dict(zip(versions.names, (rgb_picture(version, fmt) for version in planes), strict=True))
                crops |= {spot: (pts, {name: spot.cut(picture) for name, picture in seen.items()}) for spot in here}
                if spots[0] in here:
                    stills, poster = seen, panels(beside)
    _write_stills(folder, stills, [crops[spot][1] for spot in spots if spot in crops])
    times = tuple((spot, crops[spot][0]) for spot in spots if spot in crops)
    return Shown(path, poster, times, stills, tuple(crops[spot][1] for spot, _ in times))


def _cut(spot: Spot, planes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A spot's place in planes whose chroma may be subsampled; at odd places, chroma is half a pixel off."""
    height, width = planes[0].shape

    def part(plane: np.ndarray) -> np.ndarray:
        down, across = -(-height // plane.shape[0]), -(-width // plane.shape[1])
        rows = slice(spot.top // down, -(-(spot.top + spot.height) // down))
        return plane[rows, spot.left // across : -(-(spot.left + spot.width) // across)]

    return [part(plane) for plane in planes]


def _write_stills(folder: Path, stills: Mapping[str, np.ndarray], crops: Sequence[Mapping[str, np.ndarray]]) -> None:
    for number, (name, picture) in enumerate(stills.items()):
        Image.fromarray(picture).save(folder / f"still-{number}-{file_name(name)}.png", compress_level=1)
    for number, crop in enumerate(crops, start=1):
        Image.fromarray(panels(crop, SPOT_ZOOM)).save(folder / f"spot-{number}.png")


def file_name(name: str) -> str:
    """A name as every disk and shell takes it."""
    kept = (sign if sign.isascii() and (sign.isalnum() or sign in "._-+") else "-" for sign in name.replace("×", "x"))
    return "".join(kept)[:60]


def _eight_bits(plane: np.ndarray, fmt: PlaneFormat) -> np.ndarray:
    return (plane >> (fmt.bit_depth - 8)).astype(np.uint8)
