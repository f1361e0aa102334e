"""Places of a curve's points, on numbers that are easy to reckon."""

import pytest
from vidsharp.reports.evaluation.benchmark_tables import CURVE_COLUMNS
from vidsharp.reports.evaluation.curve_plot import HEIGHT, WIDTH, CurvePlot, curve_plot
from vidsharp.reports.run.tables import table


def plot(*points: tuple[str, int, float], level: str = "medium") -> CurvePlot:
    lines = [
        {"level": level, "method": method, "from": start, "count": 3, "value": value} for method, start, value in points
    ]
    return curve_plot(table(lines, CURVE_COLUMNS), "A title", "medium")


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (step.split() for step in path.removeprefix("M").split(" L"))]


def test_a_point_lies_at_its_class_and_value() -> None:
    made = plot(("fast", 0, 0.0), ("fast", 8, 1.0), ("best", 8, 0.5), ("fast", 64, -0.5))
    assert [line.method for line in made.lines] == ["fast", "best"]
    columns = {label: x for x, label in made.columns}
    assert list(columns) == ["0", "8", "64"]
    rows = {label: y for y, label in made.rows}
    assert places(made.lines[0].path) == [
        (columns["0"], rows["0"]),
        (columns["8"], rows["1"]),
        (columns["64"], rows["-0.5"]),
    ]
    ((x, y),) = places(made.lines[1].path)
    assert x == columns["8"]
    assert y == pytest.approx((rows["0"] + rows["1"]) / 2, abs=0.1)
    assert "0 (3), 8 (3), 64 (3)" in made.across


@pytest.mark.parametrize(
    "values", [(-0.6, 0.4), (0.0, 0.0), (-0.3, -0.1), (0.001, 0.0023), (11.2, 13.4), (-700.0, 1e4)]
)
def test_the_scale_holds_zero_and_every_point_and_its_labels_are_short(values: tuple[float, float]) -> None:
    made = plot(*(("fast", i, value) for i, value in enumerate(values)))
    labels = [label for _, label in made.rows]
    assert "0" in labels
    assert len(set(labels)) == len(labels) >= 2
    assert all(len(label) <= 6 for label in labels)
    ys = [y for y, _ in made.rows]
    assert ys == sorted(ys, reverse=True)
    for x, y in places(made.lines[0].path):
        assert min(ys) <= y <= max(ys)
        assert 0 < x < WIDTH
    assert min(ys) >= 0
    assert max(ys) <= HEIGHT


def test_other_levels_are_not_shown_and_nothing_is_no_error() -> None:
    empty = plot(("fast", 0, 1.0), level="heavy")
    assert (empty.lines, empty.rows, empty.columns, empty.across) == ((), (), (), "Nothing was measured.")
    assert plot() == empty
