"""The exit code says what a scheduler needs to know: whether the same command again is worth it."""

import signal
from pathlib import Path

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.engine.node import NodeError
from vidsharp.jobs.engine.protocol import ClusterError, NodeLost, WorkerDied
from vidsharp.jobs.exit_code import another_run_helps, exit_code, run_code
from vidsharp.jobs.files.object_place import StorageError
from vidsharp.jobs.interrupts import Terminated, heeding_interrupts
from vidsharp.models.errors import ModelError
from vidsharp.pipeline.errors import MediaError, OutputError, ResultRefused
from vidsharp.pipeline.ownership import NotOursError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 2),
        (ModelError("no"), 2),
        (NotOursError("is there already"), 2),
        (MediaError("no recording can be sharpened"), 1),
        (ResultRefused("a name is taken"), 1),
        (ValueError("a mistake of ours"), 1),
        (OutputError("no space is left", Path("out")), 3),
        (StorageError("the bucket does not answer"), 3),
        (NodeError("a node does not see it"), 3),
        (ClusterError("no cluster answers"), 3),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
    ],
)
def test_each_error_has_the_code_of_its_remedy(error: BaseException, code: int) -> None:
    assert exit_code(error) == code


def test_a_worker_that_died_with_its_machine_may_live_on_another() -> None:
    assert another_run_helps(NodeLost("gone"))
    assert not another_run_helps(WorkerDied("a codec crashed, three times"))
    assert not another_run_helps(None)


@pytest.mark.parametrize(("failed", "again", "code"), [(0, False, 0), (0, True, 0), (2, False, 1), (2, True, 3)])
def test_a_run_that_came_to_its_end(failed: int, again: bool, code: int) -> None:
    assert run_code(failed, again) == code


def test_sigterm_is_known_behind_an_exception_of_rays_own() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with heeding_interrupts():
            with pytest.raises(Terminated):
                signal.raise_signal(signal.SIGTERM)
            assert exit_code(KeyboardInterrupt()) == 143
        assert exit_code(KeyboardInterrupt()) == 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
