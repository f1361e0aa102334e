"""The file of metrics is what Prometheus' own parsers read, and is whole at every moment."""

import math
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from prometheus_client.openmetrics.parser import text_string_to_metric_families as as_openmetrics
from prometheus_client.parser import text_string_to_metric_families as as_prometheus
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.notifying.metrics import METRICS, RUN_LABEL, Metric, Values
from vidsharp.jobs.notifying.openmetrics import MetricsFile, openmetrics

amounts = st.integers(0, 2**53) | st.floats(0, 1e15)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)


@st.composite
def values(draw: st.DrawFn) -> Values:
    chosen = draw(st.lists(st.sampled_from(METRICS), unique=True))
    return {metric: {value: draw(amounts) for value in metric.values or ("",)} for metric in chosen}


def labels(metric: Metric, value: str, run: str) -> dict[str, str]:
    return {RUN_LABEL: run, **({metric.label: value} if metric.label else {})}


@given(values=values(), run=names)
def test_what_is_told_is_read_back(values: Values, run: str) -> None:
    families = list(as_openmetrics(openmetrics(values, run)))
    assert [(family.name, family.type, family.documentation, family.unit) for family in families] == [
        (metric.name, metric.kind, metric.help, metric.unit or "") for metric in values
    ]
    for family, (metric, by_value) in zip(families, values.items(), strict=True):
        assert [(sample.name, sample.labels) for sample in family.samples] == [
            (metric.sample, labels(metric, value, run)) for value in by_value
        ]
        for sample, amount in zip(family.samples, by_value.values(), strict=True):
            assert math.isclose(sample.value, amount, rel_tol=1e-14)


def test_readers_of_the_older_format_read_it_too() -> None:
    """As the text files that Prometheus' node exporter collects are."""
    text = openmetrics({metric: dict.fromkeys(metric.values or ("",), 2.0) for metric in METRICS}, "/out")
    samples = [sample for family in as_prometheus(text) for sample in family.samples]
    expected = [(metric.sample, value) for metric in METRICS for value in metric.values or ("",)]
    assert [(sample.name, sample.value) for sample in samples] == [(name, 2.0) for name, _ in expected]
    assert all(sample.timestamp is None for sample in samples), "files with times are refused there"


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    tell = MetricsFile(tmp_path / "vidsharp.prom", "/out")
    tell({METRICS[1]: {"": 1}})
    first = (tmp_path / "vidsharp.prom").stat().st_ino
    tell({METRICS[1]: {"": 2}})
    assert (tmp_path / "vidsharp.prom").stat().st_ino != first
    assert [path.name for path in tmp_path.iterdir()] == ["vidsharp.prom"]
    (family,) = as_openmetrics((tmp_path / "vidsharp.prom").read_text())
    assert family.samples[0].value == 2


@pytest.mark.parametrize("ours", [b"", b"# TYPE vidsharp_clips gauge\n"])
def test_a_file_of_ours_is_replaced(tmp_path: Path, ours: bytes) -> None:
    file = tmp_path / "vidsharp.prom"
    file.write_bytes(ours)
    MetricsFile(file, "/out")({METRICS[1]: {"": 2}})
    (family,) = as_openmetrics(file.read_text())
    assert family.samples[0].value == 2


def test_a_file_that_vidsharp_did_not_make_is_left(tmp_path: Path) -> None:
    file = tmp_path / "call.mp4"
    file.write_bytes(b"a recording")
    with pytest.raises(UsageError, match=r"call\.mp4 exists and was not made by vidsharp; remove it, or name another"):
        MetricsFile(file, "/out")({METRICS[1]: {"": 2}})
    assert file.read_bytes() == b"a recording"


def test_what_cannot_be_written_is_refused_at_first_and_later_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UsageError, match=r"--metrics: .* cannot be written"):
        MetricsFile(tmp_path / "nowhere" / "vidsharp.prom", "/out")({})
    (tmp_path / "there").mkdir()
    tell = MetricsFile(tmp_path / "there" / "vidsharp.prom", "/out")
    tell({})
    (tmp_path / "there" / "vidsharp.prom").unlink()
    (tmp_path / "there").rmdir()
    tell({})
    tell({})
    (said,) = caplog.messages
    assert "metrics cannot be written" in said
    assert "the run goes on" in said
    (tmp_path / "there").mkdir()
    tell({})
    assert (tmp_path / "there" / "vidsharp.prom").exists(), "it goes on where it can again"
