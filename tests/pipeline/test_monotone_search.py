"""The last place whose figure is large enough is found, in few looks."""

from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.monotone_search import MOST_LOOKS, last_at_least

_FALLING = st.lists(st.floats(0, 60), min_size=1, max_size=200).map(lambda figures: sorted(figures, reverse=True))


@given(figures=_FALLING, wanted=st.floats(-1, 61), data=st.data())
def test_a_place_that_is_found_is_large_enough_and_no_place_is_looked_at_twice(
    figures: list[float], wanted: float, data: st.DataObject
) -> None:
    looks: list[int] = []

    def figure(place: int) -> float:
        looks.append(place)
        return figures[place]

    start = data.draw(st.integers(0, len(figures) - 1))
    found = last_at_least(figure, wanted, len(figures) - 1, start)
    assert len(looks) == len(set(looks)) <= MOST_LOOKS
    assert (found is None) == (figures[0] < wanted)
    if found is not None:
        assert figures[found] >= wanted


@given(slope=st.floats(0.05, 2), start=st.integers(0, 176), wanted=st.floats(20, 60))
def test_on_an_even_slope_it_is_the_very_last_place(slope: float, start: int, wanted: float) -> None:
    figures = [60 - slope * place for place in range(177)]
    found = last_at_least(figures.__getitem__, wanted, 176, start)
    assert found == max(place for place in range(177) if figures[place] >= wanted)


def test_one_that_is_near_enough_ends_the_search() -> None:
    looks: list[int] = []

    def figure(place: int) -> float:
        looks.append(place)
        return 60 - 0.01 * place

    assert last_at_least(figure, 59.4, 100, 50, near=0.2) == 50
    assert looks == [50]
