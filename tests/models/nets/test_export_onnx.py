"""Students as ONNX files give the pictures that they give here, at any size."""

from typing import Any

import numpy as np
import pytest
import torch
from vidsharp.models.errors import ModelError
from vidsharp.models.nets import export_onnx
from vidsharp.models.nets.catalogue import Student, load_student, student_names, student_of, weights_digest
from vidsharp.models.nets.export_onnx import INPUT, OUTPUT, onnx_of
from vidsharp.models.nets.protocol import forward

from tests.support.toy_window import ToyWindow

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SIZES = [(64, 96), (1, 1), (5, 130), (37, 51), (98, 64)]


def _session(content: bytes) -> Any:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("name", "look"),
    [*((name, None) for name in student_names()), ("fast", 0.0), ("balanced", 0.25), ("fast-0.1", None)],
)
def test_onnx_runtime_gives_the_same_pictures(name: str, look: float | None) -> None:
    student, session = load_student(name, look=look), _session(onnx_of(name, look))
    for size in SIZES:
        picture = torch.rand(
            (2, 3 if student.domain == "rgb" else 1, *size), generator=torch.Generator().manual_seed(1)
        )
        with torch.inference_mode():
            wanted = forward(student.net, picture).numpy()
        (made,) = session.run([OUTPUT], {INPUT: picture.numpy()})
        assert made.shape == wanted.shape
        assert np.abs(made - wanted).max() < 2e-5, "a hundredth of an 8-bit code value"


def test_the_file_says_whose_weights_it_has() -> None:
    tags = _session(onnx_of("fast", 0.5)).get_modelmeta().custom_metadata_map
    assert tags["student"] == "fast"
    assert tags["sha256"] == weights_digest("fast")
    assert tags["look"] == "0.5"
    assert tags["licence"].startswith("Apache-2.0")


def test_one_that_sees_several_pictures_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def several(*_: object, **__: object) -> Student:
        return student_of("toy", ToyWindow())

    monkeypatch.setattr(export_onnx, "load_student", several)
    with pytest.raises(ModelError, match="sees several pictures at once"):
        onnx_of("toy")
