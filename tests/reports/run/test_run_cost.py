"""The cost of a run, by its chunks: what says nothing counts for nothing, and sums are those of their parts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.reports.run.run_cost import RunCost, clip_cost, money, run_cost


def clip(name: str = "a.mp4", **more: Any) -> dict[str, Any]:
    row = {"clip": name, "frames": 100, "duration_s": 10.0, "device": "cpu", "settings": None}
    return {**row, **more}


def chunk(name: str = "a.mp4", **more: Any) -> dict[str, Any]:
    return {"clip": name, "frames": 50, "wall_s": 4.0, "core_s": 7.2, **more}


def test_the_video_of_a_clip_is_that_of_its_chunks() -> None:
    assert clip_cost(clip(), [chunk()]) == RunCost(5.0, 7.2, None, None)
    assert clip_cost(clip(), [chunk(), chunk()]) == RunCost(10.0, 14.4, None, None)


def test_chunks_of_earlier_versions_say_nothing() -> None:
    assert clip_cost(clip(), [chunk(core_s=None), chunk()]) == RunCost(5.0, 7.2, None, None)
    assert run_cost([clip()], [chunk(core_s=None)]) is None
    assert clip_cost(clip(frames=None), [chunk()]) == RunCost()


def test_money_is_of_the_prices_that_a_clip_was_made_with() -> None:
    settings = json.dumps({"price-per-core-hour": 0.5, "price-per-gpu-hour": 3.0})
    assert clip_cost(clip(settings=settings), [chunk()]).money == pytest.approx(0.001)
    on_gpu = clip_cost(clip(settings=settings, device="cuda:1"), [chunk(wall_s=36.0)])
    assert on_gpu.gpu_s == 36.0
    assert on_gpu.money == pytest.approx(0.001 + 0.03)
    shared = json.dumps({"gpus-per-worker": 0.5})
    assert clip_cost(clip(settings=shared, device="cuda"), [chunk(wall_s=36.0)]).gpu_s == 18.0


def test_a_price_of_what_is_not_used_costs_nothing() -> None:
    assert money(3600, None, None, 5.0) is None
    assert money(3600, 7200, 1.0, None) == 1.0
    assert money(3600, 7200, 1.0, 2.0) == 5.0
    assert money(3600, None, 0.0, None) == 0.0, "free is a price"


def test_figures_and_sentence() -> None:
    cost = RunCost(video_s=7200, core_s=36000, gpu_s=1800, money=4.0)
    assert cost.figures() == {
        "video_hours": 2, "core_hours": 10, "gpu_hours": 0.5, "cost": 4,
        "core_hours_per_video_hour": 5, "gpu_hours_per_video_hour": 0.25, "cost_per_video_hour": 2,
    }  # fmt: skip
    assert cost.sentence == (
        "10 core-hours (5 for an hour of video), 0.5 GPU-hours (0.25 for an hour of video), "
        "a cost of 4.00 (2 for an hour of video)"
    )
    assert RunCost().figures()["core_hours_per_video_hour"] is None
    assert RunCost(0, 3600).sentence == "1 core-hours"


maybe = st.none() | st.integers(0, 1000)
costs = st.builds(RunCost, st.integers(0, 1000), st.integers(0, 1000), maybe, maybe)


@given(costs, costs, costs)
def test_sums_do_not_depend_on_their_order(one: RunCost, two: RunCost, three: RunCost) -> None:
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + RunCost() == one
