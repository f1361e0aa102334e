"""How many actors a run has: never more threads than cores, never two actors on one GPU unless it is named."""

import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.pool import THREADS_PER_CPU_ACTOR, PoolPlan, plan_pool
from vidsharp.models.errors import DeviceError

from tests.jobs import runs


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
        (16, 2, "cuda", 9, PoolPlan(2, 8, 1, "cuda")),
        (16, 4, "cpu", None, PoolPlan(4, 4, 0, "cpu")),
        (16, 4, "cuda:2", None, PoolPlan(1, 16, 0, "cuda:2")),
        (16, 4, "cuda:2", 2, PoolPlan(2, 8, 0, "cuda:2")),
    ],
)
def test_plans(cpus: int, gpus: int, device: str, workers: int | None, plan: PoolPlan) -> None:
    resources = {"CPU": float(cpus), "memory": 1e9} | ({"GPU": float(gpus)} if gpus else {})
    assert plan_pool(resources, device, workers) == plan


@given(
    cpus=st.integers(1, 256),
    gpus=st.integers(0, 16),
    device=st.sampled_from(["auto", "cpu", "cuda", "cuda:0"]),
    workers=st.none() | st.integers(1, 300),
)
def test_what_is_planned_fits_the_machine(cpus: int, gpus: int, device: str, workers: int | None) -> None:
    """Ray starts an actor only when its reservation is free: what does not fit would wait for ever."""
    if device.startswith("cuda") and not gpus:
        return
    plan = plan_pool({"CPU": cpus, "GPU": gpus}, device, workers)
    assert plan.actors >= 1
    assert plan.threads >= 1
    assert plan.actors * plan.gpus <= gpus
    assert plan.actors * plan.threads <= max(cpus, 1)
    if workers is not None:
        assert plan.actors <= workers
    if workers is None and plan.device == "cpu" and cpus >= THREADS_PER_CPU_ACTOR:
        assert plan.threads >= THREADS_PER_CPU_ACTOR, "auto gives an actor enough to overlap its stages"


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_ray_does_not_know_is_refused(device: str) -> None:
    with pytest.raises(DeviceError, match=f"--device {device}: there is no CUDA GPU here; use --device cpu"):
        plan_pool({"CPU": 8.0}, device, None)


TWO_GPUS = """
import sys, time
from pathlib import Path
import ray
import vidsharp.jobs.actors as actors
from vidsharp.jobs.actor import SharpenActor
from vidsharp.jobs.pool import PoolPlan, plan_pool

ray.init(num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1])
planned = plan_pool(ray.cluster_resources(), "auto", None)
assert planned == PoolPlan(actors=2, threads=2, gpus=1, device="cuda"), planned

class Telling(SharpenActor):
    def frames_done(self):
        return ray.get_gpu_ids()

actors.SharpenActor = Telling
# The GPUs exist in Ray's books only; the student runs on the CPU.
pool = actors.ActorPool(PoolPlan(actors=2, threads=1, gpus=1, device="cpu"), "fast", 1.0)
while len(pool.idle()) < 2:
    pool.answers(1.0)
gpus = ray.get([actor.handle.frames_done.remote() for actor in pool._actors.values()])
assert sorted(gpus) == [[0], [1]], gpus
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
