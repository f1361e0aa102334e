"""The chroma student: identity when fresh, any size, grey stays grey, a tile is a piece of the whole, Cb as Cr."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.chroma import CHROMA_WEIGHTS, ChromaStudent, load_chroma

from tests.support.students import random_chroma_student, random_student

SIZES = [(1, 1), (2, 3), (37, 51), (64, 64)]


def picture(height: int, width: int, count: int = 1) -> tuple[Tensor, Tensor]:
    """(chroma [N, 2, H, W] around 0, luma [N, 1, H, W])."""
    rng = torch.Generator().manual_seed(3)
    chroma = torch.rand((count, 2, height, width), generator=rng) - 0.5
    return chroma, torch.rand((count, 1, height, width), generator=rng)


@pytest.mark.parametrize("size", SIZES)
def test_fresh_student_is_the_identity_at_any_size(size: tuple[int, int]) -> None:
    chroma, luma = picture(*size, count=2)
    assert torch.equal(ChromaStudent()(chroma, luma), chroma)


@pytest.mark.parametrize("size", SIZES)
def test_grey_stays_grey_whatever_was_learned(size: tuple[int, int]) -> None:
    _, luma = picture(*size)
    grey = torch.zeros(1, 2, *size)
    assert torch.equal(random_chroma_student()(grey, luma), grey)


def test_a_flat_colour_stays_far_within_a_step_of_16_bits() -> None:
    _, luma = picture(40, 40)
    flat = torch.tensor([0.3, -0.4]).view(1, 2, 1, 1).expand(1, 2, 40, 40)
    assert float((random_chroma_student()(flat, luma) - flat).abs().max()) < 0.2 / 65535


def test_one_grey_plane_stays_beside_a_coloured_one() -> None:
    chroma, luma = picture(24, 24)
    chroma[:, 1] = 0
    made = random_chroma_student()(chroma, luma)
    assert not torch.equal(made[:, 0], chroma[:, 0])
    assert not made[:, 1].any()


@pytest.mark.parametrize("size", [{}, {"dilations": (1, 2, 3), "radii": (2,)}, {"bands": 2, "radii": (8, 1)}], ids=str)
def test_tile_with_halo_equals_whole_plane(size: dict[str, Any]) -> None:
    student = random_chroma_student(**size)
    chroma, luma = picture(118, 143)
    halo = student.halo_samples
    with torch.inference_mode():
        whole = student(chroma, luma)
        for top, left, side in [(40, 48, 32), (0, 0, 32), (88, 112, 32), (64, 4, 20)]:
            y, x = max(top - halo, 0), max(left - halo, 0)
            window = (..., slice(y, top + side + halo), slice(x, left + side + halo))
            tile = student(chroma[window], luma[window])[..., top - y :, left - x :]
            expected = whole[..., top : top + side, left : left + side]
            assert torch.equal(tile[..., : expected.shape[-2], : expected.shape[-1]], expected)


@pytest.mark.parametrize("size", [{}, {"dilations": (1,), "radii": (1,)}, {"radii": (), "dilations": (2, 3)}], ids=str)
def test_nothing_is_seen_from_beyond_the_halo(size: dict[str, Any]) -> None:
    student = random_chroma_student(**size)
    reach = student.halo_samples
    for changed_plane in (0, 1):
        planes = picture(96, 96)
        others = tuple(plane.clone() for plane in planes)
        others[changed_plane][..., 44:48, 44:48] = 0.5 - others[changed_plane][..., 44:48, 44:48]
        with torch.no_grad():
            difference = (student(*others) - student(*planes)).abs().amax(dim=(0, 1))
        assert float(difference.max()) > 0
        difference[44 - reach : 48 + reach, 44 - reach : 48 + reach] = 0
        assert float(difference.max()) == 0


def test_the_halo_holds_what_any_part_sees() -> None:
    assert ChromaStudent(radii=(2, 4, 8), dilations=(1, 2)).halo_samples == 16
    assert ChromaStudent(radii=(2, 4), dilations=(1, 2)).halo_samples == 12
    assert ChromaStudent(radii=(), dilations=()).halo_samples == ChromaStudent.align_samples == 4


def test_cb_and_cr_are_treated_alike_and_pictures_apart() -> None:
    student = random_chroma_student()
    chroma, luma = picture(20, 28, count=3)
    together = student(chroma, luma)
    torch.testing.assert_close(student(chroma.flip(1), luma).flip(1), together, atol=1e-6, rtol=0)
    for i in range(3):
        torch.testing.assert_close(student(chroma[i : i + 1], luma[i : i + 1])[0], together[i], atol=1e-6, rtol=0)


def test_luma_moves_colour_to_its_edges() -> None:
    """A guided filter, all taken, makes a smeared edge of colour as steep as luma's."""
    student = ChromaStudent(bands=1, radii=(8,))
    with torch.no_grad():
        student.head.bias[16:] = 0.25  # type: ignore[index]  # of a gain of 4: all of the guided filter's offer
    luma = (torch.arange(64) >= 32).float().expand(1, 1, 64, 64)
    smeared = ((torch.arange(64) - 31.5) / 10).clamp(-0.5, 0.5).mul(0.4).expand(1, 2, 64, 64)
    with torch.no_grad():
        step = student(smeared, luma).diff(dim=-1)[0, 0, 30, 31]
    assert float(step) > 4 * float(smeared.diff(dim=-1).max())


@pytest.mark.parametrize("size", [{}, {"bands": 3, "radii": (1, 4), "width": 12, "dilations": (1, 3, 2)}], ids=str)
def test_weights_survive_a_file(size: dict[str, Any], tmp_path: Path) -> None:
    student = random_chroma_student(**size)
    save_file(student.state_dict(), tmp_path / "c.safetensors")
    again = load_chroma(tmp_path / "c.safetensors")
    planes = picture(13, 18)
    assert torch.equal(again(*planes), student(*planes))
    assert (again.radii, again.halo_samples) == (student.radii, student.halo_samples)


def test_what_holds_no_chroma_student_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        load_chroma(tmp_path / "none.safetensors")
    save_file(random_student().state_dict(), tmp_path / "luma.safetensors")
    with pytest.raises(CheckpointError, match="holds no chroma student"):
        load_chroma(tmp_path / "luma.safetensors")
    state = random_chroma_student().state_dict()
    state["extra"] = torch.zeros(1)
    save_file(state, tmp_path / "more.safetensors")
    with pytest.raises(CheckpointError, match="1 unexpected"):
        load_chroma(tmp_path / "more.safetensors")
    state["radii_of_guided"] = torch.tensor([3])
    save_file(state, tmp_path / "odd.safetensors")
    with pytest.raises(CheckpointError, match="holds no chroma student"):
        load_chroma(tmp_path / "odd.safetensors")


def test_a_radius_must_be_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        ChromaStudent(radii=(3,))


def test_shipped_weights_load() -> None:
    assert CHROMA_WEIGHTS.is_file()
    assert load_chroma().halo_samples == ChromaStudent().halo_samples == 20
