"""What is done to chroma: the default, the choice, and students that leave none."""

from pathlib import Path

import pytest
from safetensors.torch import save_file
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.models.nets.catalogue import CHROMA_WEIGHTS, chroma_of
from vidsharp.models.nets.chroma_choice import DEFAULT_CHROMA, Chroma, chosen_chroma

from tests.support.students import random_student, random_teacher


@pytest.mark.parametrize("model", ["fast", "balanced", "fast-0.1"])
def test_luma_students_do_as_they_are_told_and_keep_by_default(model: str) -> None:
    assert DEFAULT_CHROMA == "keep"
    assert [chroma_of(model, asked) for asked in (None, "keep", "restore")] == ["keep", "keep", "restore"]


@pytest.mark.parametrize("asked", ["keep", "restore"])
def test_a_student_that_makes_colour_itself_leaves_no_choice(asked: Chroma, tmp_path: Path) -> None:
    save_file(random_teacher(3).state_dict(), tmp_path / "swin.safetensors")
    for model in ("reference", str(tmp_path / "swin.safetensors")):
        assert chroma_of(model) is None
        with pytest.raises(ModelError, match="makes colour itself") as raised:
            chroma_of(model, asked)
        assert "\n" not in str(raised.value)


def test_checkpoints_are_asked_what_they_work_on(tmp_path: Path) -> None:
    save_file(random_student().state_dict(), tmp_path / "mine.safetensors")
    save_file(random_teacher(1).state_dict(), tmp_path / "grey.safetensors")
    assert chroma_of(tmp_path / "mine.safetensors", "restore") == "restore"
    assert chroma_of(tmp_path / "grey.safetensors", "restore") == "restore"
    with pytest.raises(CheckpointError):
        chroma_of(CHROMA_WEIGHTS, "restore")
    with pytest.raises(CheckpointError):
        chroma_of(tmp_path / "gone.safetensors", "restore")


def test_another_choice_is_named() -> None:
    with pytest.raises(ModelError, match="no choice 'mend' for chroma; accepted are keep, restore"):
        chosen_chroma("mend", "luma", "fast")  # type: ignore[arg-type]
