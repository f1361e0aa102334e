"""The dashboard asks for metrics that there are, by labels that they have, and shows each of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.notifying.metrics import METRICS, RUN_LABEL

DASHBOARD = json.loads((Path(__file__).parents[2] / "deploy" / "grafana-dashboard.json").read_text())
BY_SAMPLE = {metric.sample: metric for metric in METRICS}
SOURCES = {"ray_vidsharp", "vidsharp"}
SELECTOR = re.compile(r"\$\{source\}_(\w+)(?:\{(.*?)\})?")
FUNCTIONS = {"sum", "by", "rate", "increase", "label_values"}


def queries() -> Iterator[tuple[str, str]]:
    """All of them, with what their legend shows."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]
    yield next(each["query"] for each in DASHBOARD["templating"]["list"] if each["name"] == "out"), ""


@pytest.mark.parametrize(("query", "legend"), list(queries()))
def test_every_query_is_of_metrics_and_labels_that_there_are(query: str, legend: str) -> None:
    asked = [(BY_SAMPLE[f"vidsharp_{name}"], selector or "") for name, selector in SELECTOR.findall(query)]
    assert asked, query
    for metric, selector in asked:
        for label, values in re.findall(r'(\w+)=~?"(.*?)"', selector):
            assert label in (RUN_LABEL, metric.label)
            if label == metric.label:
                assert set(values.split("|")) <= set(metric.values), "a value that never comes"
    known = {metric.label for metric, _ in asked}
    assert set(re.findall(r"by \((\w+)\)", query)) | set(re.findall(r"\{\{(\w+)\}\}", legend)) <= known
    for metric, _ in asked:
        counted = re.search(rf"(rate|increase)\(\$\{{source\}}_{metric.sample.removeprefix('vidsharp_')}\b", query)
        assert metric.kind == "counter" or not counted, "only counters have a rate"
    names = re.sub(SELECTOR, "", re.sub(r"\[.*?\]|by \(\w+\)", "", query))
    assert set(re.findall(r"[a-z_]+", names)) <= FUNCTIONS | {RUN_LABEL}
    assert query.count("(") == query.count(")")


def test_every_metric_is_shown() -> None:
    shown = {f"vidsharp_{name}" for query, _ in queries() for name, _ in SELECTOR.findall(query)}
    assert shown == set(BY_SAMPLE)


def test_it_is_of_ray_or_of_files() -> None:
    (source,) = (each for each in DASHBOARD["templating"]["list"] if each["name"] == "source")
    assert {option["value"] for option in source["options"]} == SOURCES
    assert set(re.findall(r": (\w+)", source["query"])) == SOURCES


def test_panels_do_not_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in DASHBOARD["panels"]:
        place: dict[str, Any] = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
