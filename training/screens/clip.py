"""A clip of a screen: everything on it follows from its seed."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import overload

import numpy as np

from ..errors import ScreenError
from .desktop import windowed, with_face, with_pointer
from .layouts import HELD_OUT, LAYOUTS
from .scene import Scene, Stage
from .sheet import Word
from .style import draw_style

SMALLEST = (320, 180)
"""Width and height in px that all layouts can be drawn at."""


@dataclass(frozen=True)
class ScreenFrame:
    """One picture, and what can be read on it."""

    picture: np.ndarray
    """uint8 [H, W, 3] RGB, not to be written to: frames that look the same share it."""
    words: tuple[Word, ...]
    """Those that are whole: neither cut off at an edge nor hidden in part."""


@dataclass(frozen=True)
class ScreenClip:
    """A sharp screen recording."""

    layout: str
    fonts: tuple[str, ...]
    """Families, in the order of their names."""
    theme: str
    """Starts with `light` or `dark`."""
    fps: float
    frames: Sequence[ScreenFrame]
    """Drawn when asked for, in any order."""


def screen_clip(
    seed: int, width: int, height: int, frames: int, *, held_out: bool = False, faces: Sequence[Path] = ()
) -> ScreenClip:
    """The screen recording of a seed. Seeds that follow each other take the layouts in turn.

    A clip of fewer frames is the start of a longer one. Pictures depend on the arguments, the fonts of the extra
    [screens] and the release of Pillow, and on nothing else of the machine.

    Args:
        width, height: size of the pictures in px, at least 320x180.
        held_out: draw with the fonts and layouts that are set aside for the benchmark; else with none of them.
        faces: clips; one of them is shown as a small tile at a corner.

    Raises:
        ScreenError: a size or number of frames that cannot be; fonts that are not installed; no face to be had.
    """
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise ScreenError(f"A screen is at least {SMALLEST[0]}x{SMALLEST[1]} px, not {width}x{height}.")
    if frames < 1:
        raise ScreenError(f"A screen is shown for at least one frame, not {frames}.")
    layouts = HELD_OUT if held_out else LAYOUTS
    name = sorted(layouts)[seed % len(layouts)]
    rng = Random(f"screen {seed} {held_out}")
    style, fps = draw_style(rng, height, held_out), rng.choice((10.0, 15.0, 24.0, 25.0, 30.0, 30.0))
    stage = Stage(rng, style, width, height, frames, fps)
    scene = windowed(layouts[name], stage) if _roomy(stage) and rng.random() < 0.25 else layouts[name](stage)
    scene = with_face(scene, stage, faces) if faces else scene
    scene = with_pointer(scene, stage) if rng.random() < 0.7 else scene
    fonts = tuple(sorted({style.ui, style.text, style.mono}))
    return ScreenClip(name, fonts, style.theme.name, fps, _Frames(scene))


def _roomy(stage: Stage) -> bool:
    """Whether a window of two thirds of the picture is still large enough."""
    return stage.width * 2 // 3 >= SMALLEST[0] and stage.height * 2 // 3 >= SMALLEST[1]


class _Frames(Sequence[ScreenFrame]):
    """Frames by number; the last few pictures are kept, so that one that comes again is not drawn again."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._kept: OrderedDict[Hashable, ScreenFrame] = OrderedDict()

    def __len__(self) -> int:
        return len(self._scene.states)

    @overload
    def __getitem__(self, index: int) -> ScreenFrame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ScreenFrame]: ...
    def __getitem__(self, index: int | slice) -> ScreenFrame | Sequence[ScreenFrame]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        state = self._scene.states[index]
        frame = self._kept.get(state)
        if frame is None:
            sheet = self._scene.draw(state)
            sheet.pixels.flags.writeable = False
            frame = self._kept[state] = ScreenFrame(sheet.pixels, tuple(sheet.words))
            if len(self._kept) > 4:
                self._kept.popitem(last=False)
        return frame
