"""Names and files become students; what is not one is refused with what is accepted."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.models.nets import catalogue
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.catalogue import (
    EARLIER,
    WEIGHTS,
    at_look,
    called,
    check_model,
    earlier_names,
    load_student,
    look_of,
    new_network,
    student_name,
    student_names,
    weights_digest,
    weights_path,
)
from vidsharp.models.nets.look import DEFAULT_LOOK
from vidsharp.models.nets.reference import ReferenceStudent

from tests.support.students import random_student, random_teacher


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
    code = "import sys; from vidsharp.models.nets.catalogue import *; check_model('fast'); weights_digest('fast'); "
    code += "look_of('fast'); check_model('fast-0.1'); "
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)


def test_auto_is_fast_and_never_said() -> None:
    assert weights_path("auto") == weights_path("fast")
    assert student_name("auto") == called("auto") == "fast"
    assert [called(name) for name in ("balanced", Path("a/auto.pt"))] == ["balanced", "a/auto.pt"]
    assert "auto" not in student_names()


def test_unknown_names() -> None:
    accepted = ", ".join(["auto", *student_names()])
    with pytest.raises(ModelError, match=f"There is no model 'swift'; accepted are {accepted}, or the path"):
        check_model("swift")


def test_new_networks_by_kind() -> None:
    assert isinstance(new_network("blend", {"bands": 2, "width": 8}), BlendStudent)
    assert "crisp.weight" in new_network("blend", {"looks": 2}).state_dict()
    with pytest.raises(ModelError, match=r"The network 'blend' has no such size: looks are 1 or 2, not 3\."):
        new_network("blend", {"looks": 3})
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


# --- Looks ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["two.safetensors", "two.pt"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A checkpoint of a student with two looks."""
    path, state = tmp_path / request.param, random_student(looks=2).state_dict()
    if path.suffix == ".pt":
        torch.save({"model_state_dict": state}, path)
    else:
        save_file(state, path)
    return path


def test_a_student_with_two_looks_is_loaded_at_one(two: Path) -> None:
    check_model(two)
    both = random_student(looks=2)
    for look, has in ((None, DEFAULT_LOOK), (0.0, 0.0), (0.4, 0.4), (1.0, 1.0)):
        student, plain = load_student(two, look=look), both.with_look(has).state_dict()
        assert look_of(two, look) == student.look == has
        state = student.net.state_dict()
        assert state.keys() == plain.keys()
        assert all(torch.equal(state[name], plain[name]) for name in state)
    assert at_look(student, None) is student
    with pytest.raises(ModelError, match="was loaded at 1, and has no other look now"):
        at_look(student, 0.5)


def test_students_with_one_look_have_no_other(tmp_path: Path) -> None:
    for model in ("fast-0.1", "reference", "teacher"):
        assert look_of(model) is look_of(model, 0.0) is None
        assert load_student(model, look=0.0).look is None
        for ask in (look_of, lambda name, look: load_student(name, look=look)):
            with pytest.raises(ModelError, match=f"The student '{model}' has one look, natural, so it cannot be crisp"):
                ask(model, 1.0)
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    for name, said in (("broken", "is no checkpoint"), ("gone", "There is no checkpoint file")):
        with pytest.raises(CheckpointError, match=said):
            look_of(tmp_path / f"{name}.safetensors", 1.0)


# --- Weights by digest, and of earlier versions -----------------------------------------------------------------------

OF_0_1 = {
    "fast-0.1": "cd05d038876d23979af2dd017ae97dd62e49173387061a0aa5f2fb4b847211a9",
    "balanced-0.1": "d1077c37ecab77fb579d002574750c88d7fddcefefa06de7512cfc1f17b92a20",
}


@pytest.mark.parametrize("name", OF_0_1)
def test_version_0_1_students_load_by_name_and_by_digest(name: str) -> None:
    assert name in earlier_names()
    check_model(name)
    assert weights_digest(name) == OF_0_1[name]
    assert (student_name(name), load_student(name).name, load_student(name).look) == (name, name, None)
    for digits in (8, 12, 64):
        asked = f"sha256:{OF_0_1[name][:digits]}"
        check_model(asked)
        assert weights_digest(asked) == OF_0_1[name]
        assert weights_digest(asked.replace(OF_0_1[name][:digits], OF_0_1[name][:digits].upper())) == OF_0_1[name]


@pytest.mark.parametrize("name", student_names())
def test_shipped_students_load_by_digest_under_their_names(name: str) -> None:
    asked = f"sha256:{weights_digest(name)}"
    assert weights_path(asked) == weights_path(name), "and not an earlier file of the same bytes"
    assert student_name(asked) == name


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        ("", "at least 8 hexadecimal digits"),
        ("cd05d03", "at least 8 hexadecimal digits"),
        ("cd05d03g", "at least 8 hexadecimal digits"),
        ("00000000", "No weights that come with this version have a digest that begins with '00000000'"),
        ("0" * 65, "No weights that come with this version"),
    ],
)
def test_digests_that_name_no_weights(digest: str, said: str) -> None:
    for ask in (check_model, weights_path, student_name, load_student, look_of):
        with pytest.raises(ModelError, match=said):
            ask(f"sha256:{digest}")


def test_a_digest_of_several_weights_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_digest", lambda path: f"12345678{path.name.encode().hex()}")
    with pytest.raises(ModelError, match=r"begin with '12345678' \(.*fast.*\); write more of its digits"):
        weights_path("sha256:12345678")
    assert weights_path(f"sha256:12345678{b'fast.'.hex()}") == WEIGHTS / "fast.safetensors"


def test_a_file_of_an_earlier_name_is_not_in_the_way(tmp_path: Path) -> None:
    assert weights_path("fast-0.1").parent == EARLIER
    assert weights_path(tmp_path / "fast-0.1") == tmp_path / "fast-0.1"
