"""VGG16's features against torchvision's own, and weights that are never made up."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import VGG16_Weights, vgg16
from vidsharp.models.errors import CheckpointError
from vidsharp.training.errors import LossError
from vidsharp.training.loss.perceptual import MEAN, STD, Vgg16Loss, vgg16_features


@pytest.fixture(scope="module")
def theirs() -> nn.Sequential:
    """torchvision's layers, with weights that keep pictures apart (its own initialisation is drawn from no seed)."""
    with torch.device("meta"):  # the classifier alone would take half a gigabyte
        features = vgg16(weights=None).features
    assert isinstance(features, nn.Sequential)
    layers = features[:16].to_empty(device="cpu").requires_grad_(False)
    torch.manual_seed(0)
    for values in layers.parameters():
        values.copy_(torch.randn_like(values) * (2 / values[0].numel()) ** 0.5)
    return layers


@pytest.fixture
def state(theirs: nn.Sequential) -> dict[str, Tensor]:
    """As in torchvision's file: later features and the classifier (shortened here) are there too."""
    features = {f"features.{name}": value.clone() for name, value in theirs.state_dict().items()}
    return {**features, "features.17.weight": torch.zeros(1), "classifier.0.weight": torch.zeros(1)}


@pytest.fixture
def pictures() -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(2, 3, 17, 22, generator=rng)
    return x, (x + 0.1 * torch.randn(x.shape, generator=rng)).clamp(0, 1)


def test_layers_are_those_of_torchvision(theirs: nn.Sequential, pictures: tuple[Tensor, Tensor]) -> None:
    ours = vgg16_features()
    shapes = [{name: value.shape for name, value in net.state_dict().items()} for net in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert [type(layer) for layer in ours] == [type(layer) for layer in theirs]
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(ours(pictures[0]), theirs(pictures[0]))


def test_mean_and_deviation_are_those_of_torchvision() -> None:
    documented = VGG16_Weights.DEFAULT.transforms()
    assert (list(MEAN), list(STD)) == (documented.mean, documented.std)


@pytest.mark.parametrize("normalise", [True, False])
def test_distance_is_the_l1_of_features(
    theirs: nn.Sequential, state: dict[str, Tensor], pictures: tuple[Tensor, Tensor], normalise: bool
) -> None:
    prepared = pictures
    if normalise:
        documented = VGG16_Weights.DEFAULT.transforms()
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (documented.mean, documented.std))
        prepared = ((pictures[0] - mean) / std, (pictures[1] - mean) / std)
    distance = Vgg16Loss(state, normalise)(*pictures)
    assert float(distance) == pytest.approx(float(F.l1_loss(theirs(prepared[0]), theirs(prepared[1]))))
    assert float(distance) > 0.01


def test_luma_is_grey(state: dict[str, Tensor]) -> None:
    loss, x, y = Vgg16Loss(state), torch.rand(1, 1, 16, 16), torch.rand(1, 1, 16, 16)
    assert torch.equal(loss(x, y), loss(x.repeat(1, 3, 1, 1), y.repeat(1, 3, 1, 1)))


def test_gradients_reach_the_pictures_only(state: dict[str, Tensor], pictures: tuple[Tensor, Tensor]) -> None:
    loss = Vgg16Loss(state)
    x = pictures[0].requires_grad_()
    loss(x, pictures[1]).backward()
    assert x.grad is not None
    assert float(x.grad.abs().sum()) > 0
    assert all(not values.requires_grad and values.grad is None for values in loss.parameters())
    assert not loss.training


@pytest.mark.parametrize("layout", ["vgg.pth", "vgg.safetensors", "features.pth", "bare.pth"])
def test_loads_files(tmp_path: Path, state: dict[str, Tensor], pictures: tuple[Tensor, Tensor], layout: str) -> None:
    saved = state
    if layout == "features.pth":
        saved = {name: state[name] for name in state if name.startswith("features.")}
    elif layout == "bare.pth":
        saved = {name.removeprefix("features."): value for name, value in state.items()}
    (save_file if layout.endswith("safetensors") else torch.save)(saved, tmp_path / layout)
    loaded = Vgg16Loss.load(tmp_path / layout, normalise=False)
    assert torch.equal(loaded(*pictures), Vgg16Loss(state, normalise=False)(*pictures))


def test_other_weights_are_refused(tmp_path: Path, state: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        Vgg16Loss.load(tmp_path / "absent.pth")
    del state["features.14.bias"]
    save_file(state, tmp_path / "cut.safetensors")
    with pytest.raises(CheckpointError, match=r"cut.safetensors.* 1 missing \(features.14.bias\)"):
        Vgg16Loss.load(tmp_path / "cut.safetensors")


def test_without_network_or_cache_it_says_which_file_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unplugged(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", unplugged)
    with pytest.raises(LossError, match=r"\(OSError\); give a path to torchvision's vgg16-397923af.pth"):
        Vgg16Loss.load()


def test_finds_torchvisions_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: dict[str, Tensor], pictures: tuple[Tensor, Tensor]
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save(state, tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth")
    assert torch.equal(Vgg16Loss.load()(*pictures), Vgg16Loss(state)(*pictures))


def test_runs_no_code_from_torchvisions_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save(nn.Conv2d(3, 64, 3), tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth")
    with pytest.raises(LossError, match=r"\(UnpicklingError\)"):
        Vgg16Loss.load()
