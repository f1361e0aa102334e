"""Names and files become students; what is not one is refused with what is accepted."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from vidsharp.models.catalogue import WEIGHTS, check_model, load_student, student_names, weights_digest
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.models.fast import FastStudent
from vidsharp.models.reference import ReferenceStudent


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


@pytest.mark.parametrize(("name", "says"), [("balanced", "not available yet"), ("swift", "There is no model 'swift'")])
def test_unknown_and_planned_names(name: str, says: str) -> None:
    with pytest.raises(ModelError, match=f"{says}.*accepted are fast, reference"):
        check_model(name)


def test_recognises_both_students_in_files(tmp_path: Path) -> None:
    for net, domain in ((FastStudent(bands=2, width=8, depth=3), "luma"), (ReferenceStudent(), "rgb")):
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
    with pytest.raises(CheckpointError, match=r"none of the students known here .* conv\.weight"):
        check_model(tmp_path / "other.pt")
