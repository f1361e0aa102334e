"""The twelve crops that people look at: drawn by a seed and a rule from the benchmark's inputs, and kept under version.

`python -m vidsharp.training.benchmark.crops DATA --out FILE` draws them again. The list was drawn before any network
that is judged by it was trained, so that nobody could pick what flatters.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import numpy as np

from ...reports.metrics.detail import detail_band
from ..errors import DataError
from ..evaluation.evaluation_pictures import Position
from .pictures import recording, sharp_pictures
from .sources import BenchmarkSource, benchmark_sources, check_sources

LIST = Path(__file__).with_name("crops.toml")
SIDE_PX = 240
SEED = 16
LEVELS = ("medium", "heavy")
"""Each of them has half of the crops."""
STEP_PX = 8
"""How finely places are tried."""

Box = tuple[float, float, float, float]
"""(left, top, right, bottom) as shares of the picture: where a crop's middle may lie."""
ANYWHERE: Box = (0, 0, 1, 1)
_MAN_WEBCAM: Box = (0.42, 0.4, 0.56, 0.62)
_MAN_MAP: Box = (0.45, 0.5, 0.6, 0.65)
KINDS: Mapping[str, Mapping[str, Box]] = {
    "face, light skin": {
        "woman-blue-backdrop": (0.45, 0.25, 0.68, 0.45),
        "woman-close": (0.4, 0.35, 0.62, 0.55),
        "person-portrait": (0.5, 0.38, 0.66, 0.55),
        "man-map": _MAN_MAP,
        "woman-plants": (0.38, 0.28, 0.57, 0.5),
    },
    "face, medium skin": {"man-webcam": _MAN_WEBCAM, "house-espaillat": (0.45, 0.35, 0.72, 0.6)},
    "face, dark skin": {"house-wilson": (0.42, 0.38, 0.65, 0.6), "house-jeffries": (0.4, 0.4, 0.62, 0.62)},
    "face with glasses": {"man-glasses": (0.4, 0.35, 0.6, 0.6), "open-plan-office": (0.45, 0.5, 0.58, 0.65)},
    "small face with glasses": {
        "man-dark-office": (0.55, 0.3, 0.67, 0.5),
        "office-posters": (0.58, 0.22, 0.72, 0.42),
    },
    "hair": {
        "woman-blue-backdrop": (0.5, 0.35, 0.7, 0.6),
        "woman-close": (0.2, 0.3, 0.36, 0.7),
        "person-portrait": (0.5, 0.25, 0.68, 0.38),
        "woman-plants": (0.38, 0.3, 0.56, 0.6),
        "open-plan-office": (0.52, 0.5, 0.7, 0.75),
    },
    "hands": {
        "hand-desk": (0.25, 0.35, 0.45, 0.6),
        "gestures": (0.6, 0.45, 0.72, 0.58),
        "man-dark-office": (0.4, 0.55, 0.76, 0.75),
    },
    "room": dict.fromkeys(("office-posters", "lecturer", "office-mask", "open-plan-office"), ANYWHERE),
    "dark text on light": dict.fromkeys(
        ("lecture-slides", "book-page", "notebook-markdown", "notebook-debugger", "made-screen-2"), ANYWHERE
    ),
    "light text on dark": dict.fromkeys(("image-viewer-menu", "made-screen-3", "made-screen-4"), ANYWHERE),
    "interface": dict.fromkeys(("charts-report", "made-screen-1"), ANYWHERE),
    "face at a webcam": {
        "man-webcam": _MAN_WEBCAM,
        "man-map": _MAN_MAP,
        "lecturer": (0.32, 0.25, 0.52, 0.5),
    },
}
"""The kinds, and which sources show each where. No source is a gallery, and none shows dark skin behind glasses."""


@dataclass(frozen=True)
class Crop:
    """A square of `SIDE_PX` in one picture of one recording of seed 0."""

    kind: str
    source: str
    level: str
    item: str
    """The picture, as `Position.item` has it."""
    left: int
    top: int
    inputs: str
    """`Recording.digest`: that of the pictures that it was drawn from."""


