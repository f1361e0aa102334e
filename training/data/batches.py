"""Batches numbered by step: the same ones for the same seed, whoever loads them and in however many parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..errors import DataError
from ..recipe import Recipe
from .borders import draw_borders
from .pair_set import Domain, PairSet, Window
from .shaken_pairs import shaken_patch


class Batch(NamedTuple):
    """Some patches, float32 [N, 1 or 3, H, W] in 0..1."""

    soft: Tensor
    sharp: Tensor
    taught: Tensor | None = None
    """What the teacher made of `soft`; None where there is no teacher, or none that was asked beforehand."""
    answered: Tensor | None = None
    """float32 [N]: 1 where `taught` is an answer, 0 where nobody asked and it is `sharp` once more; None: all are."""
    known: Tensor | None = None
    """float32 [N]: 1 where `sharp` may be looked at, 0 where the recording is to count as one without an original;
    None: all may."""


class Answers(Protocol):
    """A teacher's answers to some pairs' soft pictures, asked beforehand."""

    @property
    def answered(self) -> Sequence[int]:
        """The pairs that it looked at, rising."""
        ...

    def picture(self, index: int, known: bool = True) -> np.ndarray:
        """Its answer to one of them, float32 [1 or 3, H, W] in 0..1.

        Args:
            known: whether the original may be looked at.

        Raises:
            DataError: it cannot be read.
        """
        ...


@dataclass(frozen=True)
class Batches(Dataset[Batch]):
    """Item `step` is the batch of that step, or one worker's share of it."""

    pairs: PairSet
    domain: Domain
    recipe: Recipe
    answers: Answers | None = None
    rank: int = 0
    world: int = 1
    """This worker's number, and how many share each batch in equal parts."""

    def __post_init__(self) -> None:
        """Raises RecipeError or DataError where pairs and recipe do not go together, before any work."""
        self.recipe.share(self.world)
        if self.recipe.mix is not None:
            level_odds(self.pairs.levels, self.recipe.mix)
        side, sizes = self.recipe.patch_px, {self.pairs.size(i) for i in range(len(self.pairs.levels))}
        if side == 0 and len(sizes) > 1:
            raise DataError("Pictures of several sizes do not make a batch; give the recipe a patch_px.")
        for height, width in sorted(sizes):
            if side > min(height, width):
                raise DataError(f"A picture of {width}×{height} is smaller than the recipe's patch_px {side}.")

    def __getitem__(self, step: int) -> Batch:
        share = self.recipe.share(self.world)
        slots = range(self.rank * share, (self.rank + 1) * share)
        picks = self._picks(step)
        rows = [self._row(int(picks[slot]), np.random.default_rng([self.recipe.seed, step, slot])) for slot in slots]
        kinds = zip(*rows, strict=True)
        return Batch(*(torch.stack(kind) if kind[0] is not None else None for kind in kinds))  # type: ignore[arg-type]

    def _picks(self, step: int) -> np.ndarray:
        """The pairs of a step: drawn by the recipe's mix of levels, or each pair once in every epoch."""
        recipe, count = self.recipe, len(self.pairs.levels)
        if recipe.mix is not None:
            rng = np.random.default_rng([recipe.seed, step])
            picks = rng.choice(count, recipe.batch, p=self._odds)
            if recipe.answered and self.answers is not None:
                asked = rng.random(recipe.batch) < recipe.answered
                picks = np.where(asked, rng.choice(np.asarray(self.answers.answered), recipe.batch), picks)
            return picks
        places = np.arange(step * recipe.batch, (step + 1) * recipe.batch)
        orders = {e: np.random.default_rng([recipe.seed, int(e)]).permutation(count) for e in set(places // count)}
        return np.array([orders[place // count][place % count] for place in places])

    @cached_property
    def _odds(self) -> np.ndarray:
        """How probable each pair is, [pairs]: a level's share is spread evenly over its pairs."""
        return level_odds(self.pairs.levels, self.recipe.mix or {})

    def _row(self, pick: int, rng: np.random.Generator) -> Batch:
        untouched = self.recipe.untouched > 0 and rng.random() < self.recipe.untouched
        window = self._window(*self.pairs.size(pick), rng)
        shaken = self.recipe.shaken > 0 and not untouched and rng.random() < self.recipe.shaken
        shaken = shaken and self.pairs.filmed(pick)
        if shaken:
            soft, sharp = shaken_patch(self.pairs, pick, self.domain, window, rng)
        else:
            soft, sharp = self.pairs.patch(pick, self.domain, window)
        taught, answered, known = None if self.answers is None else sharp, False, True
        if untouched:
            soft = sharp
        elif not shaken and self.answers is not None and pick in self._answered:
            known = not (self.recipe.unlabelled and rng.random() < self.recipe.unlabelled)
            top, left = window.top, window.left
            part = self.answers.picture(pick, known)[:, top : top + window.height, left : left + window.width]
            taught, answered = window.turn(torch.from_numpy(part)), True
        if self.recipe.scale_down_and_up and not untouched:
            soft = scaled_down_and_up(soft, "bicubic" if rng.integers(2) else "bilinear")
        if self.recipe.bordered > 0 and rng.random() < self.recipe.bordered:
            for border in draw_borders(rng, min(window.height, window.width)):
                soft = border.drawn(soft) if untouched else border.coded(soft, rng)
                sharp = border.drawn(sharp)
                taught = None if taught is None else border.drawn(taught)
        if taught is None:
            return Batch(soft, sharp)
        return Batch(soft, sharp, taught, torch.tensor(float(answered)), torch.tensor(float(known)))

    @cached_property
    def _answered(self) -> frozenset[int]:
        return frozenset(self.answers.answered if self.answers else ())

    def _window(self, height: int, width: int, rng: np.random.Generator) -> Window:
        side = self.recipe.patch_px
        mirrored, upended, transposed = (bool(rng.integers(2)) for _ in range(3))
        if not self.recipe.all_turns:
            upended = transposed = False
        if side == 0:
            return Window(0, 0, height, width, mirrored, upended, transposed and height == width)
        top, left = (int(rng.integers(0, whole - side + 1)) for whole in (height, width))
        return Window(top, left, side, side, mirrored, upended, transposed)


def level_odds(levels: Sequence[str], mix: Mapping[str, float]) -> np.ndarray:
    """float64 [pairs], summing to 1: each level gets its share of `mix`, spread evenly over its pairs.

    Raises:
        DataError: no pair belongs to a level that the mix asks for.
    """
    names = np.asarray(levels)
    odds = np.zeros(len(names))
    for level, share in mix.items():
        odds[names == level] = share / max(int((names == level).sum()), 1)
    if not odds.sum() > 0:
        raise DataError(f"The recipe's mix ({', '.join(mix)}) asks for levels that these pairs do not have.")
    return odds / odds.sum()


def scaled_down_and_up(x: Tensor, mode: str) -> Tensor:
    """Half the size and back, [C, H, W] in 0..1: the report's `simulate_vc`."""
    small = F.interpolate(x[None], scale_factor=0.5, mode=mode, align_corners=False, antialias=True)
    return F.interpolate(small, x.shape[-2:], mode=mode, align_corners=False)[0].clamp_(0, 1)


def load_batches(batches: Batches, first: int, last: int, workers: int) -> Iterator[Batch]:
    """The batches of steps first..last − 1, decoded in `workers` processes (0: in this one) ahead of their use.

    Raises:
        DataError: a picture cannot be read.
    """
    ahead = 4 if workers else None
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=range(first, last),
        num_workers=workers,
        prefetch_factor=ahead,
        generator=torch.Generator(),  # its own, or it would draw from the one that belongs to the training's state
    )
    try:
        yield from loader
    except DataError as error:  # torch puts the worker's traceback before what the error said
        raise DataError(str(error).strip().rpartition(f"{DataError.__name__}: ")[2]) from error
