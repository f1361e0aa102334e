"""Compositions: name tags that can be read."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from vidsharp.training.simulate.composition import NAMES


def drawn(letter: str) -> bytes:
    picture = Image.new("L", (40, 40))
    ImageDraw.Draw(picture).text((4, 4), letter, fill=255, font=ImageFont.load_default(20))
    return np.asarray(picture).tobytes()


def test_the_font_has_every_letter_of_every_name() -> None:
    missing = drawn("\uffff")
    assert {letter for name in NAMES for letter in name if drawn(letter) == missing} == set()