@cache
def crops(path: Path = LIST) -> tuple[Crop, ...]:
    """The committed list, in its order."""
    return tuple(Crop(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["crop"])


def draw_crops(data: Path, seed: int, kinds: Mapping[str, Mapping[str, Box]] = KINDS) -> Iterator[Crop]:
    """One crop of each kind: level, source, picture and place are drawn, and no source is drawn twice.

    Half of the kinds get each level. A place is as likely as it has detail in the original (energy of `detail_band`).

    Raises:
        DataError: as `sharp_pictures`; or a kind has no source left.
    """
    rng = random.Random(seed)
    levels = [LEVELS[i % len(LEVELS)] for i in range(len(kinds))]
    rng.shuffle(levels)
    by_name = {source.name: source for source in benchmark_sources()}
    free = set(by_name)
    for (kind, shown), level in zip(kinds.items(), levels, strict=True):
        left = [name for name in shown if name in free]
        if not left:
            raise DataError(f"No source is left for the crop of kind '{kind}'; each is drawn once.")
        name = rng.choice(left)
        free.remove(name)
        made = recording(by_name[name], sharp_pictures(by_name[name], data), level, 0)
        place = rng.choice(made.places)
        x, y = _place(place, shown[name], rng)
        yield Crop(kind, name, level, place.item, x, y, made.digest)


def _place(place: Position, box: Box, rng: random.Random) -> tuple[int, int]:
    """(left, top) of a square whose middle lies in the box, or as near to it as the picture's border lets it.

    Raises:
        DataError: the picture is smaller than the square.
    """
    luma = place.sharp[0]
    height, width = luma.shape
    if min(height, width) < SIDE_PX:
        raise DataError(f"A picture of {width}x{height} px is smaller than a crop of {SIDE_PX} px.")
    xs, ys = (_starts(low, high, side) for low, high, side in ((box[0], box[2], width), (box[1], box[3], height)))
    energy = detail_band(luma).astype(np.float64) ** 2
    sums = np.pad(energy, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    places = [(x, y) for y in ys for x in xs]
    weights = [
        sums[y + SIDE_PX, x + SIDE_PX] - sums[y, x + SIDE_PX] - sums[y + SIDE_PX, x] + sums[y, x] for x, y in places
    ]
    return rng.choices(places, [weight + 1e-6 for weight in weights])[0]


def _starts(low: float, high: float, side: int) -> Sequence[int]:
    """Multiples of `STEP_PX` where a square may start along one side."""
    last = (side - SIDE_PX) // STEP_PX * STEP_PX
    first, end = (min(max(share * side - SIDE_PX / 2, 0), last) for share in (low, high))
    first = int(first // STEP_PX * STEP_PX)
    return range(first, max(int(end), first) + 1, STEP_PX)


def crops_toml(drawn: Sequence[Crop], seed: int) -> str:
    """The list as it is committed."""
    lines = [
        "# Crops to look at, drawn by `python -m vidsharp.training.benchmark.crops DATA --out FILE` before any network",
        f"# that is judged by them was trained. Seed {seed}; {SIDE_PX}×{SIDE_PX} px. Not to be edited.",
    ]
    for crop in drawn:
        fields = {name: value if isinstance(value, int) else f'"{value}"' for name, value in vars(crop).items()}
        lines += ["", "[[crop]]", *(f"{name} = {value}" for name, value in fields.items())]
    return "\n".join(lines) + "\n"


def sources_of(chosen: Sequence[Crop]) -> list[BenchmarkSource]:
    """The sources that crops are cut from, each once.

    Raises:
        DataError: the benchmark has no such source.
    """
    by_name = {source.name: source for source in benchmark_sources()}
    unknown = [crop.source for crop in chosen if crop.source not in by_name]
    if unknown:
        raise DataError(f"The benchmark has no source '{unknown[0]}', which {LIST.name} names.")
    return [by_name[name] for name in dict.fromkeys(crop.source for crop in chosen)]


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
def main(data: Path, out: Path) -> None:
    """Draws the crops from the benchmark's files below DATA."""
    try:
        named = {name for shown in KINDS.values() for name in shown}
        check_sources(data, [source for source in benchmark_sources() if source.name in named])
        out.write_text(crops_toml(list(draw_crops(data, SEED)), SEED), encoding="utf-8")
    except (DataError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(out)


if __name__ == "__main__":
    main()
