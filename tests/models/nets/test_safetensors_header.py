"""The header of a safetensors file: what the format's own library says of it, and nothing of files that are none."""

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save
from vidsharp.models.nets.catalogue import EARLIER, WEIGHTS
from vidsharp.models.nets.safetensors_header import read_header


@pytest.mark.parametrize("path", sorted([*WEIGHTS.glob("*.safetensors"), *EARLIER.glob("*.safetensors")]), ids=str)
def test_it_says_what_the_library_says(path: Path) -> None:
    names, tags = read_header(path)
    with safe_open(str(path), "np") as file:
        assert set(names) == set(file.keys())
        assert tags == (file.metadata() or {})
    assert names


def test_it_has_the_tags_and_files_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(save({"a": np.ones(3), "b": np.empty(0)}, {"license": "MIT"}))
    assert read_header(path) == (("a", "b"), {"license": "MIT"})
    path.write_bytes(save({}))
    assert read_header(path) == ((), {})


def test_of_a_file_cut_off_anywhere_or_of_other_bytes_it_says_nothing(tmp_path: Path) -> None:
    whole, path = save({"a": np.ones(3), "b": np.ones(2)}, {"license": "MIT"}), tmp_path / "net.safetensors"
    for content in (*(whole[:end] for end in range(len(whole))), whole + b"x", b"\xff" * 200, _with_header(b"[1]")):
        path.write_bytes(content)
        assert read_header(path) == ((), {}), content
    for header in (b'{"a": 1}', b'{"a": {"data_offsets": 1}}', b'{"__metadata__": 1}', b"[" * 100_000, b"7", b"null"):
        path.write_bytes(_with_header(header))
        assert read_header(path) == ((), {}), header
    assert read_header(tmp_path / "none.safetensors") == ((), {})


def _with_header(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header
