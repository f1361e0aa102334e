"""Metrics told to Ray, which every node of a cluster offers to Prometheus, as `ray_vidsharp_…`."""

from collections import defaultdict
from typing import Any

from ray.util.metrics import Counter, Gauge

from ..notifying.metrics import RUN_LABEL, Metric, Values, labels_of


class RayMetrics:
    """What one run tells. Ray has counters add up what they are given, so each is told what it has risen by."""

    def __init__(self) -> None:
        self._known: dict[Metric, Any] = {}
        self._told: defaultdict[tuple[Metric, str], float] = defaultdict(float)

    def tell(self, run: str, values: Values) -> None:
        """Tells what the metrics are now.

        Args:
            run: the value of the label that all samples have.
        """
        for metric, by_value in values.items():
            for value, amount in by_value.items():
                labels = labels_of(metric, value, run)
                if metric.kind == "gauge":
                    self._of(metric).set(amount, tags=labels)
                elif (risen := amount - self._told[metric, value]) > 0:
                    self._told[metric, value] = amount
                    self._of(metric).inc(risen, tags=labels)

    def _of(self, metric: Metric) -> Any:
        if metric not in self._known:
            kind = Counter if metric.kind == "counter" else Gauge
            labels = (RUN_LABEL, *([metric.label] if metric.label else []))
            self._known[metric] = kind(metric.name, metric.help, labels)
        return self._known[metric]
