"""ONNX files: those that keep a picture's size are run, and of the others a sentence says why they are not."""

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from vidsharp.models.errors import CheckpointError
from vidsharp.models.foreign.onnx_file import open_onnx
from vidsharp.models.nets.catalogue import check_model, chroma_of, load_student, look_of

from tests.support.foreign import Function, small_net, write_onnx

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize(("channels", "domain"), [(1, "luma"), (3, "rgb")])
@pytest.mark.parametrize("stride", [1, 4])
def test_its_pictures_are_the_networks(tmp_path: Path, channels: int, domain: str, stride: int) -> None:
    net = small_net(channels, stride=stride)
    path = write_onnx(tmp_path / "a.onnx", net, (1, channels, 64, 96))
    check_model(path)
    student = load_student(path)
    assert (student.name, student.domain, student.align_px) == ("a", domain, stride)
    picture = torch.rand(2, channels, 60, 44)
    assert torch.allclose(student.net(picture), net(picture), atol=1e-5)
    assert (look_of(path), chroma_of(path)) == (None, "keep" if channels == 1 else None)


def test_sides_that_it_does_not_take_are_filled_up(tmp_path: Path) -> None:
    net = small_net(1, stride=4)
    student = load_student(write_onnx(tmp_path / "a.onnx", net, (1, 1, 64, 96)))
    picture = torch.rand(1, 1, 37, 5)
    padded = nn.functional.pad(picture, (0, 3, 0, 3), mode="replicate")
    assert torch.allclose(student.net(picture), net(padded)[..., :37, :5], atol=1e-5)


def test_one_in_half_precision(tmp_path: Path) -> None:
    net = Function(lambda x: 1 - x)
    student = load_student(write_onnx(tmp_path / "a.onnx", net, (1, 1, 64, 64), dtype=torch.float16))
    picture = torch.rand(1, 1, 9, 7)
    made = student.net(picture)
    assert made.dtype == torch.float32
    assert torch.allclose(made, 1 - picture, atol=1e-3)


@pytest.mark.parametrize(
    ("function", "shapes", "free", "sentence"),
    [
        (lambda x: nn.functional.interpolate(x, scale_factor=2), [(1, 3, 64, 64)], True, "keep the picture's size"),
        (lambda x: x.mean(dim=1, keepdim=True), [(1, 3, 64, 64)], True, "keep the picture's size and colours"),
        (lambda x, y: x + y, [(1, 3, 64, 64)] * 2, True, r"takes 2 inputs \(input0, input1\); what is run here"),
        (lambda x: 1 - x, [(1, 3, 64, 80)], False, r"takes pictures of 80×64 only; export it with free"),
        (lambda x: 1 - x, [(1, 4, 64, 64)], True, r"takes tensor\(float\) \[1, 4, height, width\]; what is run"),
        (lambda x: 1 - x, [(1, 64, 64, 3)], True, r"takes tensor\(float\) \[1, 64, height, width\]; what is"),
        (lambda x: x * 255, [(1, 3, 64, 64)], True, "take and give values of 0 to 1"),
        (lambda x: torch.log(x - 1), [(1, 3, 64, 64)], True, "take and give values of 0 to 1"),
    ],
)
def test_another_network_is_a_sentence(
    tmp_path: Path, function: Callable[..., Tensor], shapes: list[tuple[int, ...]], free: bool, sentence: str
) -> None:
    path = write_onnx(tmp_path / "a.onnx", Function(function), *shapes, free=free)
    with pytest.raises(CheckpointError, match=sentence) as caught:
        check_model(path)
    assert str(caught.value).startswith(f"The network '{path}' ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no network", bytes(range(256)) * 9])
def test_what_is_no_onnx_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is no ONNX file that can be run by itself") as caught:
        open_onnx(path)
    assert "\n" not in str(caught.value)


def test_weights_in_files_beside_it_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(write_onnx(tmp_path / "whole.onnx", small_net(1), (1, 1, 64, 64)))
    path = tmp_path / "a.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="a.data", size_threshold=0)
    for folder in (tmp_path, tmp_path.parent):
        monkeypatch.chdir(folder)
        with pytest.raises(CheckpointError, match="is no ONNX file that can be run by itself"):
            open_onnx(path)


def test_one_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint file at"):
        open_onnx(tmp_path / "a.onnx")


def test_without_onnx_runtime_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, *more: Any, **others: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return found(name, *more, **others)

    found = builtins.__import__
    monkeypatch.delitem(sys.modules, "onnxruntime")
    monkeypatch.setattr(builtins, "__import__", missing)
    (tmp_path / "a.onnx").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"pip install 'vidsharp\[networks\]'"):
        open_onnx(tmp_path / "a.onnx")
