"""Which device begins the next clip, where a run's actors are on two."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.engine.sharing import LeftToDo, worth_beginning

from benchmarks.scale.two_devices import WAYS, run_s

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
    """A chunk takes a CPU's worker 10 s, in which the GPUs do 80."""
    assert not begins("cpu", clips=13)
    assert begins("cpu", clips=14)
    assert begins("cpu", clips=13, begun={"cuda": 3})
    assert begins("cuda", clips=1), "somebody has to"


def test_a_long_clip_is_left_to_the_faster_device_earlier() -> None:
    assert begins("cpu", chunks=360, clips=200)
    assert not begins("cpu", chunks=360, clips=140)


@pytest.mark.parametrize("speeds", [{}, {"cuda": 1.0}, {"cpu": 0.1}])
def test_as_long_as_a_speed_is_not_known_gpus_are_taken_to_be_the_faster_ones(speeds: dict[str, float]) -> None:
    assert not begins("cpu", clips=6, speeds=speeds)
    assert begins("cpu", clips=7, speeds=speeds)
    assert begins("cuda", clips=1, speeds=speeds)


def test_the_only_recording_is_left_to_a_gpu_that_is_there() -> None:
    assert not begins("cpu", usual=None, clips=1)
    assert begins("cpu", usual=None, clips=2)
    assert worth_beginning("cpu", 1, {"cpu": 8}, {}, LeftToDo(1)), "none is ready"


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


@pytest.mark.parametrize("chunks", [1, 6, 90, 360])
@pytest.mark.parametrize("clips", [1, 3, 40])
def test_a_run_takes_hardly_longer_than_on_gpus_alone_and_much_less_where_there_is_much(
    clips: int, chunks: int
) -> None:
    alone, _ = run_s(WAYS[0], [chunks] * clips, ACTORS, 20, seed=1)
    both, best = run_s(WAYS[2], [chunks] * clips, ACTORS, 20, seed=1)
    assert both < 1.5 * alone + 12, "the first recording that the CPUs begin may be one too many"
    if clips * chunks >= 3000:
        assert both < 1.15 * best
