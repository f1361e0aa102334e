"""Statistics of a mean over few sources: bootstrap intervals, and tests whose number was declared beforehand."""

from collections.abc import Mapping, Sequence

import numpy as np

CONFIDENCE = 0.95


def bootstrap_interval(values: np.ndarray, seed: int, draws: int) -> tuple[float, float] | tuple[None, None]:
    """The 2.5th and 97.5th percentile of the means of samples drawn with replacement; none for fewer than two values.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13. The same seed draws the same sources for
    every method, so that intervals of differences are those of paired figures.

    Args:
        values: float [n], one for each source.
    """
    if len(values) < 2:
        return None, None
    picks = np.random.default_rng(seed).integers(0, len(values), (draws, len(values)))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values[picks].mean(axis=1), [tail, 100 - tail])
    return float(low), float(high)


def bootstrap_ratio(
    over: np.ndarray, under: np.ndarray, seed: int, draws: int
) -> tuple[float, float] | tuple[None, None]:
    """The 2.5th and 97.5th percentile of Σ over / Σ under of samples drawn with replacement, as `bootstrap_interval`
    draws them; a sample whose divisor is not above zero is left out. None for fewer than two values.

    Args:
        over, under: float [n], one of each for each source.
    """
    if len(over) < 2:
        return None, None
    picks = np.random.default_rng(seed).integers(0, len(over), (draws, len(over)))
    above, below = over[picks].sum(axis=1), under[picks].sum(axis=1)
    if not np.any(below > 0):
        return None, None
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(above[below > 0] / below[below > 0], [tail, 100 - tail])
    return float(low), float(high)


def signed_rank_p(gains: Sequence[float]) -> float:
    """One-sided p of Wilcoxon's signed-rank test that paired gains are not above zero (Wilcoxon 1945).

    1 where no gain differs from zero, or there is none at all.
    """
    from scipy.stats import wilcoxon

    values = np.asarray(gains, dtype=np.float64)
    if not np.any(values):
        return 1.0
    return float(wilcoxon(values, alternative="greater").pvalue)  # type: ignore[attr-defined]


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p of each hypothesis, adjusted for how many were tested together (Holm 1979): the chance of one false claim or
    more is at most the level that they are compared with.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, p * (len(p_values) - place)))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}
