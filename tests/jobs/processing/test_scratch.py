"""Nodes never hold more recordings than they may, and get what they have before they bring anything."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.engine.schedule import Room, Schedule
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.scratch import Scratch
from vidsharp.pipeline.plan import Chunk, PacketMark

pytest.importorskip("fsspec", reason="object storage needs it")

from vidsharp.jobs.files.far_recording import FarRecording
from vidsharp.jobs.files.far_work import FarWork

RUN = Path("/scratch/run")


def clip(name: str) -> Clip:
    return Clip(RUN / name, Path(name))


@dataclass
class Sizes:
    """A storage of recordings with these sizes; of a clip that is not among them, the recording is on a disk."""

    bytes_of: dict[str, int] = field(default_factory=dict)
    apart: bool = True
    """Whether nodes share no disk."""

    def work(self, workspace: str) -> FarWork:
        return FarWork("s3://b/out", workspace, RUN, keeps=self.apart)

    def recording(self, clip: Clip) -> FarRecording | None:
        size = self.bytes_of.get(clip.name)
        return None if size is None else FarRecording(f"s3://b/{clip.name}", "1", size, clip.path, RUN)


def scratch(ceiling: float | None = None, **bytes_of: int) -> Scratch:
    storage: Any = Sizes(bytes_of)
    return Scratch(storage, ceiling)


@pytest.mark.parametrize("seed", range(20))
def test_no_node_ever_holds_more_than_it_may(seed: int) -> None:
    rng = random.Random(seed)
    sizes = {f"c{number}": rng.randrange(1, 60) for number in range(40)}
    run, disks = scratch(100, **sizes), {node: dict[Path, int]() for node in ("one", "two", None)}
    waiting, under_way, brought = [*sizes], list[str](), 0
    for _ in range(400):
        if waiting and rng.random() < 0.3:
            assert run.admit(clip(waiting[0])) is None
            under_way.append(waiting.pop(0))
        node = rng.choice([*disks])
        name = rng.choice(under_way) if under_way else None
        room = run.room(node)
        if name and room and room.fits(name):
            recording = run.bring(node, clip(name))
            assert recording is not None
            for gone in recording.gone:
                del disks[node][gone]
            brought += recording.path not in disks[node]
            disks[node][recording.path] = recording.bytes
            assert sum(disks[node].values()) <= 100
            assert room.has(name) == (recording.path in disks[node]) or run.room(node).has(name)  # type: ignore[union-attr]
        if under_way and rng.random() < 0.2:
            run.end(under_way.pop(rng.randrange(len(under_way))))
    assert brought > 20, "clips that end make room"


def test_what_fits_nowhere_is_said_and_takes_no_room() -> None:
    run = scratch(10e9, large=12_000_000_000, small=1)
    assert run.admit(clip("large")) == "s3://b/large has 12 GB, for which --scratch-gb 10 has no room"
    assert run.admit(clip("small")) is None
    assert scratch(None, large=10**15).admit(clip("large")) is None


def test_a_clip_that_a_node_has_always_fits_there() -> None:
    run = scratch(10, a=6, b=6)
    for name in "ab":
        run.admit(clip(name))
    run.bring("one", clip("a"))
    here, there = run.room("one"), run.room("two")
    assert here
    assert there
    assert (here.has("a"), here.fits("a"), here.has("b"), here.fits("b")) == (True, True, False, False)
    assert (there.has("a"), there.fits("a"), there.fits("b")) == (False, True, True)


def test_recordings_that_all_nodes_see_need_no_room() -> None:
    run = scratch(10, a=6)
    assert run.admit(clip("on disk")) is None
    assert run.room("one") is None
    run.admit(clip("a"))
    room = run.room("one")
    assert room is not None
    assert room.has("on disk")
    assert run.bring("one", clip("on disk")) is None


def test_workspaces_go_from_the_nodes_that_have_worked_there_and_from_no_others() -> None:
    run = scratch()

    def gone(node: str, name: str) -> tuple[Path, ...]:
        work = run.work(node, clip(name), RUN / name)
        assert work is not None
        return work.gone

    assert gone("one", "a") == gone("two", "a") == gone("one", "b") == ()
    run.end("a")
    run.end("never under way")
    assert gone("three", "b") == ()
    assert gone("one", "b") == gone("two", "b") == (RUN / "a",)
    assert gone("one", "b") == (), "it is told once"


def test_workspaces_on_a_disk_that_nodes_share_stay() -> None:
    storage: Any = Sizes(apart=False)
    run = Scratch(storage)
    run.work("one", clip("a"), RUN / "a")
    run.end("a")
    work = run.work("one", clip("b"), RUN / "b")
    assert work is not None
    assert work.gone == ()


def test_chunks_go_first_to_the_node_that_has_their_recording() -> None:
    schedule, mark = Schedule(), PacketMark(0, 0, 0, 1)
    for name in ("a", "b", "c"):
        schedule.add(name, [Chunk(index, None, None, mark, None, 1, 1) for index in range(2)])
    taken = [
        schedule.next_for("actor", ["actor"], Room(lambda clip: clip == "b", lambda clip: clip != "a"))
        for _ in range(5)
    ]
    assert [work and work.clip for work in taken] == ["b", "b", "c", "c", None]
    assert [work.clip for work in schedule.waiting] == ["a", "a"]
