"""The teacher's network: the official release's names and outputs, at any picture size."""

import json

import pytest
import torch
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.models.nets.checkpoint import load_into
from vidsharp.models.nets.swinir import SwinIR, SwinIRConfig

from tests.support.media import shared_data

SMALL = SwinIRConfig(img_size=16, embed_dim=12, depths=(2, 2), num_heads=(2, 2))


def shared_file(name):
    data = shared_data()
    if data is None or not (data.parent / name).is_file():
        pytest.skip(f"{name} lies outside the repository, and is not here")
    return data.parent / name


def test_the_reports_configuration_has_the_official_names_and_shapes():
    listed = json.loads(shared_file("swinir_state_dict.json").read_text())
    assert {name: list(value.shape) for name, value in SwinIR().state_dict().items()} == listed


def test_outputs_are_those_of_the_official_implementation():
    parity = torch.load(shared_file("swinir_parity_small.pt"), weights_only=True)
    net = SwinIR(SMALL)
    load_into(net, parity["state_dict"], "parity")
    with torch.inference_mode():
        # The picture is larger than img_size: the shifted windows' masks are computed for it.
        assert (net(parity["input"]) - parity["output"]).abs().max() <= 1e-5


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (5, 3), (13, 40), (33, 8)])
def test_any_size_comes_back_in_that_size(size):
    with torch.inference_mode():
        assert SwinIR(SMALL)(torch.rand(2, 3, *size)).shape == (2, 3, *size)


def test_whole_windows_do_not_depend_on_the_padding():
    """A picture of whole windows and the same picture reflected by the caller give the same top left part."""
    torch.manual_seed(0)
    net, picture = SwinIR(SMALL).eval(), torch.rand(1, 3, 20, 20)
    reflected = torch.nn.functional.pad(picture, (0, 4, 0, 4), mode="reflect")
    with torch.inference_mode():
        assert torch.equal(net(picture), net(reflected)[..., :20, :20])


def test_attention_does_not_cross_the_edge_that_shifting_rolls_over():
    """Without the mask, the left edge would see the right one, half a window round the corner."""
    torch.manual_seed(0)
    net = SwinIR(SwinIRConfig(img_size=32, embed_dim=12, depths=(2,), num_heads=(2,))).eval()
    picture = torch.rand(1, 3, 32, 32)
    changed = picture.clone()
    changed[..., -1] += 0.5
    with torch.inference_mode():
        difference = (net(changed) - net(picture)).abs().amax(dim=(0, 1, 2))
    assert difference[-1] > 1e-4
    # conv_first, two windows and two convolutions reach no farther than this to the left.
    assert torch.equal(difference[:8], torch.zeros(8))


def test_a_checkpoint_of_another_configuration_is_refused_by_name():
    with pytest.raises(CheckpointError, match="layers"):
        load_into(
            SwinIR(SMALL),
            SwinIR(SwinIRConfig(img_size=16, embed_dim=12, depths=(2,), num_heads=(2,))).state_dict(),
            "x",
        )


@pytest.mark.parametrize(
    "bad", [{"depths": (2,)}, {"embed_dim": 13}, {"img_size": 20}, {"img_size": 4}], ids=lambda bad: next(iter(bad))
)
def test_impossible_configurations_are_refused(bad):
    with pytest.raises(ModelError, match="SwinIR"):
        SwinIRConfig(**{"img_size": 16, "embed_dim": 12, "depths": (2, 2), "num_heads": (2, 2), **bad})
