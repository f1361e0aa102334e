"""A full disk, a read-only one: a sentence, nothing half-written, and the same command goes on once there is room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.pipeline.errors import OutputError

from tests.support import media, runs
from tests.support.local_pool import use_no_ray

KIB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)


def leave_free(disk: Path, size: int) -> Path:
    """Fills a disk up to `size` bytes."""
    ballast, room = disk / "ballast", os.statvfs(disk)
    ballast.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - size)))
    return ballast


def in_the_report(out: Path) -> set[str]:
    """The names in the report folder; those of parts, which are always new, as one."""
    return {"part" if path.name.startswith("part-") else path.name for path in (out / "report").rglob("*")}


def test_a_full_disk_at_any_stage(disk: Path, tmp_path: Path) -> None:
    """From no room at all to room for everything but the page."""
    source, out = runs.clip(tmp_path / "call.mp4", frames=30, audio=1).path, disk / "out"
    process(runs.config(source, tmp_path / "calm"))
    whole = media.frame_hashes(tmp_path / "calm" / "call.mp4")
    reports = in_the_report(tmp_path / "calm")
    said: set[str] = set()

    class Listener(NoWatcher):
        def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
            said.update([error] if error else [])

    for kib in (0, 4, 8, 12, 24, 32, 48, 64, 80, 96, 128, 192, 256, 384):
        ballast = leave_free(disk, kib * KIB)
        try:
            process(runs.config(source, out), Listener())
        except (OutputError, UsageError) as error:
            said.add(str(error))
        if (out / "call.mp4").exists():
            assert media.frame_hashes(out / "call.mp4") == whole, f"{kib} KiB: it has its final name and is not whole"
        assert not [path for path in out.rglob("*.part*") if path.is_file()], f"{kib} KiB: it makes a full disk fuller"
        ballast.unlink()
        (row,) = process(runs.config(source, out)).rows
        assert row["status"] in ("done", "resumed", "skipped"), row
        assert media.frame_hashes(out / "call.mp4") == whole
        assert runs.files(out) == {"call.mp4"}
        assert in_the_report(out) == reports
        shutil.rmtree(out)
    for stage in ("chunk-0", "joined.mp4", "part-"):
        assert any(stage in sentence for sentence in said), (stage, said)
    assert all("no space is left on the disk that holds" in sentence for sentence in said), said


def test_a_read_only_disk_is_said_at_once(disk: Path, tmp_path: Path) -> None:
    source = runs.clip(tmp_path / "call.mp4", frames=15).path
    (disk / "out" / ".vidsharp").mkdir(parents=True)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for out in (disk / "out", disk / "new"):
        with pytest.raises(UsageError, match=r"cannot be written: permission denied; choose another --out"):
            process(runs.config(source, out))
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert process(runs.config(source, disk / "out")).count("done") == 1


def test_an_output_folder_that_vanishes_is_said(tmp_path: Path) -> None:
    source, out = runs.clip(tmp_path / "call.mp4", frames=15).path, tmp_path / "out"

    class Vanish(NoWatcher):
        def clip_started(self, clip: str, frames: int, done: int) -> None:
            shutil.rmtree(out)

    ended = process(runs.config(source, out), Vanish())
    (row,) = ended.rows
    assert ended.exit_code == 3, "another run may help"
    assert row["status"] == "failed"
    assert "cannot be written" in row["error"]
    assert process(runs.config(source, out)).count("done") == 1
    assert runs.files(out) == {"call.mp4"}
