"""Words are right, wrong or missed: by place and by letters, each piece of a line only once."""

import itertools

import pytest
from vidsharp.reports.metrics.words import Box, Reading, Text, plain, readings, words_of


def line(text: str, top: float = 0, left: float = 0, width: float = 200) -> Text:
    return Text(text, Box(left, top, left + width, top + 20))


def word(text: str, top: float = 0, left: float = 50) -> Text:
    return Text(text, Box(left, top, left + 30, top + 20))


def one(wanted: str, *lines: Text) -> Reading | None:
    (reading,) = readings([word(wanted)], lines)
    return reading


def test_right_wrong_and_missed() -> None:
    assert one("Budget", line("The budget for May")) == "right"
    assert one("Budget", line("The hudget for May")) == "wrong"
    assert one("Budget", line("Budget", top=100)) == "missed"
    assert one("Budget") == "missed"
    assert readings([], [line("Budget")]) == []


def test_case_spaces_accents_and_marks_do_not_count() -> None:
    assert one("don't", line("We DON’T know")) == "right"
    assert one("Übersicht", line("ubersicht")) == "right"
    assert one("naïve", line("so nai\u0308ve")) == "right"
    assert one("Straße", line("STRASSE")) == "right"
    assert one("report", line("thequarterlyreportis")) == "right"
    assert one("ﬁle", line("a file")) == "right"
    assert plain("  Ça va? №5 ") == "cavano5"
    assert plain("—…") == ""


def test_short_words_and_marks_are_not_asked_for() -> None:
    assert readings([word("to"), word("—…!"), word(""), word("é!")], [line("to")]) == [None] * 4


def test_a_word_is_used_up_once() -> None:
    twice = [word("total"), word("total", left=90)]
    assert readings(twice, [line("total sum")]) == ["right", "wrong"]
    assert readings(twice, [line("total total")]) == ["right", "right"]
    assert readings(twice, [line("total"), line("total")]) == ["right", "right"]


def test_what_is_used_up_joins_no_letters() -> None:
    """`ab` + `cd` around a word that was found is not the word `abcd`."""
    assert readings([word("middle"), word("abcd")], [line("ab middle cd")]) == ["right", "wrong"]


def test_the_order_of_the_words_changes_nothing() -> None:
    words, lines = (
        [word("con"), word("concat"), word("cats"), word("concatenate")],
        [line("con concat cats concatenate")],
    )
    for order in itertools.permutations(words):
        assert set(readings(order, lines)) == {"right"}
    for order in itertools.permutations(words[1:]):
        found = dict(zip((w.text for w in order), readings(order, [line("concatenate cats")]), strict=True))
        assert found == {"concatenate": "right", "cats": "right", "concat": "wrong"}


@pytest.mark.parametrize(("left", "there"), [(0, True), (204, True), (206, False), (-4, True), (-6, False)])
def test_a_line_holds_a_word_whose_middle_lies_in_it_or_nearly(left: float, there: bool) -> None:
    middle = Text("budget", Box(left - 10, 0, left + 10, 20))
    assert readings([middle], [line("budget")]) == ["right" if there else "missed"]


def test_words_of_a_line_have_their_share_of_its_box() -> None:
    words = words_of([line("The new budget—2", width=160, left=10, top=5)])
    assert [w.text for w in words] == ["The", "new", "budget—2"]
    assert [(w.box.left, w.box.right) for w in words] == [(10, 40), (50, 80), (90, 170)]
    assert {(w.box.top, w.box.bottom) for w in words} == {(5, 25)}


def test_a_line_reads_its_own_words_right() -> None:
    lines = [line("Gross  margin by région, in %"), line("a b", top=40), line("", top=80)]
    words = words_of(lines)
    assert [plain(w.text) for w in words] == ["gross", "margin", "region"]
    assert readings(words, lines) == ["right"] * 3
