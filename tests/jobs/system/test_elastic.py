"""A cluster with Ray's own autoscaler: it grows from a head without cores as a run asks for it, and shrinks again."""

from pathlib import Path

import pytest

from benchmarks.scale import elastic

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_from_a_head_without_cores_to_some_nodes_and_back(tmp_path: Path) -> None:
    """Two nodes are taken away on the way, one of them announced: neither costs the chunk at work there a retry."""
    figures = elastic.measure(tmp_path, nodes=2, chunks=30, seconds=2.0, preempted=2)
    assert (figures["status"], figures["error"]) == ("done", None)
    assert figures["most_nodes"] == 2, "no more than there may be"
    assert figures["taken_away"] == 2
    assert figures["retries"] == {"failed": 0, "gpu_lost": 0, "node_lost": 1, "preempted": 1}
    assert figures["nodes_left"] == 0
