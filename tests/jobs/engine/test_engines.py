"""What a run asks of an engine, asked of each of them: calls, answers, errors, deaths and progress."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.engine import engines
from vidsharp.jobs.engine.engines import DEFAULT_ENGINE, ENGINES, EngineName, open_engine
from vidsharp.jobs.engine.protocol import ACTOR_ENVIRONMENT, ClusterError, Engine, NodeLost, WorkerDied
from vidsharp.pipeline.errors import ChunkError

from tests.support import runs
from tests.support.processes import Worker

ANSWERS_S = 120.0


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "ray":
        request.getfixturevalue("shared_ray")
    with open_engine(request.param) as started:
        yield started


@pytest.fixture
def worker(engine: Engine) -> Iterator[Any]:
    started = engine.start(Worker, 1, 0, "given")
    yield started
    engine.kill(started)


def answer(engine: Engine, call: Any) -> Any:
    runs.wait_until(lambda: engine.wait([call], 1.0))
    return engine.result(call)


def ask(engine: Engine, worker: Any, method: str, *arguments: Any) -> Any:
    return answer(engine, engine.submit(worker, method, *arguments))


def test_there_is_a_machine_with_cores(engine: Engine) -> None:
    assert all(node["CPU"] >= 1 for node in engine.nodes())
    assert len(engine.nodes()) == 1


def test_a_worker_is_an_object_in_a_process_of_its_own(engine: Engine, worker: Any) -> None:
    assert ask(engine, worker, "made_with", "more", None) == (1, "given", "more", None)
    process = ask(engine, worker, "process")
    assert process != os.getpid()
    assert ask(engine, worker, "process") == process
    other = engine.start(Worker, 1, 0)
    assert ask(engine, other, "made_with") == (1,)
    assert ask(engine, other, "process") != process
    engine.kill(other)


def test_a_workers_calls_are_done_in_their_order(engine: Engine, worker: Any, tmp_path: Path) -> None:
    first = engine.submit(worker, "counts", 3, tmp_path / "go")
    second = engine.submit(worker, "made_with")
    assert engine.wait([first, second], 0.3) == [], "the first is at work, the second waits for it"
    (tmp_path / "go").touch()
    assert answer(engine, second) == (1, "given")
    assert engine.wait([first, second], 0.0) == [first, second]
    assert engine.result(first) == 3


def test_all_answers_that_are_there_are_given_at_once(engine: Engine, worker: Any) -> None:
    calls = [engine.submit(worker, "made_with", number) for number in range(5)]
    answer(engine, calls[-1])
    assert engine.wait(calls, 0.0) == calls
    assert [engine.result(call)[-1] for call in calls] == list(range(5))


@pytest.mark.parametrize("error", [ChunkError("one short"), ValueError("odd"), KeyError("x")])
def test_an_error_is_the_workers_own(engine: Engine, worker: Any, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        ask(engine, worker, "fails", error)
    assert caught.value.args == error.args
    assert ask(engine, worker, "made_with") == (1, "given"), "and the worker goes on"


@pytest.mark.parametrize("method", ["fails_oddly", "gives_what_nobody_can_send"])
def test_what_cannot_be_sent_is_an_error_too(engine: Engine, worker: Any, method: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each engine words it in its own way
        ask(engine, worker, method)
    assert not isinstance(caught.value, WorkerDied)
    assert ask(engine, worker, "made_with") == (1, "given")


@pytest.mark.parametrize("how", ["by itself", "killed", "ended by us"])
def test_a_death_answers_all_calls(engine: Engine, worker: Any, how: str, tmp_path: Path) -> None:
    process = ask(engine, worker, "process")
    by_itself = how == "by itself"
    first = engine.submit(worker, "dies") if by_itself else engine.submit(worker, "counts", 1, tmp_path / "never")
    calls = [first, engine.submit(worker, "made_with")]
    if how == "killed":
        os.kill(process, signal.SIGKILL)
    elif how == "ended by us":
        engine.kill(worker)
    for call in calls:
        with pytest.raises(WorkerDied) as caught:
            answer(engine, call)
        assert not isinstance(caught.value, NodeLost)
    runs.wait_until(lambda: process not in runs.below(os.getpid()))


def test_the_death_of_an_idle_worker_is_told_of_its_next_call(engine: Engine, worker: Any) -> None:
    process = ask(engine, worker, "process")
    os.kill(process, signal.SIGKILL)
    runs.wait_until(lambda: process not in runs.below(os.getpid()))
    with pytest.raises(WorkerDied):
        ask(engine, worker, "made_with")


def test_a_worker_that_cannot_be_made_says_so_at_its_first_call(engine: Engine) -> None:
    broken = engine.start(Worker, 1, 0, "broken")
    with pytest.raises(Exception, match="it cannot be made"):
        ask(engine, broken, "made_with")
    engine.kill(broken)


def test_how_far_a_call_is_can_be_told_while_it_works(engine: Engine, worker: Any, tmp_path: Path) -> None:
    for steps in (5, 70000, -3):
        call = engine.submit(worker, "counts", steps, tmp_path / f"go-{steps}")
        assert engine.steps(worker) in (None, 0), "nothing of the call before"
        runs.wait_until(lambda steps=steps: engine.steps(worker) == steps)
        (tmp_path / f"go-{steps}").touch()
        assert answer(engine, call) == steps


@pytest.mark.parametrize("name", ACTOR_ENVIRONMENT)
def test_a_worker_has_its_environment_from_its_start(engine: Engine, worker: Any, name: str) -> None:
    assert ask(engine, worker, "variable", name) == ACTOR_ENVIRONMENT[name]
    assert ask(engine, worker, "variable", "OMP_NUM_THREADS") == "1"


# --- By name ----------------------------------------------------------------------------------------------------------


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT_ENGINE in ENGINES


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_that_cannot_be_imported_is_a_sentence(name: EngineName, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, package: str | None) -> None:
        raise ImportError("No module named 'ray'")

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(ClusterError) as caught:
        open_engine(name)
    said = f"the engine '{name}' cannot be imported here (No module named 'ray')"
    assert str(caught.value) == f"{said}; --engine local works without it"
