"""How many actors a run has: never more threads than cores, nor more actors on a GPU than are fed, unless told so."""

import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.engine.pool import THREADS_PER_CPU_ACTOR, PoolPlan, plan_pool
from vidsharp.models.errors import DeviceError

from tests.support import runs


@pytest.mark.parametrize(
    ("cpus", "gpus", "device", "workers", "plan"),
    [
        (16, 0, "auto", None, PoolPlan(4, 4, 0, "cpu")),
        (2, 0, "auto", None, PoolPlan(1, 2, 0, "cpu")),
        (1, 0, "cpu", None, PoolPlan(1, 1, 0, "cpu")),
        (8, 0, "auto", 3, PoolPlan(3, 2, 0, "cpu")),
        (16, 4, "auto", None, PoolPlan(4, 4, 1, "cuda")),
        (16, 4, "cuda", None, PoolPlan(4, 4, 1, "cuda")),
        (16, 4, "cuda", 2, PoolPlan(2, 8, 1, "cuda")),
        (16, 1, "auto", None, PoolPlan(4, 4, 0.25, "cuda")),
        (16, 2, "cuda", None, PoolPlan(4, 4, 0.5, "cuda")),
        (64, 2, "cuda", None, PoolPlan(8, 8, 0.25, "cuda")),
        (12, 1, "cuda", None, PoolPlan(3, 4, 0.3333, "cuda")),
        (3, 1, "cuda", None, PoolPlan(1, 3, 1, "cuda")),
        (16, 2, "cuda", 9, PoolPlan(9, 1, 0.2, "cuda")),
        (4, 1, "cuda", 9, PoolPlan(4, 1, 0.1111, "cuda")),
        (16, 4, "cpu", None, PoolPlan(4, 4, 0, "cpu")),
        (16, 4, "cuda:2", None, PoolPlan(1, 16, 0, "cuda:2")),
        (16, 4, "cuda:2", 2, PoolPlan(2, 8, 0, "cuda:2")),
    ],
)
def test_plans(cpus: int, gpus: int, device: str, workers: int | None, plan: PoolPlan) -> None:
    resources = {"CPU": float(cpus), "memory": 1e9} | ({"GPU": float(gpus)} if gpus else {})
    assert plan_pool([resources], device, workers) == plan


machines = st.lists(
    st.fixed_dictionaries({"CPU": st.integers(1, 128).map(float), "GPU": st.integers(0, 8).map(float)}),
    min_size=1,
    max_size=6,
)


@given(
    nodes=machines, device=st.sampled_from(["auto", "cpu", "cuda", "cuda:0"]), workers=st.none() | st.integers(1, 300)
)
def test_what_is_planned_fits_the_machines(nodes: list[dict[str, float]], device: str, workers: int | None) -> None:
    """Ray starts an actor only where a machine has room for it: what does not fit would wait for ever."""
    gpus = sum(node["GPU"] for node in nodes)
    if device.startswith("cuda") and not gpus:
        return
    plan = plan_pool(nodes, device, workers)
    share = round(plan.gpus * 10_000)  # as Ray counts them
    free = [(node["CPU"], [10_000] * int(node["GPU"])) for node in nodes]
    for _ in range(plan.actors):
        at, (cores, cards) = next(
            (at, (cores, cards))
            for at, (cores, cards) in enumerate(free)
            if cores >= plan.threads and (not share or max(cards, default=0) >= share)
        )
        if share:
            cards[next(card for card, left in enumerate(cards) if left >= share)] -= share
        free[at] = cores - plan.threads, cards
    assert plan.actors >= 1
    assert plan.threads >= 1
    if workers is not None:
        assert plan.actors <= workers
    alike = len({node["CPU"] for node in nodes}) == 1
    if workers is None and plan.device == "cpu" and alike and nodes[0]["CPU"] >= THREADS_PER_CPU_ACTOR:
        assert plan.threads >= THREADS_PER_CPU_ACTOR, "auto gives an actor enough to overlap its stages"


