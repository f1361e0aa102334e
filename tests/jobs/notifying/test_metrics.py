"""The list of metrics is such as Prometheus and Ray take, and the documents have it."""

import re
from pathlib import Path

from vidsharp.jobs.notifying.metrics import METRICS, RUN_LABEL, metrics_list

from tests.support.marked_sections import filled_in

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def test_names_follow_the_rules_of_openmetrics() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert re.fullmatch(r"vidsharp_[a-z_]+", metric.name)
        assert not metric.name.endswith(("_total", "_created", "_info", "_bucket", "_sum", "_count"))
        assert metric.unit is None or metric.name.endswith(f"_{metric.unit}")
        assert metric.help.endswith(".")
        assert bool(metric.label) == bool(metric.values)
        assert metric.label != RUN_LABEL
        assert len(set(metric.values)) == len(metric.values)


def test_the_page_lists_them() -> None:
    text = PAGE.read_text()
    assert text == filled_in(text, {"metrics": metrics_list()}), "write the section again"
