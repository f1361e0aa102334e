"""Motion: inside its limits, moving, and the same from the start however long it goes on."""

import itertools
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from vidsharp.training.screens.motion import blinking, changes, scrolling, typing, wandering

rates = st.sampled_from([5.0, 10.0, 29.97, 60.0])


@given(st.integers(0, 999), rates, st.integers(-5, 5000), st.integers(0, 60))
def test_scrolling_stays_in_the_page(seed: int, fps: float, limit: int, line: int) -> None:
    offsets = scrolling(Random(seed), 300, fps, limit, line)
    assert len(offsets) == 300
    assert all(0 <= offset <= max(limit, 0) for offset in offsets)
    assert scrolling(Random(seed), 100, fps, limit, line) == offsets[:100]


@given(st.integers(0, 999), rates, st.integers(1, 3000), st.integers(1, 2000))
def test_pointer_stays_on_the_screen(seed: int, fps: float, width: int, height: int) -> None:
    points = wandering(Random(seed), 300, fps, width, height)
    assert all(0 <= x < width and 0 <= y < height for x, y in points)
    assert wandering(Random(seed), 100, fps, width, height) == points[:100]


@given(st.integers(0, 999), rates, st.integers(0, 80))
def test_typing_adds_characters_up_to_the_last(seed: int, fps: float, length: int) -> None:
    counts = typing(Random(seed), 300, fps, length)
    assert all(0 <= count <= max(length, 1) for count in counts)
    assert all(after >= before or after == 0 for before, after in itertools.pairwise(counts))


@given(st.integers(0, 999), rates)
def test_changes_count_up_by_one(seed: int, fps: float) -> None:
    counts = changes(Random(seed), 300, fps, 0.2, 0.9)
    assert all(after - before in (0, 1) for before, after in itertools.pairwise(counts))
    assert counts[-1] >= int(300 / fps / 1.2)


def test_caret_blinks() -> None:
    shown = blinking(60, 30)
    assert shown[0]
    assert not shown[20]
    assert shown[40]
