"""Looks from text to number and back; what a student is asked for that it has not is refused in one sentence."""

import math

import pytest
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.look import (
    DEFAULT_LOOK,
    StudentLook,
    at_looks,
    check_look,
    chosen_look,
    look_name,
    named_at,
    parse_look,
)


@pytest.mark.parametrize(
    ("text", "look"), [(None, None), ("natural", 0.0), ("crisp", 1.0), ("0", 0.0), ("1", 1.0), ("0.25", 0.25)]
)
def test_text_becomes_a_number(text: str | None, look: float | None) -> None:
    assert parse_look(text) == look


@pytest.mark.parametrize("text", ["", "crispy", "Crisp", "0,5", "1.01", "-0.1", "nan", "inf"])
def test_other_text_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ModelError, match=r"natural, crisp, or a number between: 0 \(natural\) to 1 \(crisp\)\.$"):
        parse_look(text)


def test_minus_nothing_is_nothing() -> None:
    assert str(check_look(-0.0)) == str(parse_look("-0")) == str(chosen_look(0, 2, "fast")) == "0.0"


@pytest.mark.parametrize("look", [-1e-9, 1 + 1e-9, math.nan, math.inf])
def test_numbers_out_of_range(look: float) -> None:
    with pytest.raises(ModelError, match="out of range"):
        check_look(look)
    for looks in (1, 2):
        with pytest.raises(ModelError, match="out of range"):
            chosen_look(look, looks, "fast")


def test_a_student_with_two_looks_has_the_one_asked_for_or_its_default() -> None:
    assert [chosen_look(look, 2, "fast") for look in (None, 0.0, 0.3, 1.0)] == [DEFAULT_LOOK, 0.0, 0.3, 1.0]


def test_a_student_with_one_look_has_no_other() -> None:
    assert [chosen_look(look, 1, "fast") for look in (None, 0.0)] == [None, None]
    for look, said in ((1.0, "be crisp;"), (0.5, "be 0.5 of the way to crisp;")):
        with pytest.raises(ModelError, match=f"The student 'fast' has one look, natural, so it cannot {said}"):
            chosen_look(look, 1, "fast")


@pytest.mark.parametrize("look", [0.0, 1.0, 0.5, 0.1, 1 / 3])
def test_names_are_read_back(look: float) -> None:
    assert parse_look(look_name(look)) == look


def test_every_model_at_every_look_once() -> None:
    assert at_looks(["a", "b", "a"]) == (StudentLook("a"), StudentLook("b"))
    assert at_looks(["a", "b"], [1.0, 0.0, 1.0]) == tuple(
        StudentLook(*s) for s in [("a", 1.0), ("a", 0.0), ("b", 1.0), ("b", 0.0)]
    )
    assert [named_at("a", look) for look in (None, 0.0, 1.0, 0.5)] == ["a", "a natural", "a crisp", "a 0.5"]
    assert at_looks(["a"], [1.0], "restore") == (StudentLook("a", 1.0, "restore"),)
    assert named_at("a", None, "restore") == "a +chroma"
    assert [named_at("a", 1.0, each) for each in (None, "keep", "restore")] == ["a crisp", "a crisp", "a crisp +chroma"]
