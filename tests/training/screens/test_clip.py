"""Screens as they come out: the same for a seed, with words that are really there."""

import hashlib
import itertools
from random import Random

import numpy as np
import pytest
from vidsharp.training.errors import ScreenError
from vidsharp.training.screens import FAMILIES, HELD_OUT, LAYOUTS, ScreenClip, Word, screen_clip
from vidsharp.training.screens.glyphs import Smoothing
from vidsharp.training.screens.style import THEMES, draw_style

from tests.training.screens.needs import needs_fonts

pytestmark = needs_fonts
TRAINED, SET_ASIDE = range(len(LAYOUTS)), range(len(HELD_OUT))
SIZES = ((320, 180), (321, 243), (854, 480))


def clips(width: int, height: int, frames: int, held_out: bool, first: int = 0) -> list[ScreenClip]:
    """One of each layout."""
    seeds = SET_ASIDE if held_out else TRAINED
    return [screen_clip(first + seed, width, height, frames, held_out=held_out) for seed in seeds]


def digest(clip: ScreenClip) -> str:
    pixels = hashlib.sha256()
    for frame in clip.frames:
        pixels.update(frame.picture.tobytes())
        pixels.update(repr(frame.words).encode())
    return pixels.hexdigest()


@pytest.mark.parametrize("held_out", [False, True])
def test_same_seed_gives_same_pictures_and_words(held_out: bool) -> None:
    first, second = clips(480, 270, 12, held_out, 40), clips(480, 270, 12, held_out, 40)
    assert [digest(clip) for clip in first] == [digest(clip) for clip in second]
    assert len({digest(clip) for clip in first}) == len(first)


def test_seeds_in_turn_show_every_layout() -> None:
    assert {clip.layout for clip in clips(320, 180, 1, False, 7)} == set(LAYOUTS)
    assert {clip.layout for clip in clips(320, 180, 1, True, 7)} == set(HELD_OUT)
    assert screen_clip(0, 320, 180, 1).layout != screen_clip(1, 320, 180, 1).layout


def test_frames_can_be_asked_for_in_any_order() -> None:
    forwards, backwards = screen_clip(3, 480, 270, 20), screen_clip(3, 480, 270, 20)
    pictures = [frame.picture for frame in forwards.frames]
    for number in reversed(range(20)):
        assert np.array_equal(backwards.frames[number].picture, pictures[number])
    assert len(backwards.frames[5:9]) == 4


@pytest.mark.parametrize("seed", TRAINED)
def test_shorter_clip_is_the_start_of_a_longer_one(seed: int) -> None:
    short, long = screen_clip(seed, 640, 360, 6), screen_clip(seed, 640, 360, 60)
    for number in (5, 0, 3):
        assert np.array_equal(short.frames[number].picture, long.frames[number].picture)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("held_out", [False, True])
def test_every_layout_draws_words_inside_the_picture(width: int, height: int, held_out: bool) -> None:
    for clip in clips(width, height, 8, held_out, 100):
        frame = clip.frames[7]
        assert frame.picture.shape == (height, width, 3)
        assert frame.picture.dtype == np.uint8
        assert frame.words, clip.layout
        for word in frame.words:
            assert word.text
            assert not any(map(str.isspace, word.text))
            assert word.left >= 0
            assert word.top >= 0
            assert word.left + word.width <= width
            assert word.top + word.height <= height
            assert 9 <= word.font_px <= 60


def ink_share(picture: np.ndarray, word: Word) -> tuple[float, int]:
    """Share of the box that differs from what is behind it and around it, and the largest difference."""
    top, left, bottom, right = word.top, word.left, word.top + word.height, word.left + word.width
    around = picture[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2].reshape(-1, 3)
    colours, counts = np.unique(around, axis=0, return_counts=True)
    box = picture[top:bottom, left:right].reshape(-1, 3).astype(int)
    away = np.abs(box - colours[counts.argmax()]).max(axis=1)
    return float((away > 24).mean()), int(away.max())


@pytest.mark.parametrize("held_out", [False, True])
def test_box_of_a_word_holds_its_ink(held_out: bool) -> None:
    for clip in clips(800, 450, 30, held_out, 200):
        for frame in (clip.frames[0], clip.frames[29]):
            for word in frame.words:
                share, contrast = ink_share(frame.picture, word)
                assert contrast >= 50, (clip.layout, word)
                assert share > 0.02, (clip.layout, word)


