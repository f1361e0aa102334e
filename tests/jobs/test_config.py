"""The main job's settings: every value out of range is refused in a sentence that names the option."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import ProcessConfig
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.shard import Shard


def make(**values: Any) -> ProcessConfig:
    return ProcessConfig(**{"inputs": (Path("call.mp4"),), "out": Path("out"), **values})


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"strength": -0.01}, "--strength -0.01"),
        ({"strength": 1.51}, "--strength 1.51"),
        ({"strength": float("nan")}, "--strength nan"),
        ({"look": -0.01}, "--look -0.01"),
        ({"look": 1.01}, "--look 1.01"),
        ({"look": float("nan")}, "--look nan"),
        ({"chroma": "mend"}, "--chroma 'mend' is not known; accepted are keep, restore"),
        ({"engine": "spark"}, "--engine 'spark' is not known; accepted are ray, local"),
        ({"engine": "local", "address": "auto"}, "--address is of a cluster, which --engine local does not join"),
        ({"shard": Shard(4, 4)}, "--shard 4/4 is out of range: shards count from 0, so the last of 4 is 3/4"),
        ({"shard": Shard(0, 0)}, "--shard 0/0 is out of range: there is at least one shard, which is 0/1"),
        ({"workers": 0}, "--workers 0"),
        ({"workers": -1}, "--workers -1"),
        ({"batch": 0}, "--batch 0"),
        ({"device": "cpu", "batch": 4}, "--precision, --batch and --no-graph are for a GPU"),
        ({"device": "cpu", "precision": "float32"}, "--precision, --batch and --no-graph are for a GPU"),
        ({"device": "cpu", "graphs": False}, "--precision, --batch and --no-graph are for a GPU"),
        ({"device": "cpu", "hwaccel": "cuda"}, "--hwaccel cuda is for a student on a GPU"),
        ({"chunk_seconds": 0.0}, "--chunk-seconds 0"),
        ({"chunk_seconds": 0.09}, "--chunk-seconds 0.09"),
        ({"chunk_seconds": 3601.0}, "--chunk-seconds 3601"),
        ({"chunk_seconds": float("inf")}, "--chunk-seconds inf"),
        ({"stall_seconds": 0.5}, "--stall-seconds 0.5"),
        ({"stall_seconds": float("nan")}, "--stall-seconds nan"),
        ({"memory_mb": 15}, "--limit-memory 15"),
        ({"memory_mb": 0}, "--limit-memory 0"),
        ({"price_per_core_hour": -0.1}, "--price-per-core-hour -0.1 is no price"),
        ({"price_per_gpu_hour": float("nan")}, "--price-per-gpu-hour nan is no price"),
        ({"inputs": ()}, "at least one recording"),
    ],
)
def test_a_value_out_of_range_is_named(values: dict[str, Any], option: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(**values)
    assert option in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"strength": 0.0},
        {"strength": 1.5},
        {"look": 0.0},
        {"look": 1.0},
        {"chroma": "keep"},
        {"chroma": "restore"},
        {"engine": "local"},
        {"engine": "ray", "address": "auto"},
        {"workers": 1},
        {"batch": 1},
        {"chunk_seconds": 0.1},
        {"chunk_seconds": 3600.0},
        {"stall_seconds": 1.0},
        {"memory_mb": 16},
        {},
    ],
)
def test_the_ends_of_each_range_are_taken(values: dict[str, Any]) -> None:
    made = make(**values)
    assert {name: getattr(made, name) for name in values} == values


def test_cannot_be_changed_after_it_was_checked() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().strength = 7  # type: ignore[misc]
