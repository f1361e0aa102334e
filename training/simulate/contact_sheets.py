"""Contact sheets to look at: what each kind of line makes of a picture, soft and sharp side by side at 2×.

    python -m vidsharp.training.simulate.contact_sheets DATA --out docs/lines

DATA holds `train/photos`. Faces are portraits that are set aside, so that no one is trained on; screens are drawn.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from av import VideoFrame
from PIL import Image, ImageDraw, ImageFont

from ...models.open_media import PHOTOS, open_media
from ...models.planes.picture import busiest
from ..benchmark.sources import is_set_aside
from ..errors import ScreenError, SimulationError
from ..screens import screen_clip
from ..screens.contact_sheet import contact_sheet, save_picture
from ..screens.layouts import LAYOUTS
from .call import SimulatedCall, simulate_call
from .draw import NO_CAMERA, draw_parameters
from .encoders import ENCODERS
from .parameters import Composition, FrameDip, LineParameters, Loss, RateStep, Recorder, SizeStep
from .scaling import scaled

SIZE = (512, 384)
"""Of the call's pictures, in px."""
LENGTH = 48
"""Pictures of a call; a call is looked at in the last of them where nothing else is said."""
LARGEST_BYTES = 120_000
FACE = (176, 128)
WORDS = (256, 112)
"""Width and height in px of what is cut out and enlarged."""


@dataclass(frozen=True)
class Cell:
    """A soft and a sharp picture of the same moment, uint8 RGB [h, w, 3], and what is said of them."""

    caption: str
    soft: np.ndarray
    sharp: np.ndarray


Frames = list[VideoFrame]


def plain_line(level: str, encoder: str | None = None) -> LineParameters:
    """The bare line of a level, with nothing else that may happen to a call: the encoder alone is seen."""
    drawn = draw_parameters(level, 3, "all", encoder=encoder)
    if drawn.encoder is None:
        return drawn
    return replace(
        drawn,
        speed=ENCODERS[drawn.encoder].speeds[-1],
        rates=(RateStep(0, 1.0),),
        keyframe_interval=None,
        dips=(),
        losses=(),
        camera=NO_CAMERA,
        recorder=Recorder("h264", 21),
    )


def light(portraits: Sequence[Frames]) -> list[Cell]:
    """Each filter that scales down and up."""
    line = plain_line("light")
    return [
        _cell(f"light, {by.lower()}", _call(frames, replace(line, down_filter=by, up_filter=by)), LENGTH - 1)
        for by in ("BICUBIC", "BILINEAR", "AREA")
        for frames in portraits[:2]
    ]


def of_encoder(encoder: str) -> Callable[[Sequence[Frames]], list[Cell]]:
    """Three levels with one encoder, two portraits each."""

    def cells(portraits: Sequence[Frames]) -> list[Cell]:
        return [
            _cell(f"{level}, {encoder}, picture {LENGTH - 1}", _call(frames, plain_line(level, encoder)), LENGTH - 1)
            for level in ("medium", "heavy", "compressed")
            for frames in portraits[:2]
        ]

    return cells


def switching(portraits: Sequence[Frames]) -> list[Cell]:
    """One call over time: a quarter of the size, half, all, and back."""
    sizes = (SizeStep(0, 4.0), SizeStep(12, 2.0), SizeStep(24, 1.0), SizeStep(36, 4.0))
    call = _call(portraits[2], replace(plain_line("switching", "vp8"), sizes=sizes))
    said = "picture {}, sent at {}x{}, {} after a keyframe"
    cells: list[Cell] = []
    for number in (11, 12, 23, 24, 35, 36, 40, 47):
        facts = call.facts[number]
        caption = said.format(number, facts.sent_width, facts.sent_height, facts.since_keyframe)
        cells.append(_cell(caption, call, number))
    return cells


def compositions(portraits: Sequence[Frames]) -> list[Cell]:
    """Whole recorded pictures: a strip of others, black bars, two equal tiles."""
    tiles = {
        "strip": Composition("strip", 0.7, 0.1, 0.5, "Priya S."),
        "bars": Composition("bars", 0.86, 0.4, 0.5, "O. Nilsen"),
        "grid (never trained on)": Composition("grid", 0.47, 0.1, 0.5, "Room 4.12"),
    }
    cells: list[Cell] = []
    for frames, (name, tile) in zip(portraits, tiles.items(), strict=False):
        line = replace(plain_line("medium", "h264"), composition=tile)
        small = [scaled(frame, 320, 240, "BICUBIC") for frame in frames]
        cells.append(_cell(f"medium, {name}", _call(small, line), LENGTH - 1, (0, 0), (320, 240)))
    return cells


def faults(portraits: Sequence[Frames]) -> list[Cell]:
    """Noise, focus, losses, repeated pictures and a rate that falls."""
    line, frames = plain_line("medium", "h264"), portraits[3]
    lost = Loss(30, 3, frozen=False, recovery=12)
    seen = {
        "noise, sigma 3.5": (replace(line, camera=replace(NO_CAMERA, noise=3.5)), 47),
        "focus 1.4": (replace(line, camera=replace(NO_CAMERA, focus=1.4)), 47),
        "nothing else": (line, 47),
        "3 lost, the decoder went on": (replace(line, losses=(lost,)), 34),
        "3 lost, frozen: sharp stands, too": (replace(line, losses=(replace(lost, frozen=True),)), 40),
        "after the keyframe that was asked for": (replace(line, losses=(lost,)), 46),
        "one picture in three, repeated": (replace(line, dips=(FrameDip(20, 48, 3),)), 46),
        "rate halved for a second": (replace(line, rates=(RateStep(0, 1.0), RateStep(18, 0.5))), 47),
    }
    return [_cell(f"medium, {said}", _call(frames, each), number) for said, (each, number) in seen.items()]


