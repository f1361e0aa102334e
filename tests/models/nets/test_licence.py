"""Every network has a licence, or is said to have none."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from vidsharp.models.nets.catalogue import CHROMA_WEIGHTS, WEIGHTS, earlier_names, student_names
from vidsharp.models.nets.export_onnx import onnx_of
from vidsharp.models.nets.licence import UNKNOWN, licence_of


@pytest.mark.parametrize("name", [*student_names(), *earlier_names(), CHROMA_WEIGHTS])
def test_what_ships_has_one(name: str) -> None:
    assert licence_of(name).startswith("Apache-2.0")


def test_a_checkpoint_may_say_it(tmp_path: Path) -> None:
    weights = load_file(WEIGHTS / "fast.safetensors")
    save_file(weights, tmp_path / "said.safetensors", {"modelspec.license": "CC-BY-4.0"})
    save_file(weights, tmp_path / "silent.safetensors")
    torch.save(weights, tmp_path / "torch.pth")
    said = [licence_of(tmp_path / name) for name in ("said.safetensors", "silent.safetensors", "torch.pth")]
    assert said == ["CC-BY-4.0", UNKNOWN, UNKNOWN]


def test_an_exported_student_says_it(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    (tmp_path / "a.onnx").write_bytes(onnx_of("fast"))
    assert licence_of(tmp_path / "a.onnx") == licence_of("fast")
