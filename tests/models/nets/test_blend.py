"""The students that blend filters: identity when fresh, any size, its filters exact, its reach as stated."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.blend import FACTOR, PHASES, BlendStudent
from vidsharp.models.nets.cells import between_cells, cells_with_rim

from tests.support.students import random_student


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (37, 51), (64, 64)])
def test_fresh_student_is_the_identity_at_any_size(size: tuple[int, int]) -> None:
    x = torch.rand(2, 1, *size)
    assert torch.equal(BlendStudent()(x), x)


def test_cell_convolution_equals_full_size_filters() -> None:
    student, x = random_student(), torch.rand(1, 1, 24, 32)
    filters = student.filters - student.filters.mean(dim=(1, 2), keepdim=True)
    direct = F.conv2d(F.pad(x, (FACTOR,) * 4, mode="replicate"), filters[:, None])
    cells = F.pixel_unshuffle(F.pad(x, (FACTOR,) * 4, mode="replicate"), FACTOR)
    bands = F.conv2d(cells, student._cell_weights()).view(1, student.bands, PHASES, 6, 8)
    through_cells = F.pixel_shuffle(bands.flatten(0, 1), FACTOR).transpose(0, 1)
    torch.testing.assert_close(through_cells, direct, atol=1e-5, rtol=0)  # sums of 81 in another order


def test_flat_picture_passes_the_filters_unchanged() -> None:
    student = random_student()
    cells = torch.full((1, PHASES, 5, 5), 0.7)
    assert F.conv2d(cells, student._cell_weights()).abs().max() < 1e-5


def test_what_lies_between_cells_is_cells_of_a_moved_plane() -> None:
    plane, weight = torch.rand(2, 1, 30, 45), torch.randn(PHASES, PHASES, 1, 1)
    between = F.conv2d(cells_with_rim(plane)[..., 1:, 1:], between_cells(weight))
    half = FACTOR // 2
    moved = F.pad(plane, (0, half, 0, half), mode="replicate")[..., half:, half:]
    torch.testing.assert_close(between, F.conv2d(cells_with_rim(moved)[..., 1:-1, 1:-1], weight), atol=1e-5, rtol=0)


def test_only_who_looks_between_cells_sees_a_step_there() -> None:
    """Flat cells of two codes, as an encoder without a loop filter leaves them."""
    flat, step = torch.full((1, 1, 48, 48), 0.5), torch.full((1, 1, 48, 48), 0.5)
    step[..., 24:] += 2 / 255
    for between in (False, True):
        student = random_student(between=between)
        for layer in student.layers:  # they see a change of features, and none of the cells themselves
            torch.nn.init.zeros_(layer.get_parameter("weight"))
        with torch.no_grad():
            without, with_step = (student._seen(cells_with_rim(plane))[1] for plane in (flat, step))
        assert torch.allclose(without, with_step, atol=1e-4) != between


@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize("dilations", [None, (2, 1), (1, 3)])
def test_tile_with_halo_equals_whole_frame(dilations: tuple[int, ...] | None, between: bool) -> None:
    student, x = random_student(dilations=dilations, between=between), torch.rand(1, 1, 120, 144)
    halo = student.halo_px
    with torch.inference_mode():
        whole = student(x)
        for top, left, side in [(40, 48, 32), (0, 0, 32), (88, 112, 32), (64, 4, 20)]:
            y, x0 = max(top - halo, 0), max(left - halo, 0)
            tile = student(x[..., y : top + side + halo, x0 : left + side + halo])
            inner = tile[..., top - y : top - y + side, left - x0 : left - x0 + side]
            assert torch.equal(inner, whole[..., top : top + side, left : left + side])


@pytest.mark.parametrize(
    ("bands", "width", "depth", "dilations"), [(1, 4, 1, None), (2, 8, 2, None), (6, 16, 4, None), (2, 8, 2, (1, 3))]
)
def test_like_rebuilds_other_sizes(bands: int, width: int, depth: int, dilations: tuple[int, ...] | None) -> None:
    student = BlendStudent(bands, width, depth, dilations)
    again = BlendStudent.like(student.state_dict())
    again.load_state_dict(student.state_dict())
    assert (again.bands, again.halo_px, again.looks) == (bands, student.halo_px, 1)


def test_like_rebuilds_both_looks() -> None:
    student = random_student(looks=2, width=8, dilations=(1, 3), between=True)
    again = BlendStudent.like(student.state_dict())
    again.load_state_dict(student.state_dict())
    assert differing(again, student) == set()
    assert (again.looks, again.halo_px) == (2, student.halo_px)


@pytest.mark.parametrize(
    "size",
    [{"depth": 1}, {"depth": 2}, {"depth": 3}, {"dilations": (2, 1)}, {"dilations": (2, 1), "between": True}],
    ids=str,
)
def test_nothing_is_seen_from_beyond_the_halo(size: dict[str, Any]) -> None:
    """And the halo is no larger than it must be: something is seen from its last cell."""
    student = random_student(**size)
    x = torch.rand(1, 1, 80, 80)
    changed = x.clone()
    changed[..., 40:44, 40:44] = 1 - changed[..., 40:44, 40:44]
    with torch.no_grad():
        difference = (student(changed) - student(x))[0, 0].abs()
    reach, first = student.halo_px, 40 - student.halo_px
    assert float(difference[first : first + FACTOR].max()) > 0
    difference[first : 44 + reach, first : 44 + reach] = 0
    assert float(difference.max()) == 0


def test_a_head_of_zeros_gives_the_input_back() -> None:
    student, x = random_student(), torch.rand(1, 1, 20, 20)
    with torch.no_grad():
        for parameter in student.head.parameters():
            parameter.zero_()
    assert torch.equal(student(x), x)


def test_gradients_reach_every_weight() -> None:
    """What gets none would make a Ray Train job wait for ever."""
    student = random_student(between=True)
    student(torch.rand(1, 1, 24, 24)).square().mean().backward()
    assert all(p.grad is not None and float(p.grad.abs().max()) > 0 for p in student.parameters())


def differing(one: BlendStudent, other: BlendStudent) -> set[str]:
    theirs = other.state_dict()
    return {name for name, value in one.state_dict().items() if not torch.equal(value, theirs[name])}


@pytest.mark.parametrize(
    "size",
    [{}, {"bands": 1, "width": 12, "dilations": (2, 1)}, {"between": True}],
    ids=["usual", "odd", "between"],
)
def test_the_ends_of_the_looks_are_the_two_heads(size: dict[str, Any]) -> None:
    student, x = random_student(looks=2, **size), torch.rand(2, 1, 37, 50)
    natural, crisp = student.with_look(0), student.with_look(1)
    assert student.crisp is not None
    assert differing(natural, student) == set()
    assert differing(crisp, student) == {"head.weight", "head.bias"}
    assert torch.equal(crisp.head.weight, student.crisp.weight)
    with torch.inference_mode():
        both = student.both(x)
        assert torch.equal(student(x), both[0])
        assert torch.equal(natural(x), both[0])
        assert torch.equal(crisp(x), both[1])
    assert not torch.equal(*both)


@pytest.mark.parametrize("look", [0.1, 0.5, 0.75])
def test_a_look_between_is_as_far_between_the_pictures(look: float) -> None:
    student, x = random_student(looks=2), torch.rand(1, 1, 40, 52)
    with torch.inference_mode():
        natural, crisp = student.both(x)
        between = student.with_look(look)(x)
    torch.testing.assert_close(between, natural + look * (crisp - natural), atol=2e-6, rtol=0)


def test_a_look_is_a_student_of_its_own_and_draws_no_random_number() -> None:
    student = random_student(looks=2)
    before = {name: value.clone() for name, value in student.state_dict().items()}
    state = torch.random.get_rng_state()
    with torch.no_grad():
        plain = student.with_look(0.5)
        for parameter in plain.parameters():
            parameter.add_(1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in student.state_dict().items())
    assert (plain.looks, plain.crisp, plain.training) == (1, None, False)
    assert random_student().with_look(0).looks == 1
    for student_, look in ((random_student(), 1.0), (student, 1.5), (student, -0.5)):
        with pytest.raises(ModelError, match=r"has one look|out of range"):
            student_.with_look(look)


def test_a_fresh_second_look_is_the_identity_and_leaves_the_first_as_it_is() -> None:
    torch.manual_seed(3)
    one = BlendStudent()
    torch.manual_seed(3)
    two, x = BlendStudent(looks=2), torch.rand(1, 1, 21, 30)
    assert differing(one, two) == set()
    assert set(two.state_dict()) - set(one.state_dict()) == {"crisp.weight", "crisp.bias"}
    assert all(torch.equal(picture, x) for picture in two.both(x))


def test_both_pictures_bring_gradients_to_every_weight() -> None:
    student = random_student(looks=2)
    natural, crisp = student.both(torch.rand(1, 1, 24, 24))
    (natural.square().mean() + crisp.abs().mean()).backward()
    assert all(p.grad is not None and float(p.grad.abs().max()) > 0 for p in student.parameters())


@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize(("dtype", "peak"), [(torch.uint8, 255), (torch.int32, 1023)], ids=["8 bit", "10 bit"])
@pytest.mark.parametrize("size", [(1, 1), (3, 130), (61, 83), (300, 64)], ids=str)
def test_codes_come_out_as_the_float_picture_rounds(
    size: tuple[int, int], dtype: torch.dtype, peak: int, strength: float, between: bool
) -> None:
    student = random_student(between=between)
    codes = torch.randint(0, peak + 1, size).to(dtype)
    given = codes.clone()
    x = codes.float()[None, None] / peak
    with torch.inference_mode():
        change = (student(x) - x)[0, 0]
    wanted = (given + strength * peak * change + 0.5).floor().clamp(0, peak).to(dtype)
    out = student.sharpen_codes(codes, peak, strength, strip_pixels=64 * 40)
    assert out.dtype == dtype
    assert torch.equal(codes, given)
    difference = (out.int() - wanted.int()).abs()
    assert difference.max() <= 1, "floats are added in another order, which may cross a half"
    assert (difference > 0).float().mean() < 1e-3
    assert not torch.equal(out, given)


@pytest.mark.parametrize("between", [False, True])
def test_strips_change_no_code(between: bool) -> None:
    student, codes = random_student(between=between), torch.randint(0, 256, (301, 90)).to(torch.uint8)
    whole = student.sharpen_codes(codes, 255, 1.0, strip_pixels=1 << 20)
    assert torch.equal(whole, student.sharpen_codes(codes, 255, 1.0, strip_pixels=90 * 48))
