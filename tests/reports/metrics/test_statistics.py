"""Tests and intervals against scipy and against what can be reckoned by hand."""

import numpy as np
import pytest
from scipy.stats import wilcoxon
from vidsharp.reports.metrics.statistics import bootstrap_interval, bootstrap_ratio, holm, signed_rank_p


def test_wilcoxon_by_hand() -> None:
    """Of n gains that are all above zero, one of 2^n signs is as good: p = 2^-n."""
    for n in (1, 4, 10):
        assert signed_rank_p([0.1 + i for i in range(n)]) == pytest.approx(2.0**-n)
        assert signed_rank_p([-0.1 - i for i in range(n)]) == 1
    assert signed_rank_p([3.0, 2.0, -1.0]) == pytest.approx(2 / 8)  # signs +++ and ++−, the smallest


def test_wilcoxon_as_scipy_has_it() -> None:
    gains = np.random.default_rng(3).normal(0.2, 1, 30)
    assert signed_rank_p(list(gains)) == pytest.approx(float(wilcoxon(gains, alternative="greater").pvalue))  # type: ignore[attr-defined]


def test_no_gain_is_no_claim() -> None:
    assert signed_rank_p([]) == signed_rank_p([0.0]) == signed_rank_p([0.0, 0.0]) == 1
    assert signed_rank_p([0.0, 0.0, 1.0, 2.0]) == pytest.approx(1 / 4)


def test_holm_by_hand() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.5, "b": 0.9}) == {"a": 1.0, "b": 1.0}
    assert holm({"alone": 0.02}) == {"alone": 0.02}
    assert holm({}) == {}


def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni() -> None:
    p_values = {str(i): p for i, p in enumerate(np.random.default_rng(0).uniform(0, 0.3, 12))}
    adjusted = holm(p_values)
    assert list(adjusted) == list(p_values)
    for name, p in p_values.items():
        assert p <= adjusted[name] <= min(1, 12 * p)
    by_p = sorted(p_values, key=lambda name: p_values[name])
    assert [adjusted[name] for name in by_p] == sorted(adjusted.values())


def test_the_bootstrap_draws_the_same_for_paired_figures() -> None:
    values = np.random.default_rng(0).normal(0, 1, 9)
    first = bootstrap_interval(values, 4, 500)
    assert bootstrap_interval(values, 4, 500) == first
    assert bootstrap_interval(values, 5, 500) != first
    moved = bootstrap_interval(2 * values + 1, 4, 500)
    assert moved == (pytest.approx(2 * first[0] + 1), pytest.approx(2 * first[1] + 1))  # type: ignore[operator]
    assert first[0] is not None
    assert first[1] is not None
    assert values.min() <= first[0] < values.mean() < first[1] <= values.max()


def test_equal_values_have_an_interval_without_width_and_few_have_none() -> None:
    assert bootstrap_interval(np.full(5, 0.25), 0, 100) == (0.25, 0.25)
    assert bootstrap_interval(np.array([]), 0, 100) == bootstrap_interval(np.array([1.0]), 0, 100) == (None, None)


def test_a_ratio_is_that_of_sums_and_its_interval_that_of_means_where_divisors_are_equal() -> None:
    values = np.random.default_rng(4).normal(3, 1, 20)
    assert bootstrap_ratio(values, np.ones(20), 0, 500) == pytest.approx(bootstrap_interval(values, 0, 500))
    over, under = np.array([6.0, 20.0]), np.array([2.0, 10.0])
    assert bootstrap_ratio(over, under, 0, 2000) == pytest.approx((2, 3))  # one of both, drawn twice
    assert bootstrap_ratio(over[:1], under[:1], 0, 2000) == (None, None)
    assert bootstrap_ratio(over, np.zeros(2), 0, 2000) == (None, None)
