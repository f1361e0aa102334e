"""A chunk that one worker does not get done with is begun by another one, and the recording comes out as ever."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.actors import ActorPool
from vidsharp.jobs.engine.engines import EngineName
from vidsharp.jobs.engine.stragglers import LEAST_DONE

from tests.support import media, runs

CHUNKS = LEAST_DONE + 3
LATE = CHUNKS - 2


def late_actor(notes: Path, hangs: bool) -> type[SharpenActor]:
    """An actor that notes who begins the late chunk; whoever does so first waits for the second one, or hangs."""

    class Late(SharpenActor):
        # Local to this function, so that Ray sends the class itself and not the name of a test's module.
        def sharpen(self, task: Any, measure: Any, far: Any = None, work: Any = None) -> Any:
            if task.chunk.index == LATE:
                first = not notes.exists()
                with notes.open("a") as file:
                    file.write(f"{os.getpid()}\n")
                if first:
                    self._steps = self._packets = 0  # as `SharpenActor.sharpen` begins
                    while hangs or len(notes.read_text().split()) < 2:
                        time.sleep(0.01)
            return super().sharpen(task, measure, far, work)

    return Late


@pytest.mark.slow
@pytest.mark.parametrize("hangs", [True, False])
def test_a_chunk_that_stands_still_is_done_by_another_worker(
    hangs: bool, engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the first one hangs, or both are at it to the end and done at about the same time."""
    call = runs.clip(tmp_path / "call.mp4", frames=15 * CHUNKS).path
    process(runs.config(call, tmp_path / "calm", engine="local"))
    notes = tmp_path / "notes"
    monkeypatch.setattr(ActorPool, "actor_class", late_actor(notes, hangs))
    (row,) = process(runs.config(call, tmp_path / "late", workers=2, engine=engine)).rows
    assert row["status"] == "done", row
    assert row["retries"] == 0, "it is no failure"
    begun = notes.read_text().split()
    assert len(set(begun)) == len(begun) == 2
    assert media.frame_hashes(tmp_path / "late" / "call.mp4") == media.frame_hashes(tmp_path / "calm" / "call.mp4")
    assert list(runs.table(tmp_path / "late", "chunks")["chunk"]) == list(range(CHUNKS))
    assert runs.files(tmp_path / "late") == {"call.mp4"}
