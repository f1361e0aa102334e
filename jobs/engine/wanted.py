"""The actors that a run has a use for, as machines come and go and its work comes to an end. Pure rules.

Ray's autoscalers add machines for actors that find no room, and remove those on which none is. So on a cluster a run
asks for more than there is room for, as long as it has work for them, and ends those that it has no work for.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .pool import PoolPlan, Shape, cpu_actors, fed_by, plan_pool, share

AHEAD = 8
"""So many actors may wait for machines, or as many as there is room for already: asked for are a few at first, then
twice as many each time. A cluster that does not grow keeps that many waiting, which costs it nothing."""


@dataclass(frozen=True)
class WorkLeft:
    """The work that a run has still to do."""

    pieces: int
    """Clips to plan, chunks and joins: so many actors could be at work now."""
    known: bool
    """Whether all clips are planned: those that are not may have any number of chunks."""
    bound: Mapping[str, int] = field(default_factory=dict)
    """Those pieces that only actors on one device can do, by device."""

    def for_device(self, device: str) -> int:
        """So many actors on a device could be at work now."""
        return self.pieces - sum(self.bound.values()) + self.bound.get(device, 0)


def wanted(there: Sequence[Shape], work: WorkLeft, *, workers: int | None, usual: Shape, grows: bool) -> list[Shape]:
    """The actors of a run, at least one, those for which there are machines first.

    Args:
        there: as `for_machines`.
        workers: the most that it may have; None where nothing was said.
        usual: what is asked for beyond the machines that are there.
        grows: whether machines may join. Else all that fit are wanted, whatever is left to do.
    """
    if not grows:
        return list(there) or [usual]
    most = work.pieces if workers is None else min(work.pieces, workers)
    # As long as there is none, nobody knows what machines have: one is asked for, with whatever it has.
    ahead = max(AHEAD, len(there)) if there else 1
    asked = [*there, *[usual] * max(0, min(most - len(there), ahead))]
    return (_at_work(asked, work)[:most] if work.known else asked) or [usual]


def _at_work(asked: Sequence[Shape], work: WorkLeft) -> list[Shape]:
    """Those that there is work for: not more on a device than it can have."""
    kept, count = list[Shape](), Counter[str]()
    for shape in asked:
        count[shape.device] += 1
        if count[shape.device] <= work.for_device(shape.device):
            kept.append(shape)
    return kept


def usual_shape(shapes: Sequence[Shape], otherwise: Shape) -> Shape:
    """That of most actors."""
    return Counter(shapes).most_common(1)[0][0] if shapes else otherwise


def for_machines(plan: PoolPlan, nodes: Sequence[Mapping[str, float]], workers: int | None) -> list[Shape]:
    """The actors for which there are machines.

    Args:
        plan: as the run began.
        nodes: as for `plan_pool`.
        workers: as for `wanted`.
    """
    if plan.device not in ("cpu", "cuda"):
        return [plan.shape] * plan.actors  # one named GPU is that of one machine
    of_each = [shapes_of(node, plan.device) for node in nodes]
    if plan.beside is not None:
        on_cpu = [shapes_of(node, "cpu") for node, shapes in zip(nodes, of_each, strict=True) if not shapes]
        return [shape for shapes in [*of_each, *on_cpu] for shape in shapes][:workers]
    if workers is None or not any(of_each):
        return [shape for shapes in of_each for shape in shapes]
    now = plan_pool(nodes, plan.device, workers)
    return [now.shape] * now.actors


def shapes_of(node: Mapping[str, float], device: str) -> list[Shape]:
    """The actors of one machine, where nothing is said of their number: none where it lacks what they need.

    Args:
        device: `cpu` or `cuda`.
    """
    cores, gpus = int(node.get("CPU", 0)), int(node.get("GPU", 0))
    if device == "cpu":
        count, each = cpu_actors(node), 0.0
    elif not gpus or not cores:
        return []
    else:
        on_each = fed_by([node])
        count, each = min(cores, gpus * on_each), share(on_each)
    return [Shape(cores // count, each, device)] * count if count else []
