"""How many actors a run asks for, and of what shape, as machines come and go and its work comes to an end."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.engine.pool import PoolPlan, Shape, plan_pool
from vidsharp.jobs.engine.wanted import AHEAD, WorkLeft, for_machines, shapes_of, usual_shape, wanted

ONE = Shape(1)
SCOUT = plan_pool([{"memory": 1e9}], "auto", None)
"""The plan of a cluster whose only machine, the head, offers no core."""

nodes = st.fixed_dictionaries({"CPU": st.integers(0, 64).map(float), "GPU": st.integers(0, 8).map(float)})
clusters = st.lists(nodes, max_size=6)
counts = st.none() | st.integers(1, 400)


def asked(machines: list[dict[str, float]], pieces: int, *, known: bool = True, workers: int | None = None,
          plan: PoolPlan = SCOUT, usual: Shape = ONE) -> list[Shape]:  # fmt: skip
    """On a cluster that grows."""
    there = for_machines(plan, machines, workers)
    work = WorkLeft(pieces, known)
    return wanted(there, work, workers=workers, usual=usual_shape(there, usual), grows=True)


def test_from_a_head_without_cores_to_a_cluster_and_back() -> None:
    """Eight-core machines come as they are asked for, and go as the work ends."""
    assert asked([{}], 1000) == [ONE], "nobody knows what machines will have"
    eight: dict[str, float] = {"CPU": 8.0}
    assert asked([{}, eight], 1000) == [Shape(4)] * (2 + AHEAD), "its two actors use all its cores, and more are asked"
    assert len(asked([{}] + [eight] * 20, 1000)) == 80, "twice as many as there are"
    assert len(asked([{}] + [eight] * 400, 1000)) == 1000, "one for each piece of work"
    assert len(asked([{}] + [eight] * 400, 7)) == 7, "those without work are ended"
    assert len(asked([{}] + [eight] * 400, 0)) == 1


def test_as_long_as_clips_are_to_be_planned_nobody_is_ended() -> None:
    machines = [{"CPU": 4.0}] * 5
    assert len(asked(machines, 1, known=False)) == 5
    assert len(asked(machines, 1, known=True)) == 1


def test_workers_are_the_most_that_there_may_be_and_more_machines_get_them() -> None:
    four: list[dict[str, float]] = [{"CPU": 8.0}] * 4
    assert asked(four, 1000, workers=5) == [Shape(4)] * 5
    assert asked(four, 1000, workers=400) == [ONE] * 64, "32 that fit, and as many that are asked for"
    assert len(asked(four * 100, 1000, workers=400)) == 400
    assert len(asked(four * 100, 3, workers=400)) == 3


def test_machines_of_other_sizes_get_actors_of_their_own_size() -> None:
    machines = [{"CPU": 2.0}, {"CPU": 8.0}, {"CPU": 7.0}, {}]
    assert Counter(for_machines(SCOUT, machines, None)) == {Shape(2): 1, Shape(4): 2, Shape(7): 1}


def test_gpus_are_asked_for_where_the_run_works_on_gpus() -> None:
    box: dict[str, float] = {"CPU": 16.0, "GPU": 2.0}
    plan = plan_pool([box], "auto", None)
    assert asked([box], 100, plan=plan, usual=plan.shape) == [Shape(4, 0.5, "cuda")] * (4 + AHEAD)
    assert asked([], 100, plan=plan, usual=plan.shape) == [Shape(4, 0.5, "cuda")], "its machines are gone"
    assert asked([{"CPU": 64.0}], 100, plan=plan, usual=plan.shape) == [plan.shape], "cores alone are of no use"


def test_without_machines_a_gpu_that_was_asked_for_is_waited_for() -> None:
    assert plan_pool([{"memory": 1e9}], "cuda", None) == PoolPlan(1, 1, 1, "cuda")


@given(machines=clusters, pieces=st.integers(0, 500), known=st.booleans(), workers=counts)
def test_what_is_asked_for_has_work_and_where_it_can_be_is_bounded(
    machines: list[dict[str, float]], pieces: int, known: bool, workers: int | None
) -> None:
    there = for_machines(SCOUT, machines, workers)
    found = asked(machines, pieces, known=known, workers=workers)
    assert found
    assert workers is None or len(found) <= max(workers, 1)
    assert not known or len(found) <= max(1, pieces)
    assert len(found) <= len(there) + max(AHEAD, len(there))
    assert known or found[: len(there)] == there or workers is not None


@given(machines=clusters, pieces=st.integers(0, 500), known=st.booleans(), workers=counts)
def test_where_nothing_grows_all_that_fit_are_wanted(
    machines: list[dict[str, float]], pieces: int, known: bool, workers: int | None
) -> None:
    plan = plan_pool(machines or [{}], "cpu", workers)
    there = for_machines(plan, machines, workers)
    found = wanted(there, WorkLeft(pieces, known), workers=workers, usual=plan.shape, grows=False)
    assert found == (there or [plan.shape])


@given(node=nodes, device=st.sampled_from(["cpu", "cuda"]))
def test_the_actors_of_a_machine_fit_it_and_are_those_of_the_plan(node: dict[str, float], device: str) -> None:
    shapes = shapes_of(node, device)
    assert sum(shape.threads for shape in shapes) <= node["CPU"]
    assert sum(shape.gpus for shape in shapes) <= node["GPU"] + 1e-9
    if device == "cpu":
        assert bool(shapes) == (node["CPU"] >= 1)
    if node["CPU"] and (device == "cpu" or node["GPU"]):
        plan = plan_pool([node], device, None)
        assert shapes == [plan.shape] * plan.actors, "one machine has what it had when the run began"


@pytest.mark.parametrize("device", ["cuda:0", "cuda:1"])
def test_one_named_gpu_is_one_actors(device: str) -> None:
    box: dict[str, float] = {"CPU": 16.0, "GPU": 2.0}
    plan = plan_pool([box], device, None)
    assert for_machines(plan, [box] * 3, None) == [plan.shape]


BOX: dict[str, float] = {"CPU": 16.0, "GPU": 1.0}
BARE: dict[str, float] = {"CPU": 8.0}


def test_machines_without_a_gpu_get_actors_beside_those_that_have_one() -> None:
    plan = plan_pool([BARE, BOX], "both", None)
    assert for_machines(plan, [BARE, BOX, {}], None) == [Shape(4, 0.25, "cuda")] * 4 + [Shape(4)] * 2
    assert for_machines(plan, [BARE, BOX], 5) == [Shape(4, 0.25, "cuda")] * 4 + [Shape(4)], "those on GPUs first"
    assert for_machines(plan, [BARE], None) == [Shape(4)] * 2, "those with a GPU are gone"
    assert for_machines(plan_pool([BARE, BOX], "cuda", None), [BARE, BOX], None) == [Shape(4, 0.25, "cuda")] * 4


def test_nobody_is_ended_whose_device_has_work_left() -> None:
    """A recording's chunks are done on one device: with actors on the other one alone, they would wait for ever."""
    there = for_machines(plan_pool([BARE, BOX], "both", None), [BARE, BOX], None)
    on_cpu = WorkLeft(3, known=True, bound={"cpu": 2})
    kept = Counter(shape.device for shape in wanted(there, on_cpu, workers=None, usual=there[0], grows=True))
    assert kept["cpu"] == 2
    assert kept["cuda"] == 1, "one piece is for either"
    nothing = WorkLeft(0, known=True)
    assert len(wanted(there, nothing, workers=None, usual=there[0], grows=True)) == 1
