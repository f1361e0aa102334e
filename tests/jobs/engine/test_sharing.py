"""Which device begins the next clip, where a run's actors are on two."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.engine.sharing import LeftToDo, worth_beginning

ACTORS = {"cuda": 4, "cpu": 32}
SPEEDS = {"cuda": 2.0, "cpu": 0.1}
"""Chunks in a second, of one actor: the GPUs do 8, the CPUs 3.2."""


def begins(device: str, chunks: float = 6, speeds: dict[str, float] = SPEEDS, **left: object) -> bool:
    return worth_beginning(device, chunks, ACTORS, speeds, LeftToDo(**{"clips": 1000, "usual": 6.0, **left}))  # pyright: ignore


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_before_any_clip_is_planned_each_device_plans_one(device: str) -> None:
    """Nobody knows how long they are: thirty-two workers would begin thirty-two recordings of an hour."""
    assert begins(device, usual=None)
    assert not begins(device, usual=None, preparing={device: 1})
    assert begins(device, usual=None, preparing={"other": 1})


def test_a_device_begins_as_much_as_its_workers_can_do_at_once() -> None:
    assert begins("cpu", begun={"cpu": 31})
    assert not begins("cpu", begun={"cpu": 32})
    assert begins("cpu", preparing={"cpu": 5}), "30 chunks are on their way"
    assert not begins("cpu", preparing={"cpu": 6})
    assert begins("cpu", begun={"cuda": 500}), "what others have at hand is no work for these"


def test_towards_the_end_clips_are_left_to_the_faster_device() -> None:
    """6 chunks take 32 CPU workers 1.9 s, in which the GPUs do 15."""
    assert not begins("cpu", clips=2)
    assert begins("cpu", clips=3)
    assert begins("cpu", clips=2, begun={"cuda": 3})
    assert begins("cuda", clips=1), "somebody has to"


def test_a_long_clip_is_left_to_the_faster_device_earlier() -> None:
    assert begins("cpu", chunks=360, clips=200)
    assert not begins("cpu", chunks=360, clips=140)


def test_as_long_as_speeds_are_not_known_there_is_no_faster_one() -> None:
    assert begins("cpu", clips=1, speeds={})
    assert begins("cpu", clips=1, speeds={"cuda": 1.0})
    assert begins("cpu", clips=1, speeds={"cpu": 1.0})


@given(
    actors=st.dictionaries(st.sampled_from(["cuda", "cpu"]), st.integers(0, 5), min_size=1),
    speeds=st.dictionaries(st.sampled_from(["cuda", "cpu"]), st.floats(0.01, 1e6)),
    clips=st.integers(1, 100),
    chunks=st.floats(0, 1e4),
    usual=st.none() | st.floats(0, 1e4),
)
def test_where_nothing_is_at_hand_one_of_them_begins(
    actors: dict[str, int], speeds: dict[str, float], clips: int, chunks: float, usual: float | None
) -> None:
    """Else the run would stand still."""
    idle = [device for device, count in actors.items() if count]
    left = LeftToDo(clips, usual)
    assert not idle or any(worth_beginning(device, chunks, actors, speeds, left) for device in idle)
