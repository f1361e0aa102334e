"""The loss: its terms apart and their weighted sum, and which teacher goes with which student."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.protocol import forward
from vidsharp.training.data.batches import Batch
from vidsharp.training.errors import RecipeError
from vidsharp.training.loss.losses import charbonnier, fair_weights, l1, luma, ssim
from vidsharp.training.loss.objective import Objective, Teacher, check_teacher
from vidsharp.training.loss.perceptual import Vgg16Loss
from vidsharp.training.recipe import Recipe

from tests.support import crops
from tests.support.crops import BLEND, REFERENCE
from tests.support.students import random_student, random_teacher

PLAIN = replace(BLEND, ssim_weight=0)
ALL = replace(
    BLEND,
    ssim_weight=0.1,
    perceptual_weight=0.01,
    teacher_weight=0.5,
    feature_weight=0.2,
    fair_floor=0.03,
    pixel_loss="l1",
)


@pytest.fixture
def luma_teacher(tmp_path: Path) -> Teacher:
    return Teacher(crops.write_teacher(tmp_path / "luma.safetensors", 4))


@pytest.fixture
def rgb_teacher(tmp_path: Path) -> Teacher:
    return Teacher(crops.write_teacher(tmp_path / "rgb.safetensors", 3))


def batch(planes: int = 1, count: int = 2) -> Batch:
    rng = torch.Generator().manual_seed(0)
    sharp = torch.rand(count, planes, 32, 32, generator=rng)
    return Batch(torch.nn.functional.avg_pool2d(sharp, 3, 1, 1), sharp, None)


def test_terms_are_apart_and_the_loss_is_their_weighted_sum(luma_teacher: Teacher, tmp_path: Path) -> None:
    vgg = Vgg16Loss.load(crops.write_vgg(tmp_path / "vgg.safetensors"))
    objective, student, given = Objective(ALL, luma_teacher, vgg), random_student(), batch()
    objective.watch(student)
    loss, terms = objective([student(given.soft)], given)
    weights = {"pixel": 1, "ssim": 0.1, "perceptual": 0.01, "teacher": 0.5, "feature": 0.2}
    assert list(terms) == ["loss", *weights]
    assert all(float(value) > 0 and value.ndim == 0 and not value.requires_grad for value in terms.values())
    assert float(terms["loss"]) == pytest.approx(sum(weights[n] * float(terms[n]) for n in weights), rel=1e-6)
    assert loss.requires_grad
    assert float(loss.detach()) == float(terms["loss"])


def test_each_term_is_what_it_says(luma_teacher: Teacher) -> None:
    given = batch()
    out = (given.soft + 0.1).requires_grad_()
    recipe = replace(ALL, perceptual_weight=0, feature_weight=0)
    fair = fair_weights(given.soft, given.sharp, 0.03)
    _, terms = Objective(recipe, luma_teacher, None)([out], given)
    wanted = {
        "pixel": (l1(out, given.sharp) * fair).mean(),
        "ssim": ((1 - ssim(out, given.sharp)) * fair).mean(),
        "teacher": (l1(out, luma_teacher.picture(given.soft)) * fair).mean(),
    }
    for name, value in wanted.items():
        assert float(terms[name]) == pytest.approx(float(value.detach()), rel=1e-6)
    assert float(fair.min()) < 0.9
    _, terms = Objective(PLAIN, None, None)([out], given)
    assert list(terms) == ["loss", "pixel"]
    assert float(terms["pixel"]) == pytest.approx(float(charbonnier(out, given.sharp).mean().detach()))


def test_ssim_of_colour_is_of_its_luma() -> None:
    given = batch(3)
    _, terms = Objective(replace(REFERENCE, ssim_weight=1), None, None)([given.soft], given)
    assert float(terms["ssim"]) == pytest.approx(float((1 - ssim(luma(given.soft), luma(given.sharp))).mean()))


def test_a_perfect_student_has_no_loss() -> None:
    given = batch()
    _, terms = Objective(replace(BLEND, pixel_loss="l1"), None, None)([given.sharp], given)
    assert all(float(value) == pytest.approx(0, abs=1e-6) for value in terms.values())


def test_what_the_teacher_said_before_is_not_asked_again(luma_teacher: Teacher) -> None:
    recipe = replace(PLAIN, teacher_weight=1)
    soft, sharp, *_ = batch()
    said = torch.rand_like(soft)
    _, terms = Objective(recipe, luma_teacher, None)([soft], Batch(soft, sharp, said))
    assert float(terms["teacher"]) == pytest.approx(float(charbonnier(soft, said).mean()))
    _, asked = Objective(recipe, luma_teacher, None)([soft], Batch(soft, sharp, luma_teacher.picture(soft)))
    _, now = Objective(recipe, luma_teacher, None)([soft], Batch(soft, sharp, None))
    assert float(asked["teacher"]) == float(now["teacher"])


def gradients(recipe: Recipe, teacher: Teacher) -> tuple[BlendStudent, dict[str, Tensor]]:
    student, given = random_student(), batch()
    objective = Objective(recipe, teacher, None)
    objective.watch(student)
    loss, terms = objective([student(given.soft)], given)
    loss.backward()
    return student, terms


def test_gradients_of_features_reach_the_student_and_not_the_teacher(luma_teacher: Teacher) -> None:
    recipe = replace(PLAIN, feature_weight=1)
    student, terms = gradients(recipe, luma_teacher)
    without, _ = gradients(replace(PLAIN, teacher_weight=1e-30), luma_teacher)
    assert float(terms["feature"]) > 0.01
    assert all(p.grad is None and not p.requires_grad for p in luma_teacher.net.parameters())
    mine, plain = (net.get_parameter("enter.weight").grad for net in (student, without))
    assert mine is not None
    assert plain is not None
    assert float((mine - plain).abs().max()) > 1e-6


def test_a_student_that_is_its_teacher_has_nothing_to_learn(tmp_path: Path) -> None:
    student = random_student()
    save_file(student.state_dict(), tmp_path / "same.safetensors")
    objective = Objective(
        replace(PLAIN, teacher_weight=1, feature_weight=1, pixel_loss="l1"),
        Teacher(tmp_path / "same.safetensors"),
        None,
    )
    objective.watch(student)
    given = batch()
    _, terms = objective([student(given.soft).clamp(0, 1)], given)
    assert float(terms["feature"]) == pytest.approx(0, abs=1e-6)
    assert float(terms["teacher"]) == pytest.approx(0, abs=1e-6)
    assert float(terms["pixel"]) > 0.01


def test_an_rgb_teacher_sees_luma_as_grey(rgb_teacher: Teacher) -> None:
    soft = batch().soft
    grey = soft.expand(-1, 3, -1, -1)
    said = rgb_teacher.picture(soft)
    assert said.shape == soft.shape
    torch.testing.assert_close(said, luma(rgb_teacher.picture(grey)))
    with torch.inference_mode():
        assert torch.equal(rgb_teacher.picture(grey), forward(rgb_teacher.net, grey).clamp(0, 1))
    assert not torch.equal(said, soft)


def test_a_teachers_picture_lies_in_0_to_1_and_keeps_its_planes(luma_teacher: Teacher, rgb_teacher: Teacher) -> None:
    for teacher, planes in ((luma_teacher, 1), (rgb_teacher, 3), (rgb_teacher, 1)):
        x = (torch.rand(2, planes, 19, 23) > 0.5).float()
        said = teacher.picture(x)
        assert said.shape == x.shape
        assert 0 <= float(said.min()) <= float(said.max()) <= 1
        assert not said.requires_grad


def test_which_teacher_goes_with_which_recipe(luma_teacher: Teacher, rgb_teacher: Teacher) -> None:
    taught = replace(BLEND, teacher_weight=0.5)
    for recipe in (taught, replace(BLEND, feature_weight=0.5)):
        with pytest.raises(RecipeError, match="learns from a teacher; name its checkpoint with --teacher"):
            check_teacher(recipe, None)
    with pytest.raises(RecipeError, match="but the recipe's teacher_weight and feature_weight are 0"):
        Objective(BLEND, luma_teacher, None)
    with pytest.raises(RecipeError, match=r"luma\.safetensors' works on luma and cannot teach .* on RGB"):
        Objective(replace(REFERENCE, teacher_weight=1), luma_teacher, None)
    for teacher in (luma_teacher, rgb_teacher):
        check_teacher(taught, teacher)
    check_teacher(replace(REFERENCE, teacher_weight=1), rgb_teacher)
    check_teacher(BLEND, None)


def test_the_teacher_is_in_eval_mode_and_frozen(rgb_teacher: Teacher) -> None:
    assert not rgb_teacher.net.training
    assert crops.differing(rgb_teacher.net.state_dict(), random_teacher(3).state_dict()) == []


LOOKS = replace(
    PLAIN,
    size={**PLAIN.size, "looks": 2},
    labels="some",
    crisp={"pixel": 0.5, "ssim": 0.3, "detail": 0.2, "teacher": 3.0},
)


def two_looks(given: Batch) -> list[Tensor]:
    return [(given.soft + shift).requires_grad_() for shift in (0.02, 0.05)]


def test_each_look_has_terms_of_its_own() -> None:
    given = batch()
    given = given._replace(taught=given.sharp.roll(1, -1), answered=torch.ones(2))
    outs = two_looks(given)
    loss, terms = Objective(LOOKS, None, None)(outs, given)
    weights = {"pixel": 1, "crisp_pixel": 0.5, "crisp_ssim": 0.3, "crisp_detail": 0.2, "crisp_teacher": 3.0}
    assert list(terms) == ["loss", *weights]
    assert float(terms["loss"]) == pytest.approx(sum(weights[n] * float(terms[n]) for n in weights), rel=1e-6)
    natural, crisp = torch.autograd.grad(loss, outs)
    alone, _ = Objective(replace(LOOKS, crisp={}, size=PLAIN.size, labels=""), None, None)(outs[:1], given)
    assert torch.equal(natural, torch.autograd.grad(alone, outs[:1])[0])
    assert float(crisp.abs().max()) > 0


def test_pictures_that_nobody_was_asked_about_teach_nothing() -> None:
    given = batch()
    given = given._replace(taught=given.sharp.roll(1, -1), answered=torch.tensor([1.0, 0.0]))
    outs = two_looks(given)
    of_teacher = replace(LOOKS, crisp={"teacher": 1.0})
    loss, _ = Objective(of_teacher, None, None)(outs, given)
    (crisp,) = torch.autograd.grad(loss, outs[1])
    assert float(crisp[0].abs().max()) > 0
    assert float(crisp[1].abs().max()) == 0


def test_a_teacher_is_followed_in_its_detail_and_not_in_its_brightness() -> None:
    given = batch()
    outs = [given.soft, given.soft]
    of_teacher = replace(LOOKS, crisp={"teacher": 1.0})
    brighter = given._replace(taught=given.soft + 0.2)
    same = given._replace(taught=given.soft)
    _, one = Objective(of_teacher, None, None)(outs, brighter)
    _, other = Objective(of_teacher, None, None)(outs, same)
    assert float(one["crisp_teacher"]) == pytest.approx(float(other["crisp_teacher"]), abs=1e-6)


def test_an_original_that_is_not_known_is_not_looked_at() -> None:
    given = batch()
    given = given._replace(taught=given.sharp.roll(1, -1), answered=torch.ones(2), known=torch.tensor([1.0, 0.0]))
    other = given._replace(sharp=torch.stack([given.sharp[0], given.sharp[1].flip(-1)]))
    outs = two_looks(given)
    losses = [Objective(LOOKS, None, None)(outs, some)[0] for some in (given, other)]
    assert float(losses[0].detach()) == float(losses[1].detach())
    (crisp,) = torch.autograd.grad(losses[0], outs[1])
    assert float(crisp[1].abs().max()) > 0, "its answer still teaches"


def test_relative_errors_weigh_all_terms_by_what_was_given() -> None:
    given = batch()
    given = given._replace(taught=given.sharp.roll(1, -1), answered=torch.ones(2))
    recipe = replace(
        LOOKS, pixel_loss="relative", ssim_weight=1.0, emphasis=0.0, crisp={"pixel": 1.0, "ssim": 1.0, "teacher": 1.0}
    )
    outs = [given.soft, given.sharp]
    _, terms = Objective(recipe, None, None)(outs, given)
    for name in ("pixel", "ssim"):
        assert float(terms[name]) == pytest.approx(1, abs=0.05)
        assert float(terms[f"crisp_{name}"]) == pytest.approx(0, abs=1e-4)
    assert float(terms["crisp_teacher"]) > 0
