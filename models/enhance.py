"""Applies a student to the planes of a frame: the one thing that the pipeline calls.

Torch is imported where a student needs it: one run by the C library does not.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import ModelError
from .fused.fused_student import FusedStudent
from .nets.catalogue import Student, at_look, load_student
from .nets.chroma_choice import Chroma, chosen_chroma
from .nets.protocol import Domain
from .planes.plane_format import PlaneFormat

if TYPE_CHECKING:
    from .cpu.chroma_path import ChromaPath
    from .cpu.torch_student import TorchStudent
    from .gpu.gpu_student import GpuStudent
    from .gpu.on_gpu import GpuSettings

Later = Callable[[], list[np.ndarray | None]]
"""Waits for a frame's planes, as `Enhancer.planes` gives them; the same arrays when asked again."""


class Enhancer:
    """A student on a device, applied to frames' planes."""

    domain: Domain
    name: str
    halo_px: int
    """An output sample depends on input no farther than this from it; what lies farther may change freely. As with all
    that is said of tiles here, chroma that is restored is another matter: see `ChromaOnGrid`."""
    align_px: int
    """A tile cut from a frame must start at a multiple of this to give the frame's own result."""
    device: str
    """`cpu`, or a GPU by torch's name."""
    look: float | None
    """Of a student that has two looks: 0 (natural) to 1 (crisp)."""
    chroma: Chroma | None
    """What becomes of Cb and Cr beside a luma student; None of an RGB student."""

    def __init__(
        self,
        student_or_name: Student | str | Path,
        device: str = "cpu",
        strength: float = 1.0,
        threads: int | None = None,
        *,
        plain: bool = False,
        gpu: "GpuSettings | None" = None,
        look: float | None = None,
        chroma: Chroma | None = None,
    ) -> None:
        """Loads the weights once.

        Args:
            student_or_name: a shipped name, a checkpoint file, or a student.
            device: as `resolve_device` takes it.
            strength: S in out = in + S·(student − in), 0..1.5; of chroma, too.
            threads: CPU threads that work on a frame; None: as many as there are cores.
            plain: torch does all the work, also where the C library could (see `FusedStudent`).
            gpu: how a GPU works, where not as by default; with them, a CPU takes a GPU's way, too.
            look: as `load_student` takes it.
            chroma: whether Cb and Cr are kept or restored; None: `DEFAULT_CHROMA`. Restored, they are on the CPU.

        Raises:
            ModelError, CheckpointError: as `load_student` and `chosen_chroma`, or the strength is out of range.
            DeviceError: as `resolve_device`, or the GPU does not have the precision asked for.
        """
        if not 0 <= strength <= 1.5:
            raise ModelError(f"A strength of {strength} is out of range; accepted are 0 to 1.5.")
        self.strength, self.device = strength, device if device == "cpu" else _resolved(device)
        on_gpu = gpu is not None or self.device != "cpu"
        fused = None if plain or on_gpu else FusedStudent.try_of(student_or_name, strength, threads, look)
        self._student: FusedStudent | TorchStudent
        self.gpu: GpuStudent | None = None
        if fused is not None:
            self._student = fused
        else:
            self._student = student = _by_torch(student_or_name, strength, threads, look)
            self.gpu = _on_gpu(student.student, self.device, strength, gpu) if on_gpu else None
        self.name, self.domain, self.look = self._student.name, self._student.domain, self._student.look
        self.halo_px, self.align_px = self._student.halo_px, self._student.align_px
        self.chroma = chosen_chroma(chroma, self.domain, self.name)
        self.chroma_path: ChromaPath | None = None
        if self.chroma == "restore" and strength > 0:
            self.chroma_path = _chroma_path(strength, threads)

    @property
    def student_alone(self) -> "Enhancer":
        """The same student, without the chroma student beside it."""
        if self.chroma_path is None:
            return self
        alone = copy(self)
        alone.chroma, alone.chroma_path = "keep", None
        return alone

    @property
    def fused(self) -> FusedStudent | None:
        """The student, where it is run by the C library."""
        return self._student if isinstance(self._student, FusedStudent) else None

    @property
    def tiles_exactly(self) -> bool:
        """Whether a window of a frame can have the frame's own result; if not, only frames as a whole compare."""
        return self.gpu is None and self._student.tiles_exactly

    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool:
        """Whether windows of this shape, in pixels, get the very bits that a frame of that size gets."""
        return self._student.gives_frames_bits(window, frame)

    def provenance(self, fmt: PlaneFormat) -> Mapping[str, str]:
        """All that the bits of its pictures depend on, beyond weights and strength: plain text by name. The number of
        threads, and the C library's instruction set, do not count."""
        of_student = self._student.provenance if self.gpu is None else self.gpu.provenance(fmt)
        return of_student if self.chroma_path is None else {**of_student, **self.chroma_path.provenance}

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[np.ndarray | None]:
        """Sharpens one frame.

        Args:
            planes: [Y] or [Y, U, V] (an alpha plane may follow), uint8 or, above 8 bits, uint16, each [H, W], rows
                possibly padded. Never modified.
            fmt: how their numbers are meant.

        Returns:
            As many entries as planes: a new contiguous array of the same dtype and shape, or None where the plane
            stays as it is. Values are rounded half up and clipped to 0..2^bit_depth − 1.

        Raises:
            ModelError: planes of another dtype than the bit depth says, or chroma of a shape that fits no subsampling.
        """
        if self.gpu is not None:
            return self.begin(planes, fmt)()
        self._check(planes, fmt)
        unchanged: list[np.ndarray | None] = [None] * len(planes)
        if self.strength == 0 or not planes:
            return unchanged
        changed = [*self._student.planes(self._read(planes, fmt), fmt), *self._restored(planes, fmt)]
        return [*changed, *unchanged[len(changed) :]]

    def begin(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> Later:
        """Starts to sharpen one frame, and gives back what waits for it.

        A GPU goes on with other frames meanwhile; `ahead` of them keep it busy. On a CPU, the work is done at once.

        Args:
            planes, fmt: as `planes`; they may be written on as soon as this returns.

        Returns:
            What gives the answer of `planes`.

        Raises:
            ModelError: as `planes`.
            DeviceError: the GPU has not enough memory; also from what waits.
        """
        if self.gpu is None or self.strength == 0 or not planes:
            unchanged: list[np.ndarray | None] = [None] * len(planes)
            made = self.planes(planes, fmt) if self.gpu is None else unchanged
            return lambda: made
        self._check(planes, fmt)
        seen = self._read(planes, fmt)
        pending, restored = self.gpu.way.begin(seen, fmt), self._restored(planes, fmt)
        others = [*restored, *[None] * (len(planes) - len(seen) - len(restored))]
        return lambda: [*pending.result(), *others]

    def ahead(self, height: int, width: int) -> int:
        """The number of frames of this size that should be begun before the first is waited for; 0 on a CPU."""
        return 0 if self.gpu is None else self.gpu.way.ahead(height, width)

    def _restored(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> Sequence[np.ndarray]:
        """[Cb, Cr] where the chroma student restores them; nothing where they stay as they are, or there are none."""
        return [] if self.chroma_path is None else self.chroma_path.planes(planes, fmt)

    def _check(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> None:
        wanted = np.uint8 if fmt.bit_depth == 8 else np.uint16
        for plane in planes:
            if plane.dtype != wanted or plane.ndim != 2:
                raise ModelError(
                    f"A plane of {plane.dtype} {plane.shape} was given; "
                    f"{fmt.bit_depth} bits want {np.dtype(wanted)} of two dimensions."
                )

    def _read(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> Sequence[np.ndarray]:
        """What the student sees. Raw and damaged recordings hold codes above the peak, which are taken for the peak:
        else each device would answer in its own way. The C library sees to it by itself."""
        seen = self.seen(planes)
        if self.fused is not None:
            return seen
        return [
            np.minimum(plane, plane.dtype.type(fmt.peak)) if plane.max(initial=0) > fmt.peak else plane
            for plane in seen
        ]

    def seen(self, planes: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """The planes that the student sees, which are those that it changes."""
        return planes[:1] if self.domain == "luma" else planes[:3]


def _resolved(device: str) -> str:
    from .device import resolve_device

    return str(resolve_device(device))


def _by_torch(
    student_or_name: Student | str | Path, strength: float, threads: int | None, look: float | None
) -> "TorchStudent":
    import torch

    from .cpu.torch_student import TorchStudent

    if threads is not None:
        torch.set_num_threads(threads)
    given = isinstance(student_or_name, Student)
    student = at_look(student_or_name, look) if given else load_student(student_or_name, look=look)
    return TorchStudent(student, strength)


def _chroma_path(strength: float, threads: int | None) -> "ChromaPath":
    import torch

    from .cpu.chroma_path import ChromaPath

    if threads is not None:
        torch.set_num_threads(threads)
    return ChromaPath(strength)


def _on_gpu(student: Student, device: str, strength: float, settings: "GpuSettings | None") -> "GpuStudent":
    import torch

    from .gpu.gpu_student import GpuStudent
    from .gpu.on_gpu import GpuSettings

    return GpuStudent(student, torch.device(device), strength, settings or GpuSettings())
