"""A bucket's recordings and results pass through workers alone: real processes, killed where it hurts."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support import media, runs
from tests.support.s3_server import AtomicServer

SECRET = "w4Jalr/XUtnFEMI+K7MDENG"


@pytest.fixture
def call(bucket: Any, tmp_path: Path) -> Path:
    """A recording in the bucket, and the same file here."""
    path = runs.clip(tmp_path / "a.mp4", frames=30).path
    bucket.put_file(str(path), "calls/in/a.mp4")
    return path


def command(tmp_path: Path, *more: str) -> list[str]:
    where = ["--out", "s3://calls/out", "--staging", str(tmp_path / "staging"), "--scratch", str(tmp_path / "scratch")]
    quick = ["--engine", "local", "--workers", "1", "--encoder", "libx264", "--preset", "ultrafast"]
    return ["process", "s3://calls/in", *where, *quick, "--chunk-seconds", "0.5", *more]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_worker_that_is_killed_in_the_midst_of_its_upload(
    s3: AtomicServer, bucket: Any, call: Path, tmp_path: Path, arrives: bool
) -> None:
    """What it has sent may be there behind it, or be lost."""
    reached, go_on = threading.Event(), threading.Event()

    def hold(path: str) -> bool:
        if path != "/calls/out/a.mp4" or reached.is_set():
            return True
        reached.set()
        go_on.wait(60)
        return arrives

    before = s3.made["/calls/out/a.mp4"]
    s3.hold = hold
    try:
        running = runs.start(*command(tmp_path, "-q"))
        assert reached.wait(240)
        assert not bucket.exists("calls/out/a.mp4"), "nothing half has its name"
        (worker,) = runs.processes_of_session(running.pid, runs.WORKERS["local"])
        os.kill(worker, signal.SIGKILL)
        go_on.set()
        _, errors = running.communicate(timeout=240)
    finally:
        go_on.set()
        s3.hold = None
    assert running.returncode == 0, errors
    found = {name.removeprefix("calls/out/") for name in bucket.find("calls/out")}
    assert {name for name in found if not name.startswith("report/")} == {"a.mp4"}, "neither mark nor lease is left"
    bucket.get_file("calls/out/a.mp4", str(tmp_path / "made.mp4"))
    assert media.frame_indices(tmp_path / "made.mp4") == list(range(30))
    assert s3.made["/calls/out/a.mp4"] - before == 1, "it is published once"
    assert not [path for name in ("staging", "scratch") for path in (tmp_path / name).rglob("*")]


def test_what_is_secret_stands_nowhere(bucket: Any, call: Path, tmp_path: Path) -> None:
    bucket.pipe_file("calls/in/broken.mp4", b"no recording")
    environment = {**runs.plain_environment(), "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ACCESS_KEY_ID": "AKIAOFNOBODY"}
    more = ["-v", "--events", str(tmp_path / "events"), "--metrics", str(tmp_path / "metrics")]
    running = runs.start(*command(tmp_path, *more), environment=environment)
    said = "".join(running.communicate(timeout=240))
    assert running.returncode == 1, said
    bucket.get("calls/out", str(tmp_path / "fetched"), recursive=True)
    page, record = tmp_path / "fetched/report/index.html", tmp_path / "fetched/report/run.json"
    assert json.loads(record.read_bytes())["command"]
    assert b"a.mp4" in page.read_bytes()
    texts = [said.encode(), *(path.read_bytes() for path in (tmp_path / "fetched/report").rglob("*.*"))]
    texts += [(tmp_path / name).read_bytes() for name in ("events", "metrics")]
    assert not [text for text in texts if SECRET.encode() in text or b"AKIAOFNOBODY" in text]
