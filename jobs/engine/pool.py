"""The number of sharpening actors of a run, and of their threads: decided from what Ray says the machines have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...models.errors import DeviceError
from ...models.gpu.settings import GpuSettings

THREADS_PER_CPU_ACTOR = 4
"""Decode, student and encoder overlap within an actor, so a few cores each keep busy; more actors cost memory."""
BOTH = "both"
"""The device of a run that uses machines without a GPU, too, beside those that have one."""
MOST_PER_GPU = 4
"""Actors on one GPU, where nothing else is said: one decodes and encodes less than a GPU could sharpen, and each takes
memory of the GPU for itself. By arithmetic; not measured yet."""


_SHARES = 10_000
"""What Ray divides a GPU into."""


@dataclass(frozen=True)
class Shape:
    """What an actor reserves on its machine, as long as it lives."""

    threads: int
    gpus: float = 0.0
    device: str = "cpu"
    """What it runs its student on."""


@dataclass(frozen=True)
class PoolPlan:
    """The actors of a run as it begins: all alike but where there are two kinds. Machines that join may get others
    (`wanted.py`)."""

    actors: int
    threads: int
    """For each actor, reserved from Ray as `num_cpus`."""
    gpus: float
    """For each actor, reserved from Ray as `num_gpus`: 0, 1 or a part of one."""
    device: str
    """What each actor runs its student on."""
    gpu: GpuSettings | None = None
    """How each works on a GPU, decided for all of them; None on a CPU."""
    beside: "PoolPlan | None" = None
    """The actors of machines without a GPU, where they get any beside these, which are on GPUs then."""

    @property
    def shape(self) -> Shape:
        return Shape(self.threads, self.gpus, self.device)

    @property
    def kinds(self) -> "tuple[PoolPlan, ...]":
        """One plan for each device that the run's actors are on."""
        return (self,) if self.beside is None else (replace(self, beside=None), self.beside)

    @property
    def encoders(self) -> tuple[str, ...]:
        """Of the GPU, those that the run uses."""
        return () if self.gpu is None else self.gpu.hwaccel.encoders


@dataclass(frozen=True)
class Crew:
    """The actors of a run at a time."""

    by_state: Mapping[str, int]
    """How many are `starting`, `idle`, `busy` and `refused`: those that get no work."""
    cores: int
    """Of those that have loaded their student."""
    gpus: float


def plan_pool(nodes: Sequence[Mapping[str, float]], device: str, workers: int | None) -> PoolPlan:
    """Chooses as many actors as fit, with as many threads each as the machines' cores allow; on GPUs, as many for each
    as its machine's cores can feed.

    Ray never starts an actor that fits on no machine, and the run would wait for it: so all that is planned fits.

    Args:
        nodes: what each machine has, as Ray counts it, which does not list what there is none of; `CPU` and `GPU`
            matter.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `both`.
        workers: the number of actors, or None to choose; of `both`, those on GPUs.

    Raises:
        DeviceError: a GPU is asked for where Ray knows none.
    """
    if device == BOTH:
        return _of_both(nodes, workers)
    if device.startswith("cuda") and not any(int(node.get("CPU", 0)) for node in nodes):
        nodes = [{"CPU": 1.0, "GPU": 1.0}]  # a cluster that has no machine for work yet
    gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    if device.startswith("cuda") and not gpus:
        raise _no_gpu(device)
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    each, on_each = 0.0, 1
    if device == "cuda":
        on_each = fed_by(nodes) if workers is None else max(1, -(-workers // gpus))
        each = share(on_each)
    if workers is None:
        # An actor on one named GPU (`cuda:N`) shares it with no other, and Ray must not hide it.
        automatic = {"cuda": gpus * on_each, "cpu": sum(map(cpu_actors, nodes))}
        workers = automatic.get(device, 1)
    actors = min(max(1, workers), max(1, _room(nodes, 1, each)))
    most = max(int(node.get("CPU", 0)) for node in nodes)
    threads = next((count for count in range(most, 1, -1) if _room(nodes, count, each) >= actors), 1)
    return PoolPlan(actors, threads, each, device)


def _of_both(nodes: Sequence[Mapping[str, float]], workers: int | None) -> PoolPlan:
    """As `plan_pool`: GPUs, and the machines that have none."""
    without = [node for node in nodes if not int(node.get("GPU", 0))]
    if len(without) == len(nodes) and any(int(node.get("CPU", 0)) for node in nodes):
        raise _no_gpu(BOTH)
    plan = plan_pool([node for node in nodes if node not in without] or nodes, "cuda", workers)
    return replace(plan, beside=plan_pool(without, "cpu", None) if without else PoolPlan(0, 1, 0, "cpu"))


def _no_gpu(device: str) -> DeviceError:
    return DeviceError(f"--device {device}: there is no CUDA GPU here; use --device cpu, or auto to take what there is")


def cpu_actors(node: Mapping[str, float]) -> int:
    """How many actors a machine gets that has no better use for its cores; none where it offers no core."""
    cpus = int(node.get("CPU", 0))
    return max(min(1, cpus), cpus // THREADS_PER_CPU_ACTOR)


def fed_by(nodes: Sequence[Mapping[str, float]]) -> int:
    """How many actors on each GPU the cores of its machine keep busy, on the machine with the fewest for each."""
    cores = min(int(node.get("CPU", 0)) // int(node["GPU"]) for node in nodes if int(node.get("GPU", 0)))
    return max(1, min(MOST_PER_GPU, cores // THREADS_PER_CPU_ACTOR))


def share(on_each: int) -> float:
    """Of a GPU, for each of so many actors, as Ray divides it."""
    return int(_SHARES / on_each) / _SHARES


def _room(nodes: Sequence[Mapping[str, float]], threads: int, gpus: float) -> int:
    """How many actors with that many threads and GPUs, or a part of one GPU, each find room."""
    on_each = int(1 / gpus + 1e-9) if gpus else 10**9
    return sum(
        min(int(node.get("CPU", 0)) // threads, int(node.get("GPU", 0)) * on_each if gpus else 10**9) for node in nodes
    )
