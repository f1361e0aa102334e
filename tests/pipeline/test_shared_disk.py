"""Disks that outlive a machine, or that several machines and containers share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from vidsharp.pipeline.atomic import make_folder, remove_leftovers
from vidsharp.pipeline.errors import OutputError

OTHER_CONTAINER = """
import os, platform, sys
from pathlib import Path
os.getpid = lambda: int(sys.argv[2])
platform.node = lambda: "another container"
from vidsharp.pipeline.atomic import temporary_name
temporary_name(Path(sys.argv[1]) / "clips.parquet").touch()
"""


def test_what_another_container_is_writing_stays(tmp_path: Path) -> None:
    """It has numbers of its own for its processes, and here no process of that number lives."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    command = [sys.executable, "-c", OTHER_CONTAINER, str(tmp_path), str(ended.pid)]
    subprocess.run(command, check=True, timeout=60)
    written = list(tmp_path.iterdir())
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == written
    assert len(written) == 1


def test_new_folders_outlive_a_loss_of_power(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder's name is in the folder above it, which has to be synced for that."""
    synced: list[Path] = []
    real = os.fsync

    def watch(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    monkeypatch.setattr(os, "fsync", watch)
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    make_folder(tmp_path / "a" / "b" / "c")
    assert len(synced) == 3, "what is there costs nothing"
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        make_folder(tmp_path / "file" / "below")
