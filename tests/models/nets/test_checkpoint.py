"""Every layout a trainer writes is read; what does not fit or holds code is refused in a sentence."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from vidsharp.models.errors import CheckpointError, VidsharpError
from vidsharp.models.nets.catalogue import check_model, load_student
from vidsharp.models.nets.checkpoint import LAYOUTS, load_into, read_state_dict
from vidsharp.models.nets.reference import ReferenceStudent
from vidsharp.training.data.crop_cache import open_crop_cache
from vidsharp.training.loop.train import CHECKPOINT, _restore
from vidsharp.training.loss.objective import Teacher
from vidsharp.training.loss.perceptual import Vgg16Loss


@pytest.mark.parametrize("layout", [None, *LAYOUTS])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_reads_every_layout(tmp_path: Path, layout: str | None, prefix: str) -> None:
    student = ReferenceStudent()
    state = {prefix + name: value for name, value in student.state_dict().items()}
    torch.save(state if layout is None else {layout: state, "epoch": 3}, tmp_path / "a.pth")
    other = ReferenceStudent()
    load_into(other, read_state_dict(tmp_path / "a.pth"), "a.pth")
    for name, value in student.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


def test_reads_safetensors(tmp_path: Path) -> None:
    save_file({"module.weight": torch.ones(2)}, tmp_path / "a.safetensors")
    assert list(read_state_dict(tmp_path / "a.safetensors")) == ["weight"]


def test_missing_file(tmp_path: Path) -> None:
    for name in ("a.pt", "a.safetensors"):
        with pytest.raises(CheckpointError, match="There is no checkpoint file"):
            read_state_dict(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04nonsense", bytes(range(128, 256)) * 4])
@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_not_a_checkpoint(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_state_dict(tmp_path / name)


def test_no_weights_inside(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="holds no weights"):
        read_state_dict(tmp_path / "a.pt")


class _Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.target,))


def test_pickled_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"model": {"weight": torch.ones(1)}, "extra": _Bomb(tmp_path / "ran")}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="never run"):
        read_state_dict(tmp_path / "a.pt")
    assert not (tmp_path / "ran").exists()


def _torch_file(path: Path, content: object) -> None:
    torch.save(content, path)


def _old_torch_file(path: Path, content: object) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def _plain_pickle(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content))


@pytest.mark.parametrize("write", [_torch_file, _old_torch_file, _plain_pickle])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors", ".npy"])
def test_no_way_of_loading_runs_code(tmp_path: Path, write: Callable[[Path, object], None], suffix: str) -> None:
    """Students, teachers, VGG16, the checkpoint that training resumes from, and the cache of crops."""
    file, ran = tmp_path / f"a{suffix}", tmp_path / "ran"
    write(file, {"model": {"weight": torch.ones(1)}, "extra": _Bomb(ran)})
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "train.json").write_text("[]")
    for kind in ("soft", "sharp"):
        shutil.copy(file, tmp_path / "cache" / f"train_{kind}.npy")
    (tmp_path / "run").mkdir()
    shutil.copy(file, tmp_path / "run" / CHECKPOINT)
    ways: list[Callable[[], object]] = [
        lambda: check_model(file),
        lambda: load_student(file),
        lambda: Teacher(file, "cpu"),
        lambda: Vgg16Loss.load(file),
        lambda: _restore(Mock(), tmp_path / "run" / CHECKPOINT),
        lambda: open_crop_cache(tmp_path / "cache", "train"),
    ]
    for way in ways:
        with pytest.raises(VidsharpError) as caught:
            way()
        assert "\n" not in str(caught.value)
    assert not ran.exists()
    if write is _plain_pickle:
        pickle.loads(file.read_bytes())
        assert ran.exists(), "there was something to run"


def test_misfit_names_the_keys() -> None:
    state = ReferenceStudent().state_dict()
    state["encoder.7.weight"] = state.pop("encoder.0.weight")
    state["decoder.2.bias"] = torch.zeros(5)
    with pytest.raises(CheckpointError) as caught:
        load_into(ReferenceStudent(), state, "there.pt")
    text = str(caught.value)
    assert "there.pt" in text
    assert "1 missing (encoder.0.weight)" in text
    assert "1 unexpected (encoder.7.weight)" in text
    assert "decoder.2.bias [5] for [3]" in text


def test_misfit_names_only_a_few() -> None:
    with pytest.raises(CheckpointError, match=r"12 missing \(.*and 9 more\); 2 unexpected"):
        load_into(ReferenceStudent(), nn.Linear(1, 1).state_dict(), "x")
