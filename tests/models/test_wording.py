"""Parts of sentences: right for one, for many, and for texts that run over lines."""

import pytest
from vidsharp.models.wording import counted, first_few, one_line


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 clips"), (1, "1 clip"), (2, "2 clips"), (1234, "1,234 clips")], ids=str
)
def test_a_count_goes_with_its_noun(count: int, said: str) -> None:
    assert counted(count, "clip") == said


def test_a_plural_may_have_a_form_of_its_own() -> None:
    assert (counted(1, "entry", "entries"), counted(2, "entry", "entries")) == ("1 entry", "2 entries")


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (list("abcde"), "a, b, c and 2 more")]
)
def test_of_many_names_the_first_few_are_said_and_the_rest_counted(names: list[str], said: str) -> None:
    assert first_few(names) == said


def test_an_error_is_one_line_and_never_empty() -> None:
    assert one_line(ValueError("two\n  lines")) == "two lines"
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("long " * 200))) <= 300
