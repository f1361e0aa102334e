"""What is told to Ray adds up to what the metrics are, in Ray's own counters and gauges."""

from collections import defaultdict
from typing import Any

import pytest
from vidsharp.jobs.engine import ray_metrics
from vidsharp.jobs.engine.ray_metrics import RayMetrics
from vidsharp.jobs.notifying.metrics import BYTES, CLIPS, FRAMES


@pytest.fixture
def ray_has(monkeypatch: pytest.MonkeyPatch) -> dict[Any, float]:
    """What Ray's metrics are, by name and labels; as its own are made and told."""
    has = defaultdict[Any, float](float)

    class Told:
        def __init__(self, name: str, description: str, tag_keys: tuple[str, ...]) -> None:
            assert description
            self._name, self._keys = name, tag_keys

        def _key(self, tags: dict[str, str]) -> Any:
            assert tuple(tags) == self._keys
            return self._name, *tags.values()

        def inc(self, value: float, tags: dict[str, str]) -> None:
            assert value > 0, "Ray refuses others"
            has[self._key(tags)] += value

        def set(self, value: float, tags: dict[str, str]) -> None:
            has[self._key(tags)] = value

    monkeypatch.setattr(ray_metrics, "Counter", Told)
    monkeypatch.setattr(ray_metrics, "Gauge", Told)
    return has


def test_counters_are_told_what_they_rose_by_and_gauges_what_they_are(ray_has: dict[Any, float]) -> None:
    metrics = RayMetrics()
    for frames, waiting in ((0, 7), (30, 5), (30, 5), (45, 9)):
        metrics.tell("/out", {FRAMES: {"": frames}, CLIPS: {"waiting": waiting}, BYTES: {"results": 2.5 * frames}})
        assert ray_has["vidsharp_frames", "/out"] == frames
        assert ray_has["vidsharp_clips", "/out", "waiting"] == waiting
        assert ray_has["vidsharp_bytes", "/out", "results"] == 2.5 * frames