def test_words_move_with_the_picture() -> None:
    """Where a word stands in two frames at different places, its pixels are the same there."""
    moved = 0
    for clip in clips(400, 225, 40, False, 500):
        first, last = clip.frames[0], clip.frames[39]
        before = {(w.text, w.width, w.height, w.font_px): w for w in first.words if len(w.text) > 5}
        for word in last.words:
            old = before.get((word.text, word.width, word.height, word.font_px))
            if old is None or (old.left, old.top) == (word.left, word.top) or clip.layout in ("map", "chart"):
                continue
            a = first.picture[old.top : old.top + old.height, old.left : old.left + old.width].astype(int)
            b = last.picture[word.top : word.top + word.height, word.left : word.left + word.width].astype(int)
            moved += int(np.abs(a - b).max() == 0)
    assert moved > 20


def test_words_on_one_frame_do_not_overlap() -> None:
    for clip in clips(640, 360, 1, False, 300):
        covered = np.zeros((360, 640), np.uint8)
        for word in clip.frames[0].words:
            # letters with tails may lean into the box beside theirs: only the middle counts
            y, x = word.top + word.height // 4, word.left + word.width // 4
            covered[y : y + word.height // 2, x : x + word.width // 2] += 1
        assert covered.max() <= 1, clip.layout


def test_held_out_fonts_and_layouts_are_never_trained_on() -> None:
    set_aside = {family.name for family in FAMILIES if family.held_out}
    assert not set(LAYOUTS) & set(HELD_OUT)
    for clip in clips(320, 180, 1, False):
        assert not set(clip.fonts) & set_aside
    for clip in clips(320, 180, 1, True):
        assert set(clip.fonts) <= set_aside
        assert clip.layout in HELD_OUT


@pytest.mark.parametrize("held_out", [False, True])
def test_styles_use_all_families_of_their_side_and_no_other(held_out: bool) -> None:
    styles = [draw_style(Random(seed), 720, held_out) for seed in range(400)]
    used = {family for style in styles for family in (style.ui, style.text, style.mono)}
    assert used == {family.name for family in FAMILIES if family.held_out == held_out}
    assert {style.theme for style in styles} == set(THEMES)
    assert {style.smoothing for style in styles} == set(Smoothing)
    assert {style.body for style in styles} >= {9, 10, 12, 14, 16, 20, 28}


def test_there_are_many_layouts_and_families() -> None:
    assert len(LAYOUTS) >= 12
    assert sum(not family.held_out for family in FAMILIES) >= 20


def test_letters_are_9_to_60_px() -> None:
    """Small ones in windows that show much, large ones on slides."""
    first = sorted(LAYOUTS).index("slides")
    seeds = (*range(8), *(first + turn * len(LAYOUTS) for turn in range(3)))
    sizes = {word.font_px for seed in seeds for word in screen_clip(seed, 1280, 720, 1).frames[0].words}
    assert min(sizes) == 9
    assert max(sizes) == 60
    assert len(sizes) >= 15


@pytest.mark.parametrize("held_out", [False, True])
def test_every_layout_moves_within_four_seconds(held_out: bool) -> None:
    for clip in clips(400, 240, 120, held_out, 400):
        first = clip.frames[0].picture
        assert any(not np.array_equal(clip.frames[n].picture, first) for n in range(1, 120, 4)), clip.layout


def test_frames_that_look_the_same_share_their_picture() -> None:
    shared = 0
    for clip in clips(320, 180, 40, False):
        pictures = [frame.picture for frame in clip.frames]
        shared += sum(a is b for a, b in itertools.pairwise(pictures))
        assert not any(picture.flags.writeable for picture in pictures)
    assert shared > 100


@pytest.mark.parametrize(("width", "height", "frames"), [(319, 180, 1), (320, 179, 1), (0, 0, 1), (320, 180, 0)])
def test_what_cannot_be_drawn_is_said_in_a_sentence(width: int, height: int, frames: int) -> None:
    with pytest.raises(ScreenError, match=r"^A screen is .*\.$"):
        screen_clip(0, width, height, frames)
