"""Sheets: ink, boxes, and what hides words."""

import numpy as np
import pytest
from vidsharp.training.screens.fonts import Face
from vidsharp.training.screens.glyphs import Smoothing, ink
from vidsharp.training.screens.sheet import Pen, Sheet

from tests.training.screens.needs import needs_fonts

pytestmark = needs_fonts
BLACK = (0, 0, 0)


def pen(smoothing: Smoothing = Smoothing.HINTED, px: int = 20) -> Pen:
    return Pen(Face("Inter"), px, BLACK, smoothing)


@pytest.mark.parametrize("smoothing", list(Smoothing))
@pytest.mark.parametrize("px", [9, 13, 37, 60])
def test_box_is_just_the_ink(smoothing: Smoothing, px: int) -> None:
    sheet = Sheet(400, 100)
    sheet.text(7, 70, "Wąqy", pen(smoothing, px))
    (word,) = sheet.words
    rows, columns = np.nonzero((sheet.pixels < 255).any(axis=2))
    assert (word.left, word.top) == (columns.min(), rows.min())
    assert (word.left + word.width, word.top + word.height) == (columns.max() + 1, rows.max() + 1)
    assert word.font_px == px


def test_smoothing_is_what_it_says() -> None:
    shades = {}
    for smoothing in Smoothing:
        sheet = Sheet(200, 60)
        sheet.text(5, 40, "Slant", pen(smoothing, 25))
        shades[smoothing] = sheet.pixels.reshape(-1, 3).astype(int)
    assert set(np.unique(shades[Smoothing.NONE])) == {0, 255}
    for smoothing in (Smoothing.HINTED, Smoothing.GREY):
        assert np.ptp(shades[smoothing], axis=1).max() == 0
        assert len(np.unique(shades[smoothing])) > 20
    for smoothing in (Smoothing.RGB, Smoothing.BGR):
        assert np.ptp(shades[smoothing], axis=1).max() > 60
    assert np.array_equal(shades[Smoothing.RGB], shades[Smoothing.BGR][:, ::-1])
    grey, stripes = (255.0 - shades[each].mean() for each in (Smoothing.GREY, Smoothing.RGB))
    assert stripes == pytest.approx(grey, rel=0.01)  # filtering moves ink, and neither adds nor takes any


def test_text_becomes_words_with_their_punctuation() -> None:
    sheet = Sheet(600, 60)
    sheet.runs(4, 40, [("def", (200, 0, 0)), (" run", BLACK), ("(x,", (0, 0, 200)), (" y):", BLACK)], pen())
    assert [word.text for word in sheet.words] == ["def", "run(x,", "y):"]


def test_words_past_the_limit_are_left_out_and_cut_ones_not_counted() -> None:
    sheet = Sheet(100, 60)
    sheet.text(4, 40, "one two three four five", pen(), until=90)
    assert [word.text for word in sheet.words] == ["one", "two"]
    cut = Sheet(100, 60)
    cut.text(70, 40, "wide", pen())
    assert not cut.words
    assert cut.pixels.min() == 0


def test_what_is_drawn_over_a_word_takes_it_away() -> None:
    sheet = Sheet(300, 60)
    sheet.text(4, 40, "left right", pen())
    right = sheet.words[1]
    sheet.rect(right.left + right.width - 1, 0, 5, 60, BLACK)
    assert [word.text for word in sheet.words] == ["left"]


def test_paste_takes_whole_words_to_their_new_place() -> None:
    source, target = Sheet(300, 200), Sheet(200, 100, BLACK)
    for baseline in (40, 90, 140):
        source.text(10, baseline, f"row{baseline}", pen())
    target.text(20, 95, "under", pen())
    target.paste(source, 30, 20, 150, 80, 0, source.words[1].top)
    assert [word.text for word in target.words] == ["row90", "row140"]
    new, old = target.words[0], source.words[1]
    assert (new.left, new.top) == (old.left + 30, 20)
    assert np.array_equal(
        target.pixels[new.top : new.top + new.height, new.left : new.left + new.width],
        source.pixels[old.top : old.top + old.height, old.left : old.left + old.width],
    )
    target.paste(source, 30, 20, 150, 80, 0, source.words[1].top + 1)  # its first row is cut off
    assert [word.text for word in target.words] == ["row140"]


def test_paste_half_off_the_sheet() -> None:
    source, target = Sheet(100, 60), Sheet(100, 60)
    source.text(10, 40, "hi you", pen())
    target.paste(source, -20, 0, 100, 60)
    assert [word.text for word in target.words] == ["you"]
    assert target.words[0].left == source.words[1].left - 20
    assert np.array_equal(target.pixels[:, :80], source.pixels[:, 20:])


def test_blank_has_no_ink() -> None:
    assert ink(Face("Inter"), 20, " ", Smoothing.RGB).coverage.size == 0
