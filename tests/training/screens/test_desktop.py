"""What lies over a scene: windows, pointer and face hide what is under them, and only that."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from vidsharp.training.errors import ScreenError
from vidsharp.training.screens import screen_clip
from vidsharp.training.screens.desktop import windowed, with_pointer
from vidsharp.training.screens.faces import FaceTile
from vidsharp.training.screens.layouts import LAYOUTS
from vidsharp.training.screens.scene import Scene, Stage
from vidsharp.training.screens.sheet import Sheet
from vidsharp.training.screens.style import draw_style

from tests.support.media import call
from tests.training.screens.needs import needs_fonts

pytestmark = needs_fonts


def stage(seed: int = 1, width: int = 800, height: int = 450, frames: int = 60) -> Stage:
    rng = Random(seed)
    return Stage(rng, draw_style(rng, height, False), width, height, frames, 15.0)


def text_everywhere(where: Stage) -> Scene:
    def draw(_: object) -> Sheet:
        sheet, pen = Sheet(where.width, where.height), where.style.pen(14, colour=(0, 0, 0))
        for baseline in range(20, where.height, 20):
            sheet.text(2, baseline, "all over the place " * 9, pen)
        return sheet

    return Scene([0] * where.frames, draw)


def test_pointer_hides_the_words_it_touches() -> None:
    on = stage()
    plain = text_everywhere(on).draw(0)
    scene = with_pointer(text_everywhere(on), on)
    hidden = 0
    for state in scene.states[::7]:
        sheet = scene.draw(state)
        changed = (sheet.pixels != plain.pixels).any(axis=2)
        kept = set(sheet.words)
        assert changed.any()
        assert kept <= set(plain.words)
        hidden += len(plain.words) - len(kept)
        for word in kept:
            assert not changed[word.top : word.top + word.height, word.left : word.left + word.width].any()
    assert hidden > 5


@pytest.mark.parametrize("seed", range(4))
def test_window_moves_and_keeps_its_words_in_it(seed: int) -> None:
    scene = windowed(LAYOUTS["document"], stage(seed))
    places = {str(state) for state in scene.states}
    assert len(places) > 5
    for state in (scene.states[0], scene.states[-1]):
        sheet = scene.draw(state)
        assert sheet.pixels.shape == (450, 800, 3)
        assert all(w.left >= 0 and w.left + w.width <= 800 and w.top + w.height <= 450 for w in sheet.words)


def test_face_comes_from_a_clip_and_moves(tmp_path: Path) -> None:
    call(tmp_path / "b.mp4", frames=12, size=(96, 64))
    with_face, without = (screen_clip(2, 480, 270, 30, faces=faces) for faces in ([tmp_path / "b.mp4"], []))
    before = {frame.picture.tobytes() for frame in without.frames}
    after = {frame.picture.tobytes() for frame in with_face.frames}
    assert not before & after
    assert len(after) >= 10
    again = screen_clip(2, 480, 270, 30, faces=[tmp_path / "b.mp4"])
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(with_face.frames, again.frames, strict=True))


def test_face_goes_back_and_forth(tmp_path: Path) -> None:
    call(tmp_path / "a.mkv", frames=5, size=(64, 48))
    tile = FaceTile(tmp_path / "a.mkv", 32, 24)
    shown = [tile.frame(number).tobytes() for number in range(12)]
    assert shown[:9] == [shown[n] for n in (0, 1, 2, 3, 4, 3, 2, 1, 0)]
    assert len(set(shown)) == 5


def test_clip_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"this is no film" * 99)
    with pytest.raises(ScreenError, match=r"'.*a\.mp4' has no picture that can be decoded"):
        _ = screen_clip(0, 320, 180, 1, faces=[tmp_path / "a.mp4"]).frames[0]
