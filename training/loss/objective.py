"""The loss of a recipe, term by term: to the sharp picture, to the teacher's, and to what VGG16 and the teacher see."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...models.nets.catalogue import load_student
from ...models.nets.protocol import forward
from ..data.batches import Batch
from ..errors import RecipeError
from ..recipe import Recipe
from .affinity import FeatureTap
from .detail import detail_mismatch, emphasised, laplacian_bands
from .losses import (
    charbonnier,
    dissimilarity,
    fair_weights,
    l1,
    luma,
    relative_dissimilarity,
    relative_error,
    squared_error,
    ssim,
)
from .perceptual import Vgg16Loss

DETAIL_BANDS = 2
"""Bands in which a restoration teacher is followed: it knows what fine detail looks like, and no more."""


class _Of(NamedTuple):
    """How a batch is compared."""

    mean: Callable[[Tensor], Tensor]
    """One figure of one for each picture [N]."""
    known: Callable[[Tensor], Tensor]
    """The same, of those alone whose original may be looked at."""
    apart: Callable[[Tensor, Tensor], Tensor]
    """How far pictures are from what is wanted, float [N], by the recipe's `pixel_loss`."""
    unlike: Callable[[Tensor, Tensor], Tensor]
    """How little of their structure is that of the original, float [N]: by SSIM of luma, relative where pixels are."""


class Teacher:
    """A trained network that a student learns from; it only looks."""

    def __init__(self, path: str | Path, device: str | torch.device = "cpu") -> None:
        """Raises ModelError or CheckpointError as `load_student`."""
        student = load_student(path, device)
        self.net, self.domain, self.path = student.net.requires_grad_(False), student.domain, path

    @torch.no_grad()
    def picture(self, soft: Tensor) -> Tensor:
        """Its answer to float [N, 1 or 3, H, W] in 0..1: the same shape, clamped to 0..1, in the planes given.

        An RGB teacher sees luma as a grey picture; a luma teacher cannot see RGB, which `check_teacher` refuses.
        """
        as_rgb = self.domain == "rgb" and soft.shape[1] == 1
        out = forward(self.net, soft.expand(-1, 3, -1, -1) if as_rgb else soft).float().clamp(0, 1)
        return luma(out) if as_rgb else out


def check_teacher(recipe: Recipe, teacher: Teacher | None) -> None:
    """Raises RecipeError where the recipe's losses and the teacher do not go together."""
    if recipe.needs_teacher and teacher is None:
        raise RecipeError(
            "The recipe learns from a teacher; name its checkpoint with --teacher ('teacher' is the one that ships)."
        )
    if teacher is not None and not recipe.needs_teacher:
        raise RecipeError("A teacher was given, but the recipe's teacher_weight and feature_weight are 0.")
    if teacher is not None and teacher.domain == "luma" and recipe.domain == "rgb":
        raise RecipeError(f"The teacher '{teacher.path}' works on luma and cannot teach a network that works on RGB.")


class Objective:
    """The loss that a student is trained to make small."""

    def __init__(self, recipe: Recipe, teacher: Teacher | None, vgg: Vgg16Loss | None) -> None:
        check_teacher(recipe, teacher)
        self.recipe, self.teacher, self.vgg = recipe, teacher, vgg
        self._taps: tuple[FeatureTap, FeatureTap] | None = None

    def watch(self, student: nn.Module) -> None:
        """Has to be called with the student before the first pass where features are compared."""
        if self.recipe.feature_weight and self.teacher:
            self._taps = FeatureTap(student), FeatureTap(self.teacher.net)

    def __call__(self, outs: Sequence[Tensor], batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to go down from, and its terms before they are weighted, each a detached scalar.

        Args:
            outs: the student's pictures of `batch.soft`, float32 [N, C, H, W]: its only one, or `natural` and `crisp`.
        """
        of = self._compared(batch)
        terms = self._natural(outs[0], batch, of)
        for out in outs[1:]:
            terms |= {f"crisp_{name}": term for name, term in self._crisp(out, batch, of).items()}
        loss = torch.stack([weight * value for weight, value in terms.values()]).sum()
        return loss, {"loss": loss.detach(), **{name: value.detach() for name, (_, value) in terms.items()}}

    def _compared(self, batch: Batch) -> _Of:
        recipe = self.recipe
        weights = fair_weights(batch.soft, batch.sharp, recipe.fair_floor) if recipe.fair_floor else None
        apart = l1 if recipe.pixel_loss == "l1" else charbonnier
        unlike: Callable[[Tensor, Tensor], Tensor] = dissimilarity
        if recipe.pixel_loss == "relative":
            apart = partial(relative_error, given=squared_error(batch.soft, batch.sharp))
            unlike = partial(relative_dissimilarity, given=ssim(luma(batch.soft), luma(batch.sharp)))

        def mean(of_each: Tensor) -> Tensor:
            return of_each.mean() if weights is None else (of_each * weights).mean()

        return _Of(mean, lambda each: mean(each if batch.known is None else each * batch.known), apart, unlike)

    def _natural(self, out: Tensor, batch: Batch, of: _Of) -> dict[str, tuple[float, Tensor]]:
        """(weight, term) by name of what is faithful."""
        recipe = self.recipe
        terms: dict[str, tuple[float, Tensor]] = {"pixel": (1.0, of.known(of.apart(out, batch.sharp)))}
        if recipe.ssim_weight:
            terms["ssim"] = recipe.ssim_weight, of.known(of.unlike(luma(out), luma(batch.sharp)))
        if self.vgg is not None:
            terms["perceptual"] = recipe.perceptual_weight, self.vgg(out.clamp(0, 1), batch.sharp)
        if self.teacher is not None:
            taught = batch.taught
            if taught is None or self._taps:
                taught = self.teacher.picture(batch.soft)
            terms["teacher"] = recipe.teacher_weight, of.mean(of.apart(out, taught))
        elif recipe.labels and recipe.teacher_weight:
            terms["teacher"] = recipe.teacher_weight, of.mean(_to_answers(out, batch, of))
        if self._taps:
            mine, wanted = (tap.affinity() for tap in self._taps)
            terms["feature"] = recipe.feature_weight, of.mean(l1(mine, wanted))
        return terms

    def _crisp(self, out: Tensor, batch: Batch, of: _Of) -> dict[str, tuple[float, Tensor]]:
        """(weight, term) by name of what looks crisp."""
        sharp = batch.sharp
        made: Mapping[str, Callable[[], Tensor]] = {
            "pixel": lambda: of.known(of.apart(out, emphasised(sharp, batch.soft, self.recipe.emphasis))),
            "ssim": lambda: of.known(of.unlike(out, sharp)),
            "detail": lambda: of.known(detail_mismatch(out, sharp)),
            "teacher": lambda: of.mean(_to_answers(out, batch, of)),
        }
        return {name: (weight, made[name]()) for name, weight in self.recipe.crisp.items() if weight}


def _to_answers(out: Tensor, batch: Batch, of: _Of) -> Tensor:
    """How far the detail of pictures is from the teacher's answers, float [N]; 0 where it was not asked."""
    assert batch.taught is not None, "checked before training"
    bands = zip(laplacian_bands(out, DETAIL_BANDS), laplacian_bands(batch.taught, DETAIL_BANDS), strict=True)
    apart = torch.stack([of.apart(mine, wanted) for mine, wanted in bands]).sum(dim=0)
    return apart if batch.answered is None else apart * batch.answered
