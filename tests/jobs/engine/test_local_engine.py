"""Worker processes without Ray: they end with their driver, share its GPUs out, and keep quiet."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.engine import local_engine
from vidsharp.jobs.engine.local_engine import LocalEngine
from vidsharp.jobs.engine.protocol import ClusterError, WorkerDied

from tests.support import runs
from tests.support.processes import Worker

DRIVER = """
import os, signal, sys, time
from pathlib import Path
from vidsharp.jobs.engine.local_engine import LocalEngine
from tests.support.processes import Worker

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has those it starts ignore it
go = Path(sys.argv[1])
with LocalEngine() as engine:
    workers = [engine.start(Worker, 1, 0) for _ in range(3)]
    if sys.argv[2] != "starting":
        for worker in workers:
            call = engine.submit(worker, "process")
            engine.wait([call], 100)
        working = engine.submit(workers[0], "counts", 1, go)
        os.kill(engine.result(call), signal.SIGSTOP)  # it cannot notice anything by itself
    print("begun", flush=True)
    if sys.argv[2] == "raises":
        raise KeyError("the caller's own")
    time.sleep(3600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a stopped process can be ended by the kernel of Linux only")
@pytest.mark.parametrize("how", ["starting", "killed", "raises", "hung up"])
def test_no_worker_outlives_its_driver(how: str, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "never"), how]
    driver = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "PYTHONPATH": root}, text=True,
    )  # fmt: skip
    assert driver.stdout is not None
    assert driver.stdout.readline() == "begun\n"
    if how in ("starting", "killed"):
        driver.kill()
    elif how == "hung up":
        driver.send_signal(signal.SIGHUP)
    driver.wait(60)
    runs.wait_until(lambda: not runs.processes_of_session(driver.pid), 60)


def test_ctrl_c_is_for_the_driver_alone(tmp_path: Path) -> None:
    """A terminal sends it to all processes that are in the foreground."""
    with LocalEngine() as engine:
        worker = engine.start(Worker, 1, 0)
        call = engine.submit(worker, "process")
        engine.wait([call], 100.0)
        os.kill(engine.result(call), signal.SIGINT)
        call = engine.submit(worker, "made_with")
        engine.wait([call], 100.0)
        assert engine.result(call) == (1,)


def test_what_has_ended_a_worker_is_told(tmp_path: Path) -> None:
    with LocalEngine() as engine:
        for number, said in ((signal.SIGSEGV, "ended by SIGSEGV"), (signal.SIGKILL, "ended by SIGKILL")):
            worker = engine.start(Worker, 1, 0)
            call = engine.submit(worker, "process")
            engine.wait([call], 100.0)
            os.kill(engine.result(call), number)
            call = engine.submit(worker, "made_with")
            engine.wait([call], 100.0)
            with pytest.raises(WorkerDied, match=said):
                engine.result(call)
        worker = engine.start(Worker, 1, 0)
        call = engine.submit(worker, "dies")
        engine.wait([call], 100.0)
        with pytest.raises(WorkerDied, match="exit code 7"):
            engine.result(call)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_open() -> None:
    before = open_files()
    with LocalEngine() as engine:
        workers = [engine.start(Worker, 1, 0) for _ in range(3)]
        engine.kill(workers[0])
        engine.wait([engine.submit(workers[0], "process")], 100.0)
    runs.wait_until(lambda: open_files() <= before, 20)
    assert not runs.descendants("local_worker")


def test_workers_share_the_gpus_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_engine, "visible_gpus", lambda: ["1", "GPU-5f0c"])
    with LocalEngine() as engine:
        assert engine.nodes()[0]["GPU"] == 2

        def sees(worker: Any) -> str | None:
            call = engine.submit(worker, "variable", "CUDA_VISIBLE_DEVICES")
            engine.wait([call], 100.0)
            return engine.result(call)

        first, second = (engine.start(Worker, 1, 1) for _ in range(2))
        assert (sees(first), sees(second)) == ("1", "GPU-5f0c")
        engine.kill(second)
        second = engine.start(Worker, 1, 1)
        assert sees(second) == "GPU-5f0c", "its successor has what it had, though its end was not heard of yet"
        engine.kill(first)
        with pytest.raises(WorkerDied):
            sees(first)
        assert sees(engine.start(Worker, 1, 1)) == "1", "its successor has what it had"
        assert sees(engine.start(Worker, 1, 0)) == os.environ.get("CUDA_VISIBLE_DEVICES"), "who names one sees all"


@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [(subprocess, "Popen", errno.EAGAIN), (os, "pipe", errno.EMFILE)],
)
def test_a_machine_that_starts_no_process_is_a_sentence(
    owner: Any, name: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    before = open_files()
    monkeypatch.setattr(owner, name, full, raising=False)
    with LocalEngine() as engine, pytest.raises(ClusterError) as caught:
        engine.start(Worker, 1, 0)
    assert str(caught.value) == f"no process can be started on this machine ({os.strerror(number)})"
    runs.wait_until(lambda: open_files() <= before, 20)


def test_a_process_without_a_thread_that_hears_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    before = open_files()
    monkeypatch.setattr(local_engine.Thread, "start", full)
    with LocalEngine() as engine, pytest.raises(ClusterError, match="can't start new thread"):
        engine.start(Worker, 1, 0)
    assert open_files() <= before
    assert not runs.descendants("local_worker")


def test_what_a_library_prints_is_no_message() -> None:
    with LocalEngine() as engine:
        worker = engine.start(Worker, 1, 0)
        for said in (b"\0" * 64, b"a line\n"):
            call = engine.submit(worker, "prints", said)
            engine.wait([call], 100.0)
            assert engine.result(call) == len(said)


def test_a_call_of_a_worker_that_is_known_to_be_dead_is_answered() -> None:
    with LocalEngine() as engine:
        worker = engine.start(Worker, 1, 0)
        engine.wait([engine.submit(worker, "dies")], 100.0)
        assert engine.steps(worker) is None
        call = engine.submit(worker, "made_with")
        assert engine.wait([call], 0.0) == [call]
        with pytest.raises(WorkerDied, match="exit code 7"):
            engine.result(call)


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    """As `multiprocessing` would, which asks for `if __name__ == "__main__"`."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('once')\n"
        "from vidsharp.jobs.engine.local_engine import LocalEngine\n"
        "from tests.support.processes import Worker\n"
        "with LocalEngine() as engine:\n"
        "    call = engine.submit(engine.start(Worker, 1, 0), 'imported', 'ray')\n"
        "    engine.wait([call], 100)\n"
        "    print(engine.result(call))\n"
    )
    ended = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=100,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert (ended.stdout, ended.returncode) == ("once\nFalse\n", 0), ended.stderr


def test_a_file_in_the_working_directory_hides_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("signal.py", "pickle.py", "vidsharp.py"):
        (tmp_path / name).write_text("raise SystemExit('hidden')")
    monkeypatch.chdir(tmp_path)
    with LocalEngine() as engine:
        call = engine.submit(engine.start(Worker, 1, 0), "made_with")
        engine.wait([call], 100.0)
        assert engine.result(call) == (1,)
