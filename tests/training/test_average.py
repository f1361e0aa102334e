"""The mean of two trainings' weights is a student, half-way between them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.catalogue import load_student
from vidsharp.training import average
from vidsharp.training.average import averaged


def weights(seed: int, **size: object) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    state = BlendStudent(**{"bands": 2, "width": 8, "dilations": [1, 4], **size}).state_dict()  # type: ignore[arg-type]
    return {name: torch.rand_like(value) if value.is_floating_point() else value for name, value in state.items()}


def test_each_weight_is_the_mean_and_neither_is_changed() -> None:
    first, second = weights(1), weights(2)
    kept = {name: value.clone() for name, value in first.items()}
    mean = averaged(first, second)
    assert list(mean) == list(first)
    for name, value in mean.items():
        assert value.dtype == first[name].dtype
        torch.testing.assert_close(value.double(), (first[name].double() + second[name].double()) / 2)
        assert torch.equal(first[name], kept[name])
    assert all(torch.equal(value, first[name]) for name, value in averaged(first, first).items())


@pytest.mark.parametrize("size", [{"width": 9}, {"dilations": [1, 2]}, {"looks": 2}, {"dilations": [1, 4, 1]}])
def test_other_networks_have_no_mean(size: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="of one network and of one size"):
        averaged(weights(1), weights(2, **size))


def test_a_file_is_written_that_is_a_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors", "mean.safetensors")]
    for seed, name in enumerate(names[:2]):
        save_file(weights(seed), name)
    monkeypatch.setattr("sys.argv", ["average", *names[:2], "--out", names[2]])
    average.main()
    assert torch.equal(load_file(names[2])["filters"], averaged(*map(load_file, names[:2]))["filters"])
    assert load_student(names[2]).name == "mean"


def test_what_is_no_checkpoint_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["average", "fast", str(tmp_path / "none.pt"), "--out", str(tmp_path / "o")])
    with pytest.raises(SystemExit):
        average.main()
    assert "none.pt" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
