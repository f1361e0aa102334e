"""A part has the pictures that begin in it: parts in a row have each picture once, and what is not there is said."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.part import WHOLE_CLIP, Part
from vidsharp.pipeline.plan import WHOLE, PacketTiming
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.window import Window, pictures_of

from tests.support import media


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    """Of a recording that is to begin at 2 s by its own clock, with a tick of a millisecond."""
    clip = media.call(tmp_path_factory.mktemp("window") / "a.mkv", frames=2, size=(64, 48), audio=0)
    return replace(probe(clip.path), start=Fraction(2))


def packets(times: list[int]) -> list[PacketTiming]:
    return [PacketTiming(time, time, 1, True, True) for time in times]


TIMES = st.lists(st.integers(2000, 9000), min_size=1, max_size=30).map(sorted)


@given(times=TIMES, cuts=st.lists(st.floats(0.001, 8), max_size=4).map(sorted))
def test_parts_in_a_row_have_each_picture_once(times: list[int], cuts: list[float], info: ClipInfo) -> None:
    found: list[int] = []
    for start, end in pairwise([None, *cuts, None]):
        try:
            low, high = pictures_of(Part(start, end), info, packets(times))
        except MediaError:
            continue
        found += [time for time in times if (low is None or time >= low) and (high is None or time < high)]
    assert found == times


@given(times=TIMES, start=st.floats(0, 7.2))
def test_the_first_picture_is_the_first_that_begins_there(times: list[int], start: float, info: ClipInfo) -> None:
    """Half a millisecond is what clocks round away."""
    inside = [time for time in times if time / 1000 - 2 >= start - 0.00051]
    if not inside:
        with pytest.raises(MediaError, match=r"shows its last picture at \d\.\d{3} s, before --start"):
            pictures_of(Part(start), info, packets(times))
    elif all(abs(time / 1000 - 2 - start + 0.0005) > 1e-4 for time in times):
        low, _ = pictures_of(Part(start), info, packets(times))
        assert (times[0] if low is None else low) == inside[0]
        assert low is None or low > times[0], "nothing is cut away before the first picture"


def test_a_time_as_tables_write_it_finds_its_picture(info: ClipInfo) -> None:
    fine = replace(info, time_base=Fraction(1, 90000), start=Fraction(0))
    thirds = packets([3000 * n for n in range(90)])  # 30 a second
    for number in (1, 2, 10, 11, 59):
        written = round(number / 30, 3)
        assert pictures_of(Part(written, written + 0.01), fine, thirds) == (3000 * number, 3000 * (number + 1))


def test_a_part_without_pictures_is_said(info: ClipInfo) -> None:
    times = packets([2000, 2100, 5000])
    with pytest.raises(MediaError, match=r"a\.mkv shows no new picture from 1 to 2\.5 s"):
        pictures_of(Part(1, 2.5), info, times)
    assert pictures_of(Part(1, 3.5), info, times) == (5000, None)
    assert pictures_of(WHOLE_CLIP, info, times) == WHOLE
    assert pictures_of(Part(None, 100), info, times) == WHOLE


def test_without_times_there_are_no_parts(info: ClipInfo) -> None:
    untimed = [PacketTiming(None, n, 1, True, True) for n in range(3)]
    assert pictures_of(WHOLE_CLIP, info, untimed) == WHOLE
    with pytest.raises(MediaError, match="stores no times of its pictures, so no part of it can be told; put it into"):
        pictures_of(Part(1), info, untimed)


def test_chapters_are_cut_at_the_ends_and_count_from_the_start(info: ClipInfo) -> None:
    window = Window.of((5000, 7000), info, Fraction(2))
    assert window.sentence(info) == "the part from 3 to 5 s"
    tick = Fraction(1, 100)
    chapters = [
        {"id": n, "start": start, "end": end, "time_base": tick, "metadata": {"title": str(n)}}
        for n, (start, end) in enumerate([(200, 500), (300, 600), (600, 650), (650, 900), (700, 900)])
    ]
    found = window.chapters(chapters)  # type: ignore[arg-type]
    assert [(one["metadata"]["title"], one["start"], one["end"]) for one in found] == [
        ("1", 200, 300), ("2", 300, 350), ("3", 350, 400),
    ]  # fmt: skip
    assert Window().chapters(chapters) == chapters  # type: ignore[arg-type]
