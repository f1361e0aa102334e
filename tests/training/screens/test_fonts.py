"""Fonts: from the packages that are pinned, or one sentence."""

import tomllib
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from vidsharp.training.errors import ScreenError
from vidsharp.training.screens import FAMILIES, Family, fonts, prose
from vidsharp.training.screens.fonts import Face, load

from tests.training.screens.needs import needs_fonts

_NOT_A_LETTER = "\U000f1234"


def test_extra_pins_each_family() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    pinned = project["optional-dependencies"]["screens"]
    assert sorted(pinned) == sorted(f"{family.package}=={family.version}" for family in FAMILIES)


def drawn(font: ImageFont.FreeTypeFont, text: str) -> np.ndarray:
    picture = Image.new("L", (400, 80))
    ImageDraw.Draw(picture).text((20, 10), text, fill=255, font=font)
    return np.asarray(picture).astype(int)


@needs_fonts
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family_has_all_letters_and_its_licence(family: Family) -> None:
    used = {letter for words in prose.LANGUAGES.values() for word in words for letter in word + word.upper()}
    used |= set("".join(prose.PLACES) + "0123456789.,:;!?%+-=()[]{}<>/\\#$&*\"'_~@·")
    for face in (Face(family.name), Face(family.name, 700), Face(family.name, italic=True)):
        font = load(face, 40)
        missing = drawn(font, _NOT_A_LETTER)
        assert not [letter for letter in sorted(used) if np.array_equal(drawn(font, letter), missing)], face
    metadata = distribution(family.package).metadata
    assert metadata["License-Expression"] == family.licence


@needs_fonts
def test_bold_has_more_ink() -> None:
    for family in FAMILIES:
        plain, bold = (drawn(load(Face(family.name, weight), 48), "Hamburg") for weight in (400, 700))
        if family.name != "DM Mono":  # has no bold
            assert bold.sum() > plain.sum() * 1.08, family.name


@pytest.fixture
def _forgetful() -> None:
    load.cache_clear()
    fonts._folder.cache_clear()


@pytest.mark.usefixtures("_forgetful")
def test_missing_family_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fonts._BY_NAME, "Gone", Family("Gone", "sans", "1.0", "Gone"))
    with pytest.raises(ScreenError, match=r"^The font family Gone .* is missing; .*vidsharp\[screens\]'\.$"):
        load(Face("Gone"), 12)


@needs_fonts
@pytest.mark.usefixtures("_forgetful")
def test_other_version_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fonts._BY_NAME, "Inter", Family("Inter", "sans", "0.1", "Inter", "opsz,wght"))
    with pytest.raises(ScreenError, match=r"^fontpkg-inter 4.* is installed, but .* 0\.1; .*vidsharp\[screens\]'\.$"):
        load(Face("Inter"), 12)
