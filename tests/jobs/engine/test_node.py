"""A node that lacks what a run needs says so by its name."""

import socket
from pathlib import Path

import pytest
from vidsharp.jobs.engine.node import NodeError, check_sees


def test_of_each_group_one_is_enough(tmp_path: Path) -> None:
    here, gone = tmp_path / "a.mp4", tmp_path / "b.mp4"
    here.touch()
    check_sees([])
    check_sees([[here, gone], [gone, here]])
    with pytest.raises(NodeError) as caught:
        check_sees([[here], [gone]])
    assert str(caught.value).startswith(f"the node {socket.gethostname()}")
    assert f"does not see {gone}; recordings, --out and --staging must be on storage that every" in str(caught.value)


def test_an_empty_mount_point_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(NodeError):
        check_sees([[tmp_path / "calls" / "a.mp4"]])
