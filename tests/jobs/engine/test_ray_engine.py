"""What Ray says of a process that does not answer any more."""

from typing import Any

import pytest
import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError
from vidsharp.jobs.engine import ray_engine
from vidsharp.jobs.engine.protocol import NodeLost, WorkerDied
from vidsharp.jobs.engine.ray_engine import RayEngine

OUT_OF_REACH = ActorUnavailableError("RPC error: Socket closed", b"0" * 16)


@pytest.mark.parametrize(
    ("error", "address", "nodes", "lost"),
    [
        (OUT_OF_REACH, "auto", 1, True),
        (OUT_OF_REACH, None, 2, True),  # a cluster's driver that has called ray.init itself
        (OUT_OF_REACH, None, 1, False),  # this machine is there
        (ActorDiedError(), "auto", 3, False),
    ],
)
def test_a_process_out_of_reach_is_lost_with_its_machine(
    error: Exception, address: str | None, nodes: int, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray says so of a machine without power until it has missed its heartbeats, half a minute long: the chunk begins
    anew elsewhere meanwhile, and has used up no retry."""

    def get(call: Any) -> None:
        raise error

    monkeypatch.setattr(ray, "get", get)
    monkeypatch.setattr(ray_engine, "living_nodes", lambda: [{}] * nodes)
    with pytest.raises(WorkerDied) as caught:
        RayEngine(address).result(None)
    assert isinstance(caught.value, NodeLost) == lost
