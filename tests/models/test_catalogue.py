"""Names and files become students; what is not one is refused with what is accepted."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from vidsharp.models.blend import BlendStudent
from vidsharp.models.catalogue import WEIGHTS, check_model, load_student, new_network, student_names, weights_digest
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.models.reference import ReferenceStudent

from tests.models.students import random_teacher


@pytest.mark.parametrize("name", student_names())
def test_shipped_students_load_and_have_a_card(name: str) -> None:
    check_model(name)
    student = load_student(name)
    assert student.name == name
    assert student.domain == ("rgb" if name == "reference" else "luma")
    assert not student.net.training
    assert "CC BY" in (WEIGHTS / f"{name}.md").read_text()
    assert weights_digest(name) == hashlib.sha256((WEIGHTS / f"{name}.safetensors").read_bytes()).hexdigest()


def test_names_are_checked_without_torch() -> None:
    code = "import sys; from vidsharp.models.catalogue import *; check_model('fast'); weights_digest('fast'); "
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)


def test_unknown_names() -> None:
    accepted = ", ".join(student_names())
    with pytest.raises(ModelError, match=f"There is no model 'swift'; accepted are {accepted}, or the path"):
        check_model("swift")


def test_new_networks_by_kind() -> None:
    assert isinstance(new_network("blend", {"bands": 2, "width": 8}), BlendStudent)
    assert isinstance(new_network("reference"), ReferenceStudent)
    with pytest.raises(ModelError, match="There is no network 'unet'; accepted are blend, reference, swinir"):
        new_network("unet")
    with pytest.raises(ModelError, match=r"The network 'blend' has no such size: .*height"):
        new_network("blend", {"height": 3})


def test_recognises_networks_in_files(tmp_path: Path) -> None:
    nets = (BlendStudent(bands=2, width=8, depth=3), ReferenceStudent(), random_teacher(3), random_teacher(4))
    for net, domain in zip(nets, ("luma", "rgb", "rgb", "luma"), strict=True):
        path = tmp_path / f"{domain}.pt"
        torch.save({"model_state_dict": net.state_dict()}, path)
        check_model(path)
        student = load_student(str(path))
        assert (student.domain, student.name) == (domain, domain)
        assert type(student.net) is type(net)


def test_file_troubles(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint file"):
        check_model(tmp_path / "none.pt")
    with pytest.raises(CheckpointError, match="cannot be read"):
        weights_digest(tmp_path / "none.pt")
    torch.save({"conv.weight": torch.ones(1)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=r"none of the networks known here .* conv\.weight"):
        check_model(tmp_path / "other.pt")