def test_small_machines_get_small_actors() -> None:
    assert plan_pool([{"CPU": 2.0}, {"CPU": 2.0}], "auto", None) == PoolPlan(2, 2, 0, "cpu")
    assert plan_pool([{"CPU": 2.0}, {"CPU": 8.0}], "auto", None) == PoolPlan(3, 2, 0, "cpu")


def test_a_head_without_cores_gets_no_actor() -> None:
    """Ray lists no CPUs for it, not 0."""
    head: dict[str, float] = {"memory": 1e9}
    assert plan_pool([head, {"CPU": 2.0}], "auto", None) == PoolPlan(1, 2, 0, "cpu")
    assert plan_pool([head], "auto", None) == PoolPlan(1, 1, 0, "cpu"), "machines may join"


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_ray_does_not_know_is_refused(device: str) -> None:
    with pytest.raises(DeviceError, match=f"--device {device}: there is no CUDA GPU here; use --device cpu"):
        plan_pool([{"CPU": 8.0}], device, None)


TWO_GPUS = """
import sys, time
from pathlib import Path
import ray
import vidsharp.jobs.engine.actors as actors
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.engines import open_engine
from vidsharp.jobs.engine.pool import PoolPlan, plan_pool

ray.init(num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1])
engine = open_engine("ray").__enter__()  # it uses the Ray that is there
planned = plan_pool(engine.nodes(), "auto", None)
assert planned == PoolPlan(actors=2, threads=2, gpus=1, device="cuda"), planned

class Telling(SharpenActor):
    def frames_done(self):
        return ray.get_gpu_ids()

actors.ActorPool.actor_class = Telling
# The GPUs exist in Ray's books only; the student runs on the CPU.
pool = actors.ActorPool(engine, PoolPlan(actors=2, threads=1, gpus=1, device="cpu"), "fast", 1.0)
while len(pool.idle()) < 2:
    pool.answers(1.0)
gpus = ray.get([actor.worker.handle.frames_done.remote() for actor in pool._actors.values()])
assert sorted(gpus) == [[0], [1]], gpus
pool.stop()
pool = actors.ActorPool(engine, PoolPlan(actors=4, threads=1, gpus=0.5, device="cpu"), "fast", 1.0)
while len(pool.idle()) < 4:
    pool.answers(1.0)
gpus = ray.get([actor.worker.handle.frames_done.remote() for actor in pool._actors.values()])
assert sorted(gpus) == [[0], [0], [1], [1]], gpus
pool.stop()
ray.shutdown()
"""


@pytest.mark.slow
def test_each_actor_gets_a_gpu_of_its_own_from_ray(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    script = tmp_path / "two_gpus.py"
    script.write_text(TWO_GPUS)
    folder = tmp_path_factory.mktemp("ray")
    ended = subprocess.run(
        [sys.executable, script, folder], env=runs.plain_environment(), capture_output=True, text=True, timeout=150
    )
    assert ended.returncode == 0, ended.stderr


def test_gpus_and_the_machines_without_one() -> None:
    box, bare = {"CPU": 16.0, "GPU": 1.0}, {"CPU": 8.0}
    on_cpu = PoolPlan(2, 4, 0, "cpu")
    both = plan_pool([bare, box], "both", None)
    assert both == PoolPlan(4, 4, 0.25, "cuda", beside=on_cpu)
    assert both.kinds == (PoolPlan(4, 4, 0.25, "cuda"), on_cpu)
    alone = plan_pool([box], "both", None)
    assert [kind.device for kind in alone.kinds] == ["cuda", "cpu"], "machines without one may join"
    assert on_cpu.kinds == (on_cpu,)
    assert plan_pool([{"memory": 1e9}], "both", None).device == "cuda", "nobody knows what machines will have"
    with pytest.raises(DeviceError, match="--device both: there is no CUDA GPU here"):
        plan_pool([bare], "both", None)
