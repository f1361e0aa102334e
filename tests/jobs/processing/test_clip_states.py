"""The states of clips: what becomes of one whose plan no actor can follow any more."""

from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.engine.schedule import Room, Work
from vidsharp.jobs.engine.stragglers import LEAST_DONE
from vidsharp.jobs.engine.tries import MAX_RETRIES, Tries
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.clip_states import ClipStates
from vidsharp.jobs.processing.clip_work import ClipWork
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.workspace import Workspace

CHUNKS = tuple(Chunk(n, None, None, PacketMark(0, 0, 0, 1), None, 1, 1) for n in range(5))
DONE: Any = "what became of a chunk"


@pytest.fixture
def states(tmp_path: Path) -> ClipStates:
    """One clip under way, of five chunks."""
    clip = Clip(tmp_path / "a.mp4", Path("a.mp4"))
    unknown: dict[str, Any] = {"info": None, "encoder": None, "seen": None, "fingerprint": None}
    work = ClipWork(clip, Workspace(tmp_path, "key"), chunks=CHUNKS, reused=frozenset(), began=0.0, sample=(),
                    **unknown)  # fmt: skip
    states = ClipStates(under_way={clip.name: work})
    states.schedule.add(clip.name, CHUNKS)
    return states


def refuse_all(states: ClipStates, actors: list[str], most: int) -> int:
    """Actors that all make other pictures than the plan says take turns: each gets work before the next one refuses
    its own, so that some is always at work. Returns the number of refusals until nothing is left to hand out."""
    (clip,), at_work = states.under_way.values(), dict[str, Work]()
    for number, actor in enumerate(cycle(actors)):
        mine = at_work.pop(actor, None)
        if mine is not None and clip.clip.name in states.under_way:
            clip.at_work.pop(mine.chunk.index)
            if not clip.outdated:
                assert states.pass_on(clip, mine, actor)
            states.plan_outdated_again("a.mp4")
        work = states.schedule.next_for(actor, [other for other in actors if other != actor])
        if work is not None:
            at_work[actor] = work
            clip.at_work[work.chunk.index] = 0
        if not at_work:
            return number
        assert number < most, "its chunks go round for ever"
    raise AssertionError


@pytest.mark.parametrize("actors", [["x"], ["x", "y"], ["x", "y", "z"]])
def test_a_clip_that_nobody_left_makes_as_planned_is_planned_again(states: ClipStates, actors: list[str]) -> None:
    assert refuse_all(states, actors, most=100) < 100
    assert not states.under_way
    assert not states.schedule.waiting
    (waiting,) = states.to_prepare
    assert (waiting.clip.name, waiting.plans, waiting.tries) == ("a.mp4", 1, Tries())


def test_while_a_chunk_of_it_is_at_work_it_is_not_planned_again(states: ClipStates) -> None:
    (clip,) = states.under_way.values()
    clip.at_work[4] = 0
    refused = Work("a.mp4", CHUNKS[0], tried_on=frozenset({"x"}))
    assert states.pass_on(clip, refused, "x")
    states.plan_outdated_again("a.mp4")
    assert states.under_way
    clip.at_work.clear()
    states.plan_outdated_again("a.mp4")
    assert not states.under_way
    assert states.to_prepare


def test_a_clip_is_not_planned_again_for_ever(states: ClipStates) -> None:
    (clip,) = states.under_way.values()
    clip.plans = MAX_RETRIES
    assert not states.pass_on(clip, Work("a.mp4", CHUNKS[0], tried_on=frozenset({"x"})), "x")
    assert states.under_way


def test_a_chunk_is_begun_again_only_where_it_still_counts(states: ClipStates) -> None:
    (clip,) = states.under_way.values()
    for index in range(LEAST_DONE):
        states.stragglers.begin("x", Work("other.mp4", CHUNKS[index]), 1, now=0)
        states.stragglers.end("x", Work("other.mp4", CHUNKS[index]), done=True, now=1)
    work = Work("a.mp4", CHUNKS[1])
    states.stragglers.begin("x", work, 1, now=0)
    clip.at_work[1] = 0
    states.stragglers.look(now=5)
    assert states.work_left.pieces == 5 + 2, "it may keep two actors busy"
    assert states.next_slow("x") is None
    assert states.next_slow("y") == work
    assert states.next_slow("y", Room(has=lambda clip: False, fits=lambda clip: False)) is None
    clip.outdated = True
    assert states.next_slow("y") is None, "its clip is planned again"
    clip.outdated, clip.done[1] = False, DONE
    assert states.next_slow("y") is None, "it is done meanwhile"
    del clip.done[1]
    states.drop("a.mp4")
    assert states.next_slow("y") is None, "its clip has failed"


def test_a_clip_is_not_joined_while_a_chunk_is_at_work_somewhere(states: ClipStates) -> None:
    """Whoever still works on it would write into a folder that joining removes."""
    (clip,) = states.under_way.values()
    clip.done.update((index, DONE) for index in range(5))
    clip.at_work[3] = 0
    assert states.take_complete("a.mp4") is None
    del clip.at_work[3]
    assert states.take_complete("a.mp4") is clip
