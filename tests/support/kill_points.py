"""Runs of the job that kill themselves (SIGKILL) at a step with a number, each in a process of its own.

A step is whatever changes the disk or a bucket: a file is opened for writing, half written, renamed or removed, a
folder made or removed, a picture encoded, a packet joined, a request to change an object sent or answered. As a script
it imports once and forks for each run, since starting Python and torch takes longer than the run itself.
"""

import faulthandler
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")
"""Audit events (https://docs.python.org/3/library/audit_events.html) of calls that change a disk."""

REQUESTS = ("put_object", "delete_object", "delete_objects", "upload_part", "complete_multipart_upload")
"""Calls of S3 that change an object."""

HANGS_S = 400
"""After so long a run says where each of its threads is, and ends."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    killed: bool
    statuses: dict[str, str]
    """Of each clip, where the run came to its end."""
    steps: list[str]
    """What it did to the disk and to a bucket, up to where it was killed."""


class Runner:
    """Starts runs, one at a time, in a process that has imported everything."""

    def __init__(self, environment: Mapping[str, str] | None = None, cores: int = 1) -> None:
        """
        Args:
            environment: of the process; None: as here.
            cores: that Ray would have to offer.
        """
        command = [sys.executable, "-m", "tests.support.kill_points"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._cores = cores

    def run(self, calls: Path, out: Path, kill_at: int | None = None, **more: Any) -> Ended:
        """The job on recordings in a folder or at a URL, killed before its step number `kill_at` (from 0). `more` are
        settings; a shard and a folder are such as text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"calls": str(calls), "out": str(out), "kill_at": kill_at, "cores": self._cores, "more": more}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate(timeout=60)


def _serve() -> None:
    import torch
    import vidsharp.jobs.processing.process_job  # noqa: F401  # imports all that a run needs

    torch.set_num_threads(1)  # a pool of threads would not survive the fork
    for line in sys.stdin:
        order = json.loads(line)
        steps_read, steps_write = os.pipe()
        ended_read, ended_write = os.pipe()
        child = os.fork()
        if not child:
            code = 1
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            before = set(sys.modules)
            try:
                statuses = _run(order, steps_write)
                modules = sorted(set(sys.modules) - before)
                os.write(ended_write, json.dumps({"statuses": statuses, "modules": modules}).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(steps_write)
        os.close(ended_write)
        with os.fdopen(steps_read) as steps, os.fdopen(ended_read) as ended:
            noted, said = steps.read().splitlines(), json.loads(ended.read() or "{}")
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, "statuses": said.get("statuses", {}), "steps": noted}), flush=True)
        _be_ready(said.get("modules", ()))


def _be_ready(modules: Iterable[str]) -> None:
    """What the first run had to import and to compile, and that took it half of its time, the next ones find done."""
    from vidsharp.reports.run import quality_page
    from vidsharp.reports.templates.page_template import page_template

    for name in modules:
        with suppress(ImportError):  # a part of a module that has no file of its own
            importlib.import_module(name)
    page_template("quality.html.j2", quality_page._FILTERS)


def _run(order: dict[str, Any], notes: int) -> dict[str, str]:
    import pytest
    from vidsharp.jobs import process
    from vidsharp.jobs.engine import actor
    from vidsharp.jobs.files.storage import url_of
    from vidsharp.jobs.shard import Shard
    from vidsharp.pipeline import mux

    from tests.support import runs
    from tests.support.local_pool import use_no_ray

    more = order["more"]
    if "shard" in more:
        more["shard"] = Shard.parse(more["shard"])
    if "staging" in more:
        more["staging"] = Path(more["staging"])
    out, lock, count = Path(order["out"]), threading.Lock(), 0
    folder = str(more.get("staging", out))

    def step(what: str) -> None:
        nonlocal count
        with lock:
            if count == order["kill_at"]:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            os.write(notes, f"{what}\n".encode())

    def plain(path: str) -> str:
        return re.sub(r"[.][0-9]+-[0-9a-f]{6}[.]", ".", path.removeprefix(folder))

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or isinstance(arguments[0], int):
            return
        path, reads = os.fsdecode(arguments[0]), event == "open" and arguments[1] != "w"
        inside = path.startswith(folder) or not path.startswith("/")  # rmtree names files relative to their folder
        if inside and not reads:
            step(f"{event} {plain(path)}")

    def write_in_two(path: Path, data: bytes) -> None:
        with path.open("wb", buffering=0) as file:
            file.write(data[: len(data) // 2])
            step(f"half written {plain(str(path))}")
            file.write(data[len(data) // 2 :])

    sharpen, join = actor.sharpen_chunk, mux._mux

    def sharpen_noting(task: Any, enhancer: Any, on_frame: Callable[[], None], *more: Any) -> Any:
        def note() -> None:
            step(f"picture of {task.chunk.name}")
            on_frame()

        return sharpen(task, enhancer, note, *more)

    def join_noting(*packet: Any) -> None:
        step("packet joined")
        join(*packet)

    patch = pytest.MonkeyPatch()
    use_no_ray(patch, order["cores"])
    patch.setattr(actor, "sharpen_chunk", sharpen_noting)
    patch.setattr(mux, "_mux", join_noting)
    patch.setattr(Path, "write_bytes", write_in_two)
    if url_of(out):
        _note_requests(patch, step)
    sys.addaudithook(listen)
    rows = process(runs.config(Path(order["calls"]), out, **more)).rows
    return {row["clip"]: row["status"] if not row.get("error") else row["error"] for row in rows}


def _note_requests(patch: "pytest.MonkeyPatch", step: Callable[[str], None]) -> None:
    import s3fs

    call = s3fs.S3FileSystem._call_s3

    async def call_noting(fs: Any, method: str, *arguments: Any, **named: Any) -> Any:
        if method not in REQUESTS:
            return await call(fs, method, *arguments, **named)
        step(f"{method} {named.get('Key', '')}")
        answer = await call(fs, method, *arguments, **named)
        step(f"{method} {named.get('Key', '')} answered")
        return answer

    patch.setattr(s3fs.S3FileSystem, "_call_s3", call_noting)


if __name__ == "__main__":
    _serve()
