"""Finds the best strength of the classic sharpeners on training pairs, so that students are compared with good ones.

    python benchmarks/quality/tune_classic.py CACHE [--crops 300] [--seed 0]

CACHE holds crops as version 0.1 made them. Every setting sharpens the luma of the same crops, as many of each level
(light, medium, heavy), drawn from the training split; gains are over leaving them as they are, means over the levels.
The defaults in `training/evaluation/classic.py` are the settings of the highest
z = PSNR gain / 1 dB + SSIM gain / 0.01.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from vidsharp.training.data.crop_cache import CropCache, open_crop_cache
from vidsharp.training.evaluation.classic import cas, unsharp_mask
from vidsharp.training.loss.losses import psnr, ssim

LEVELS = ("light", "medium", "heavy")
AMOUNTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.2)
SIGMAS = (0.5, 1.0, 1.2, 1.4, 1.7, 2.0, 3.0)
CAS_STRENGTHS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
"""CAS knows no strength beyond 1, and at 0 it still sharpens a little."""


class Gain(NamedTuple):
    """Over leaving the picture as it is."""

    psnr_db: float
    ssim: float

    @property
    def z(self) -> float:
        """Both in one number: 1 dB weighs as much as 0.01."""
        return self.psnr_db + self.ssim / 0.01


def settings() -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    """All that is tried, by name."""
    for sigma in SIGMAS:
        for amount in AMOUNTS:
            yield f"unsharp amount={amount:g} sigma={sigma:g}", partial(unsharp_mask, amount=amount, sigma=sigma)
    for strength in CAS_STRENGTHS:
        yield f"cas strength={strength:g}", partial(cas, strength=strength)


def drawn(cache: CropCache, count: int, seed: int) -> dict[str, np.ndarray]:
    """Indices of `count` crops in all, as many of each level, by level."""
    rng = np.random.default_rng(seed)
    levels = np.array(cache.levels)
    return {name: rng.permutation(np.flatnonzero(levels == name))[: count // len(LEVELS)] for name in LEVELS}


def mean_gain(sharpen: Callable[[np.ndarray], np.ndarray], cache: CropCache, picks: Mapping[str, np.ndarray]) -> Gain:
    """The mean over crops, then over levels."""
    by_level = []
    for chosen in picks.values():
        gains = []
        for index in chosen:
            soft, sharp = (kind[index][: kind.shape[2]] for kind in (cache.soft, cache.sharp))
            gains.append(np.subtract(_score(sharpen(soft), sharp), _score(soft, sharp)))
        by_level.append(np.mean(gains, axis=0))
    return Gain(*(float(value) for value in np.mean(by_level, axis=0)))


def _score(picture: np.ndarray, sharp: np.ndarray) -> tuple[float, float]:
    x, y = (torch.from_numpy(plane.astype(np.float64))[None, None] for plane in (picture, sharp))
    return float(psnr(x, y, 255.0)), float(ssim(x, y, 255.0))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--crops", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cache = open_crop_cache(args.cache, "train")
    picks = drawn(cache, args.crops, args.seed)
    found = {}
    for name, sharpen in settings():
        found[name] = gain = mean_gain(sharpen, cache, picks)
        print(f"{name:32} {gain.psnr_db:+.3f} dB  {gain.ssim:+.5f}  z {gain.z:+.3f}", flush=True)
    for kind in ("unsharp", "cas"):
        mine = {name: gain for name, gain in found.items() if name.startswith(kind)}
        print(f"best PSNR: {max(mine, key=lambda name: mine[name].psnr_db)}")
        print(f"best SSIM: {max(mine, key=lambda name: mine[name].ssim)}")
        print(f"best z:    {max(mine, key=lambda name: mine[name].z)}")


if __name__ == "__main__":
    main()