def screens(level: str) -> Callable[[Sequence[Frames]], list[Cell]]:
    """Drawn slides, an editor and a terminal over two lines."""

    def cells(_: Sequence[Frames]) -> list[Cell]:
        names = sorted(LAYOUTS)
        made: list[Cell] = []
        for layout, encoder in (("slides", "h264"), ("editor", "vp8"), ("terminal", "av1")):
            clip = screen_clip(names.index(layout) + 2 * len(names), *SIZE, LENGTH)
            frames = [scaled(_rgb(frame.picture), *SIZE, "BICUBIC") for frame in clip.frames]
            luma = frames[-1].to_ndarray()[: SIZE[1]].astype(np.float32)
            top, left = busiest(np.abs(np.diff(luma, axis=1)), WORDS[1], WORDS[0])
            call = _call(frames, plain_line(level, encoder))
            made.append(_cell(f"{level}, {encoder}, {layout}", call, LENGTH - 1, (left, top), WORDS))
        return made

    return cells


SHEETS: Mapping[str, Callable[[Sequence[Frames]], list[Cell]]] = {
    "light": light,
    **{name: of_encoder(name) for name in ("h264", "h264-unfiltered", "vp8", "vp9", "av1", "hevc")},
    "switching": switching,
    "composed": compositions,
    "faults": faults,
    "screens-medium": screens("medium"),
    "screens-heavy": screens("heavy"),
}


def portraits_of(data: Path) -> list[Frames]:
    """Calls of four people who are set aside, sharp: a window that glides over their portraits.

    Raises:
        SimulationError: they are not there.
    """
    files = [file for file in sorted((data / "train" / "photos").glob("house_*.jpg")) if is_set_aside(file)][:4]
    if len(files) < 4:
        raise SimulationError(f"'{data}' has {len(files)} of the portraits that are set aside; 4 are needed.")
    return [_portrait(file) for file in files]


def _portrait(file: Path) -> Frames:
    with open_media(file, PHOTOS) as container:
        photo = next(container.decode(video=0)).to_ndarray(format="rgb24", threads=1)
    high, wide = (side * 15 // 16 for side in photo.shape[:2])
    high = min(high, wide * SIZE[1] // SIZE[0])
    step = (photo.shape[1] - wide) / LENGTH
    frames: Frames = []
    for t in range(LENGTH):
        left, top = int(step * t), photo.shape[0] // 16 + int(step * t / 3)
        frames.append(scaled(_rgb(photo[top : top + high, left : left + wide]), *SIZE, "BICUBIC"))
    return frames


def _rgb(picture: np.ndarray) -> VideoFrame:
    return VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")


def _call(frames: Frames, parameters: LineParameters) -> SimulatedCall:
    return simulate_call(frames, parameters.level, 0, parameters=parameters)


def _cell(
    caption: str,
    call: SimulatedCall,
    number: int,
    place: tuple[int, int] | None = None,
    size: tuple[int, int] = FACE,
) -> Cell:
    """A window of one moment at 2×; without a place, where the eyes are."""
    left, top = place or ((SIZE[0] - size[0]) // 2, (SIZE[1] - size[1]) * 5 // 9)
    soft, sharp = (
        scaled(frame, frame.width, frame.height, "BICUBIC", "rgb24")
        .to_ndarray()[top : top + size[1], left : left + size[0]]
        .repeat(2, axis=0)
        .repeat(2, axis=1)
        for frame in (call.soft[number], call.sharp[number])
    )
    return Cell(caption, soft, sharp)


def sheet_of(cells: Sequence[Cell]) -> np.ndarray:
    """Cells of one size with their captions above them, two beside each other where there is room: RGB."""
    columns = 1 if cells[0].soft.shape[1] > 400 else 2
    return contact_sheet([_captioned(cell) for cell in cells], columns)


def _captioned(cell: Cell) -> np.ndarray:
    gap = np.full((cell.soft.shape[0], 4, 3), 255, np.uint8)
    pair = np.concatenate([cell.soft, gap, cell.sharp], axis=1)
    bar = Image.new("RGB", (pair.shape[1], 22), (32, 32, 32))
    ImageDraw.Draw(bar).text((6, 3), f"{cell.caption}: soft | sharp", fill="white", font=ImageFont.load_default(13))
    return np.concatenate([np.asarray(bar), pair])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=SHEETS, default=list(SHEETS), help="some of them")
    args = parser.parse_args()
    try:
        portraits = portraits_of(args.data)
        args.out.mkdir(parents=True, exist_ok=True)
        for name in args.only:
            save_picture(args.out / f"{name}.jpg", sheet_of(SHEETS[name](portraits)), LARGEST_BYTES)
    except (SimulationError, ScreenError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
