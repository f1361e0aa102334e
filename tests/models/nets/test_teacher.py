"""SwinIR as a teacher: recognised by its shapes, identity at first, luma at a full, a half or a quarter of the size."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.models.nets.catalogue import check_model, load_student, new_network
from vidsharp.models.nets.swinir import SwinIR, SwinIRConfig
from vidsharp.models.nets.teacher import SwinIRTeacher, config_of

from tests.support.media import shared_data
from tests.support.students import random_teacher

TINY = SwinIRConfig(img_size=16, embed_dim=12, depths=(2,), num_heads=(2,))
CONFIGS = {
    "report": SwinIRConfig(),
    "tiny": TINY,
    "unequal depths": replace(TINY, depths=(1, 3, 2), num_heads=(2, 3, 6)),
    "window 4": replace(TINY, window_size=4, img_size=32),
    "window 7": replace(TINY, window_size=7, img_size=56),
    "wide mlp": replace(TINY, mlp_ratio=4.0),
    "luma": replace(TINY, in_chans=1),
    "half": replace(TINY, in_chans=4),
    "quarter": replace(TINY, in_chans=16),
    "eleven layers": replace(TINY, depths=(1,) * 11, num_heads=(2,) * 11),
    "one window": replace(TINY, img_size=8),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_configuration_is_read_off_the_shapes(config: SwinIRConfig) -> None:
    with torch.device("meta"):
        state = SwinIR(config).state_dict()
        again = SwinIRTeacher.like(state)
    assert {n: v.shape for n, v in again.state_dict().items()} == {n: v.shape for n, v in state.items()}
    shifted = max(config.depths) > 1 and config.img_size > config.window_size
    # Without shifted windows there is no mask, and nothing tells the size that the masks were made for.
    assert config_of(state) == (config if shifted else replace(config, img_size=config.window_size))


def test_a_network_made_on_no_device_leaves_no_trace_in_later_ones() -> None:
    with torch.device("meta"):
        SwinIR(replace(TINY, img_size=40))
    mask = SwinIR(replace(TINY, img_size=40)).get_buffer("layers.0.residual_group.blocks.1.attn_mask")
    assert mask.device.type == "cpu"


def test_the_official_list_of_names_is_the_reports_configuration() -> None:
    data = shared_data()
    listing = None if data is None else data.parent / "swinir_state_dict.json"
    if listing is None or not listing.is_file():
        pytest.skip("swinir_state_dict.json lies outside the repository, and is not here")
    state = {name: torch.empty(shape, device="meta") for name, shape in json.loads(listing.read_text()).items()}
    assert config_of(state) == SwinIRConfig()
    with torch.device("meta"):
        teacher = SwinIRTeacher.like(state)
    assert {name: value.shape for name, value in teacher.state_dict().items()} == {
        name: value.shape for name, value in state.items()
    }
    assert (teacher.domain, teacher.factor, teacher.align_px) == ("rgb", 1, 8)


@pytest.mark.parametrize(
    ("channels", "domain", "align"), [(3, "rgb", 4), (1, "luma", 4), (4, "luma", 8), (16, "luma", 16)]
)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (16, 16), (33, 21)])
def test_any_size_comes_back_in_that_size(channels: int, domain: str, align: int, size: tuple[int, int]) -> None:
    teacher = random_teacher(channels)
    x = torch.rand(2, 3 if domain == "rgb" else 1, *size)
    with torch.inference_mode():
        out = teacher(x)
    assert out.shape == x.shape
    assert (teacher.domain, teacher.align_px) == (domain, align)
    assert not torch.equal(out, x)


@pytest.mark.parametrize("channels", [1, 3, 4, 16])
def test_an_untrained_teacher_is_the_identity(channels: int) -> None:
    teacher = SwinIRTeacher.of(in_chans=channels, img_size=16, embed_dim=12, depths=[2], num_heads=[2])
    x = torch.rand(1, 3 if channels == 3 else 1, 37, 22)
    with torch.inference_mode():
        torch.testing.assert_close(teacher(x), x, atol=1e-6, rtol=0)  # the mean is taken off and added again


def test_lists_become_tuples_and_sizes_are_checked() -> None:
    net = new_network("swinir", {"in_chans": 1, "img_size": 16, "embed_dim": 12, "depths": [1, 2], "num_heads": [2, 3]})
    assert isinstance(net, SwinIRTeacher)
    assert net.config == replace(TINY, in_chans=1, depths=(1, 2), num_heads=(2, 3))
    with pytest.raises(CheckpointError, match="2 input channels is not known; accepted are 1, 3, 4, 16"):
        new_network("swinir", {"in_chans": 2, "img_size": 16, "embed_dim": 12, "depths": [2], "num_heads": [2]})
    with pytest.raises(ModelError, match=r"'swinir' has no such size: .*upscale"):
        new_network("swinir", {"upscale": 2})


@pytest.mark.parametrize("channels", [1, 3, 4, 16])
@pytest.mark.parametrize("layout", ["t.safetensors", "params.pth", "model_state_dict.pt", "module.pt"])
def test_files_of_every_layout_load(tmp_path: Path, channels: int, layout: str) -> None:
    """`params` is where the official release has them."""
    teacher, path = random_teacher(channels), tmp_path / layout
    state = teacher.state_dict()
    if layout == "t.safetensors":
        save_file(state, path)
    elif layout == "module.pt":
        torch.save({f"module.{name}": value for name, value in state.items()}, path)
    else:
        torch.save({path.stem: state}, path)
    check_model(path)
    loaded = load_student(path)
    assert (loaded.domain, loaded.halo_px, loaded.align_px) == (teacher.domain, 32, teacher.align_px)
    assert not loaded.net.training
    x = torch.rand(1, 3 if channels == 3 else 1, 24, 20)
    with torch.inference_mode():
        assert torch.equal(loaded.net(x), teacher(x))


def test_an_official_file_of_the_same_shapes_gives_the_official_output(tmp_path: Path) -> None:
    torch.manual_seed(0)
    official = SwinIR(TINY).eval()
    torch.save({"params": official.state_dict()}, tmp_path / "official.pth")
    x = torch.rand(1, 3, 20, 28)
    with torch.inference_mode():
        assert torch.equal(load_student(tmp_path / "official.pth").net(x), official(x))


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    state = random_teacher(3).state_dict()
    cases = {
        r"1 missing \(norm\.weight\)": {n: v for n, v in state.items() if n != "norm.weight"},
        r"1 unexpected \(upsample\.0\.weight\)": {**state, "upsample.0.weight": torch.zeros(1)},
        r"1 of wrong shape \(conv_last\.weight \[9, 8, 3, 3\] for \[3, 8, 3, 3\]\)": {
            **state,
            "conv_last.weight": torch.zeros(9, 8, 3, 3),
        },
        r"is no SwinIR .*layers\.0\.residual_group\.blocks\.0\.mlp\.fc1\.weight": {
            n: v for n, v in state.items() if "mlp.fc1.weight" not in n
        },
        "A SwinIR of 6 input channels is not known": {**state, "conv_first.weight": torch.zeros(8, 6, 3, 3)},
    }
    for says, broken in cases.items():
        torch.save({"params": broken}, tmp_path / "broken.pth")
        with pytest.raises(CheckpointError, match=says):
            load_student(tmp_path / "broken.pth")
