"""How many sharpening actors a run has, with how many threads each: decided from what Ray says the machines have."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..models.errors import DeviceError

THREADS_PER_CPU_ACTOR = 4
"""Decode, student and encoder overlap within an actor, so a few cores each keep busy; more actors cost memory."""


@dataclass(frozen=True)
class PoolPlan:
    """The actors of a run: all alike."""

    actors: int
    threads: int
    """For each actor, reserved from Ray as `num_cpus`."""
    gpus: int
    """For each actor, reserved from Ray as `num_gpus`: 0 or 1."""
    device: str
    """What each actor runs its student on."""


def plan_pool(resources: Mapping[str, float], device: str, workers: int | None) -> PoolPlan:
    """Chooses the actors so that actors × threads is at most the number of cores, and each GPU has one actor.

    Ray would never start an actor that finds no free core, and the run would wait for it.

    Args:
        resources: as `ray.cluster_resources()` gives them; `CPU` and `GPU` count.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        workers: the number of actors, or None to choose.

    Raises:
        DeviceError: a GPU is asked for where Ray knows none.
    """
    cores = max(1, int(resources.get("CPU", 1)))
    gpus = int(resources.get("GPU", 0))
    if device.startswith("cuda") and not gpus:
        raise DeviceError(
            f"--device {device}: there is no CUDA GPU here; use --device cpu, or auto to take what there is"
        )
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    if device == "cpu":
        actors = min(workers or max(1, cores // THREADS_PER_CPU_ACTOR), cores)
        return PoolPlan(actors, max(1, cores // actors), 0, "cpu")
    if device == "cuda":
        actors = min(workers or gpus, gpus, cores)
        return PoolPlan(actors, max(1, cores // actors), 1, "cuda")
    # One named GPU: its actors share it, and Ray must not hide it from them.
    actors = min(workers or 1, cores)
    return PoolPlan(actors, max(1, cores // actors), 0, device)
