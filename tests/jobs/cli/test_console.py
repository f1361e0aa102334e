"""Text for consoles that cannot show it all."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.jobs.cli.console import SPELT, spell_what_cannot_be_shown


def shown(text: str, encoding: str) -> str:
    """What a console of an encoding is given."""
    with pytest.MonkeyPatch.context() as patched:
        console = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
        patched.setattr(sys, "stdout", console)
        patched.setattr(sys, "stderr", console)
        spell_what_cannot_be_shown()
        console.write(text)
        console.flush()
        return console.buffer.getvalue().decode(encoding)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp850", "cp1252", "cp932", "latin-1"])
@given(text=st.text())
def test_any_text_can_be_printed(encoding: str, text: str) -> None:
    said = shown(text, encoding)
    assert bool(said) == bool(text)
    if text.isascii():
        assert said == text


def test_our_own_characters_are_spelt() -> None:
    assert shown("2× → 3 ≥ 1 … – ok", "ascii") == "2x -> 3 >= 1 ... - ok"
    assert all(spelt.isascii() and not one.isascii() for one, spelt in SPELT.items())


def test_what_can_be_shown_is_left_alone() -> None:
    assert shown("é → ✓", "utf-8") == "é → ✓"
    assert shown("é → ✓ 会", "latin-1") == "é -> ok \\u4f1a"


def test_streams_that_cannot_be_told_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    spell_what_cannot_be_shown()
    print("→")
    assert isinstance(sys.stdout, io.StringIO)
    assert sys.stdout.getvalue() == "→\n"
