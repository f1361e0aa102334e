"""Metrics as a file in the OpenMetrics text format, which Prometheus' node exporter and others read."""

import logging
from collections.abc import Iterator
from pathlib import Path

from ...pipeline.atomic import write_atomically
from ...pipeline.errors import OutputError
from ..config import UsageError
from .foreign_file import check_ours
from .metrics import Metric, Values, labels_of

log = logging.getLogger("vidsharp")

_BEGIN = b"# TYPE vidsharp_"
"""Of each file that a run has written."""


class MetricsFile:
    """A file that holds what was told last, whole at every moment.

    Raises:
        UsageError: at the first time, it cannot be written, or is there and holds no metrics of ours. Later, the log
            says so once, and the run goes on.
    """

    def __init__(self, path: Path, run: str) -> None:
        """
        Args:
            run: the value of the label that all samples have.
        """
        self._path = path
        self._run = run
        self._told = self._failed = False

    def __call__(self, values: Values) -> None:
        """Writes what the metrics are now."""
        if not self._told:
            check_ours("--metrics", self._path, _BEGIN)
        try:
            write_atomically(self._path, openmetrics(values, self._run).encode())
            self._told, self._failed = True, False
        except OutputError as error:
            if not self._told:
                raise UsageError(f"--metrics: {error}") from error
            if not self._failed:
                self._failed = True
                log.error("metrics cannot be written (%s); the run goes on", error)


def openmetrics(values: Values, run: str) -> str:
    """The text; also what Prometheus' own format has, but for its last line and units, which are comments there."""
    return "".join(f"{line}\n" for line in [*_lines(values, run), "# EOF"])


def _lines(values: Values, run: str) -> Iterator[str]:
    for metric, by_value in values.items():
        yield f"# TYPE {metric.name} {metric.kind}"
        if metric.unit:
            yield f"# UNIT {metric.name} {metric.unit}"
        yield f"# HELP {metric.name} {_escaped(metric.help)}"
        for value, amount in by_value.items():
            yield f"{metric.sample}{{{_labels(metric, value, run)}}} {amount:.15g}"


def _labels(metric: Metric, value: str, run: str) -> str:
    return ",".join(f'{name}="{_escaped(text)}"' for name, text in labels_of(metric, value, run).items())


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
