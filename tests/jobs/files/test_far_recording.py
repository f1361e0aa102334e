"""Recordings come from object storage once for each disk, whole and as they were found, or a sentence says why not."""

import errno
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from vidsharp.jobs.engine.node import NodeError, check_sees
from vidsharp.pipeline.errors import MediaError, OutputError

pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")
pytest.importorskip("moto.server", reason="the tests' S3 server is moto's: pip install 'moto[server]'")

from vidsharp.jobs.files.far_recording import FarRecording
from vidsharp.jobs.files.object_place import Place, version

from tests.support.s3_server import AtomicServer

URL, PATH = "s3://calls/in/team/a.mp4", "/calls/in/team/a.mp4"
CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def recording(bucket: Any, tmp_path: Path) -> FarRecording:
    """One that is in the bucket, as a run has found it."""
    bucket.pipe_file(URL, CONTENT)
    scratch = tmp_path / "in" / "this run"
    found = version(bucket.info(URL))
    return FarRecording(URL, found, len(CONTENT), scratch / "team" / "a.mp4", scratch)


@pytest.fixture
def patient(recording: FarRecording) -> Any:
    """The file system that brings it."""
    return Place.of(recording.url, patient=True).fs


def left_over(recording: FarRecording) -> list[Path]:
    return [path for path in recording.scratch.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_of_many_workers_of_a_node_one_brings_it(recording: FarRecording, s3: AtomicServer) -> None:
    before = s3.got[PATH]
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(recording.bring) for _ in range(24)]:
            done.result()
    assert recording.path.read_bytes() == CONTENT
    assert s3.got[PATH] - before == 1
    assert left_over(recording) == [recording.path]


def test_who_waits_for_another_ones_download_is_seen_to_get_on(recording: FarRecording) -> None:
    class EnoughError(Exception):
        pass

    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 2:
            raise EnoughError

    recording.scratch.mkdir(parents=True)
    with ThreadPoolExecutor(1) as other, FileLock(recording._beside("lock")), pytest.raises(EnoughError):
        other.submit(recording.bring, tick).result(timeout=60)
    recording.bring()
    assert recording.path.read_bytes() == CONTENT


@pytest.mark.parametrize("change", [b"short", CONTENT[::-1]])
def test_an_object_that_has_changed_is_not_brought(bucket: Any, recording: FarRecording, change: bytes) -> None:
    bucket.pipe_file(URL, change)
    with pytest.raises(MediaError, match=r"in/team/a\.mp4 has changed since this run began; run the same command ag"):
        recording.bring()
    assert left_over(recording) == []


def test_an_object_that_is_gone_is_said(bucket: Any, recording: FarRecording) -> None:
    bucket.rm_file(URL)
    with pytest.raises(MediaError, match=r"s3://calls/in/team/a\.mp4 cannot be read: "):
        recording.bring()
    assert left_over(recording) == []


def test_a_storage_that_is_busy_for_a_while_is_waited_for(recording: FarRecording, s3: AtomicServer) -> None:
    s3.busy[PATH] = 3
    recording.bring()
    assert s3.busy[PATH] == 0
    assert recording.path.read_bytes() == CONTENT


@pytest.mark.parametrize("times", [1, 99])
def test_what_comes_damaged_is_brought_again(
    bucket: Any, recording: FarRecording, s3: AtomicServer, times: int
) -> None:
    s3.damaged[PATH] = times
    if times == 1:
        recording.bring()
        assert recording.path.read_bytes() == CONTENT
        assert s3.damaged[PATH] == 0
    else:
        with pytest.raises(MediaError, match=r"cannot be read: .*[Cc]hecksum"):
            recording.bring()
        assert left_over(recording) == []
        s3.damaged[PATH] = 0


def test_an_upload_in_parts_is_checked_by_the_sum_of_the_whole(
    recording: FarRecording, patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where botocore sees but pieces."""
    get_file, damage = patient.get_file, [1]

    def damaged(place: str, file: str, **options: Any) -> None:
        get_file(place, file, **options)
        if damage:
            Path(file).write_bytes(CONTENT[:-1] + bytes([damage.pop()]))

    monkeypatch.setattr(patient, "get_file", damaged)
    recording.bring()
    assert not damage
    assert recording.path.read_bytes() == CONTENT


def test_what_is_told_to_go_and_what_an_earlier_run_left_goes(recording: FarRecording) -> None:
    ended, earlier = recording.scratch / "b.mp4", recording.scratch.parent / "earlier run" / "x.mp4"
    for file in (ended, earlier):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    replace(recording, gone=(ended, recording.scratch / "not there.mp4")).bring()
    assert not ended.exists()
    assert not earlier.parent.exists()
    recording.removal(lambda: None)
    assert not recording.scratch.exists()


def test_a_full_disk_is_one_sentence(recording: FarRecording, patient: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(place: str, file: str, **options: Any) -> None:
        Path(file).write_bytes(b"as far as it went")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(patient, "get_file", full)
    with pytest.raises(OutputError) as caught:
        recording.bring()
    assert str(caught.value).startswith(f"there is no room for {URL} (0.0 GB) in {recording.scratch} on the node ")
    assert "--scratch" in str(caught.value)
    assert left_over(recording) == []


def raising(error: Exception) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> Any:
        raise error

    return function


def test_a_node_that_does_not_reach_the_storage_says_so(
    bucket: Any, recording: FarRecording, patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_sees([[recording]])
    with monkeypatch.context() as patch:
        patch.setattr(patient, "info", raising(PermissionError("Forbidden")))
        with pytest.raises(
            NodeError, match=r"does not reach what the driver does: s3://calls/in/team/a\.mp4 cannot be"
        ):
            check_sees([[recording]])
    bucket.rm_file(URL)
    with pytest.raises(NodeError, match=r"does not see s3://calls/in/team/a\.mp4; recordings"):
        check_sees([[recording]])


def test_what_is_secret_of_an_address_is_not_shown(tmp_path: Path) -> None:
    recording = FarRecording("sftp://me:hunter2@host/a.mp4", "1", 1, tmp_path / "a.mp4", tmp_path)
    assert "hunter2" not in f"{recording!r} {recording}"
