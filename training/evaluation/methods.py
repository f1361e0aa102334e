"""The methods that are compared: doing nothing, two classic sharpeners, and students, each from planes to planes."""

from collections.abc import Callable, Sequence

from ...models.enhance import Enhancer
from ...models.nets.look import StudentLook, named_at
from ...models.planes.plane_format import PlaneFormat
from ...reports.evaluation.evaluation_tables import IDENTITY
from .classic import cas, unsharp_mask
from .evaluation_pictures import Planes

Method = Callable[[Planes, PlaneFormat], Planes]
"""Returns planes of the same shapes and dtype, possibly the same arrays; modifies none."""


def methods(students: Sequence[str | StudentLook], *, device: str, threads: int | None) -> dict[str, Method]:
    """Identity, unsharp mask and CAS, then the students, by name; students run as in the product.

    Checkpoints whose file names are equal are named by their whole path, and students by look and chroma where
    these were asked for.

    Args:
        students: names and checkpoint files, at a look or at their own.
        device: as `Enhancer` takes it.
        threads: CPU threads for torch in this process; None leaves them as they are.

    Raises:
        ModelError, CheckpointError, DeviceError: as `Enhancer`.
    """
    named: dict[str, Method] = {
        IDENTITY: lambda planes, fmt: planes,
        "unsharp": lambda planes, fmt: [unsharp_mask(planes[0]), *planes[1:]],
        "cas": lambda planes, fmt: [cas(planes[0]), *planes[1:]],
    }
    for model, look, chroma in dict.fromkeys(StudentLook(s) if isinstance(s, str) else s for s in students):
        enhancer = Enhancer(model, device=device, threads=threads, look=look, chroma=chroma)
        name = named_at(enhancer.name, look, chroma)
        named[name if name not in named else named_at(model, look, chroma)] = _student(enhancer)
    return named


def _student(enhancer: Enhancer) -> Method:
    def sharpen(planes: Planes, fmt: PlaneFormat) -> Planes:
        changed = enhancer.planes(planes, fmt)
        return [plane if new is None else new for plane, new in zip(planes, changed, strict=True)]

    return sharpen
