"""Ways to compute a student's pictures: the C library, torch on a CPU, or torch on a GPU. A new way is a line here.

Torch is imported where a student needs it: those that the C library does, do not.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .errors import DeviceError
from .fused.fused_student import FusedStudent
from .nets.catalogue import Student, at_look, load_student
from .nets.protocol import Domain, OfOthers
from .planes.plane_format import PlaneFormat
from .sequence.parts import Parts, Windowed

if TYPE_CHECKING:
    from .gpu.gpu_student import GpuStudent
    from .gpu.settings import GpuSettings

Planes = Sequence[np.ndarray]


class Backend(Protocol):
    """A student, and how its pictures are computed."""

    @property
    def name(self) -> str: ...
    @property
    def domain(self) -> Domain: ...
    @property
    def look(self) -> float | None:
        """As `Enhancer.look`; so are the four below."""
        ...

    @property
    def halo_px(self) -> int: ...
    @property
    def align_px(self) -> int: ...
    @property
    def offsets(self) -> tuple[int, ...]: ...
    @property
    def tiles_exactly(self) -> bool: ...
    @property
    def takes_any_code(self) -> bool:
        """Whether codes above the peak are taken for the peak here, and need not be before."""
        ...

    @property
    def gpu(self) -> "GpuStudent | None":
        """The part of it that works on a GPU."""
        ...

    def provenance(self, fmt: PlaneFormat) -> Mapping[str, str]:
        """As `Enhancer.provenance`."""
        ...

    def begin(self, window: Sequence[Planes], fmt: PlaneFormat) -> Callable[[], Sequence[np.ndarray]]:
        """Starts to sharpen a picture.

        Args:
            window: the planes that the student sees of the pictures at `offsets`; they may be written on as soon as
                this returns.

        Returns:
            What waits for the picture's planes, as many as it sees of one.
        """
        ...

    def ahead(self, height: int, width: int) -> int:
        """As `Enhancer.ahead`."""
        ...

    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool:
        """As `Enhancer.gives_frames_bits`."""
        ...

    def parts(self, student: Windowed) -> Parts:
        """How parts of frames are computed.

        Args:
            student: what calls this.
        """
        ...


def backend_of(
    student_or_name: Student | str | Path,
    device: str,
    strength: float,
    threads: int | None,
    look: float | None,
    *,
    plain: bool,
    gpu: "GpuSettings | None",
) -> Backend:
    """The backend for a student on a device; arguments and errors as of `Enhancer`, the device being resolved."""
    on_gpu = gpu is not None or device != "cpu"
    fused = None if plain or on_gpu else FusedStudent.try_of(student_or_name, strength, threads, look)
    if fused is not None:
        return fused
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    given = isinstance(student_or_name, Student)
    student = at_look(student_or_name, look) if given else load_student(student_or_name, look=look)
    if on_gpu:
        if isinstance(student.net, OfOthers) and student.net.on_cpu_only:
            raise DeviceError(f"The network '{student.name}' is run on CPUs only, by ONNX Runtime; say --device cpu.")
        from .gpu.gpu_student import GpuStudent
        from .gpu.settings import GpuSettings

        return GpuStudent(student, torch.device(device), strength, gpu or GpuSettings())
    from .cpu.torch_student import TorchStudent

    return TorchStudent(student, strength)
