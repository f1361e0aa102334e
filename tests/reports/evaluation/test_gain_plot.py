"""Marks lie where their numbers say, on a scale of round numbers that holds all of them."""

from typing import Any

import pytest
from vidsharp.reports.evaluation.gain_plot import gain_plot


def line(mean: float, low: float | None, high: float | None) -> dict[str, Any]:
    return {"level": "light", "method": "fast", "g": mean, "g_low": low, "g_high": high}


@pytest.mark.parametrize("scale", [1e-4, 0.03, 1, 40])
def test_places_are_linear_and_inside(scale: float) -> None:
    plot = gain_plot([line(1 * scale, -0.5 * scale, 2.2 * scale), line(-0.3 * scale, None, None)], "g", "+.1f")
    first, second = plot.marks
    assert first.line is not None
    places = [second.dot, plot.zero, first.dot, *first.line]
    assert all(0 <= place <= 100 for place in places)
    per_unit = (first.dot - plot.zero) / scale
    assert first.line[0] == pytest.approx(plot.zero - 0.5 * scale * per_unit, abs=0.05)
    assert first.line[1] == pytest.approx(plot.zero + 2.2 * scale * per_unit, abs=0.05)
    assert second.line is None
    assert (plot.zero, "0") in plot.ticks
    assert 3 <= len(plot.ticks) <= 7


def test_no_gain_at_all_can_be_drawn() -> None:
    plot = gain_plot([line(0.0, 0.0, 0.0)], "g", "+.1f")
    assert all(0 <= place <= 100 for place, _ in plot.ticks)
    assert plot.marks[0].dot == plot.zero
