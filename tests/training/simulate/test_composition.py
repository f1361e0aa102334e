"""Compositions: name tags that can be read."""

from PIL import ImageFont
from vidsharp.training.simulate.composition import NAMES


def test_the_font_has_every_letter_of_every_name() -> None:
    font = ImageFont.load_default(20)
    missing = bytes(font.getmask("\uffff"))
    assert {letter for name in NAMES for letter in name if bytes(font.getmask(letter)) == missing} == set()
