"""A recording is due once when it has come to rest, and again when it has changed."""

from hypothesis import given
from hypothesis import strategies as st
from vidsharp.jobs.watching.settling import Settling


def test_a_file_that_grows_waits_until_it_rests() -> None:
    settling = Settling(10)
    assert settling.due({"a": 1}, 0) == set()
    assert settling.due({"a": 2}, 9) == set()
    assert settling.due({"a": 2}, 18.9) == set()
    assert settling.due({"a": 2}, 19) == {"a"}
    assert settling.due({"a": 2}, 20) == {"a"}, "until it is dealt with"
    settling.dealt_with({"a"})
    assert settling.due({"a": 2}, 1000) == set()


def test_what_changed_after_it_was_dealt_with_is_due_again() -> None:
    settling = Settling(0)
    assert settling.due({"a": 1}, 0) == {"a"}
    settling.dealt_with({"a"})
    assert settling.due({"a": 2}, 1) == {"a"}


def test_what_changed_while_it_was_worked_on_is_due_again() -> None:
    settling = Settling(10)
    settling.due({"a": 1}, 0)
    assert settling.due({"a": 1}, 10) == {"a"}
    settling.dealt_with({"a"})  # in the state that was seen
    assert settling.due({"a": 2}, 11) == set()
    assert settling.due({"a": 2}, 21) == {"a"}


def test_what_has_gone_is_forgotten_and_comes_as_new() -> None:
    settling = Settling(0)
    settling.due({"a": 1}, 0)
    settling.dealt_with({"a"})
    assert settling.due({}, 1) == set()
    assert settling.due({"a": 1}, 2) == {"a"}


looks = st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)), max_size=30)


@given(looks, st.integers(0, 5))
def test_nothing_is_due_that_changed_within_the_time(states: list[dict[str, int]], settle: int) -> None:
    settling = Settling(settle)
    for now, found in enumerate(states):
        due = settling.due(found, now)
        for name in due:
            rested = states[max(0, now - settle) : now + 1]
            assert now >= settle
            assert all(look.get(name) == found[name] for look in rested)
        settling.dealt_with(due)
        assert not settling.due(found, now), "each state once"
