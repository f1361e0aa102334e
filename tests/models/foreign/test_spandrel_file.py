"""Checkpoints of networks that spandrel knows."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.catalogue import check_model, load_student

from tests.support.foreign import write_compact

spandrel = pytest.importorskip("spandrel")


def test_its_pictures_are_spandrels(tmp_path: Path) -> None:
    path = write_compact(tmp_path / "a.pth")
    check_model(path)
    student = load_student(path)
    assert (student.domain, student.halo_px, student.align_px) == ("rgb", 4, 1)
    picture = torch.rand(1, 3, 41, 30)
    wanted = spandrel.ModelLoader(device="cpu").load_from_file(path)(picture)
    assert torch.allclose(student.net(picture), wanted, atol=1e-6)


def test_one_that_enlarges_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"a\.pth' holds .*Compact, which makes pictures 2 times as large; only"):
        check_model(write_compact(tmp_path / "a.pth", scale=2))


def test_weights_that_nobody_knows_are_a_sentence(tmp_path: Path) -> None:
    save_file({"one": torch.zeros(3), "two": torch.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"its first keys: \w+, \w+\. Nor does spandrel know it\."):
        check_model(tmp_path / "a.safetensors")
