"""A student applied to the planes of a frame, in the window that it sees.

Which way it is computed, `backends.py` says. Torch is imported where a student needs it: one run by the C library does
not.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .backends import backend_of
from .cpu.chroma_path import ChromaPath
from .errors import ModelError
from .nets.catalogue import Student, called
from .nets.chroma_choice import Chroma, chosen_chroma
from .nets.protocol import Domain, context_of
from .planes.plane_format import PlaneFormat
from .sequence.parts import Parts

if TYPE_CHECKING:
    from .gpu.settings import GpuSettings

Planes = Sequence[np.ndarray]

PendingFrame = Callable[[], list[np.ndarray | None]]
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
    offsets: tuple[int, ...]
    """The pictures that the student sees with each, in pictures from it, in the order of its input; (0,): it alone."""
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
        if not isinstance(student_or_name, Student):
            student_or_name = called(student_or_name, on_gpu=self.device != "cpu")
        self._student = backend_of(student_or_name, self.device, strength, threads, look, plain=plain, gpu=gpu)
        self.gpu = self._student.gpu
        self.name, self.domain, self.look = self._student.name, self._student.domain, self._student.look
        self.halo_px, self.align_px = self._student.halo_px, self._student.align_px
        self.offsets = self._student.offsets if strength > 0 else (0,)
        self.chroma = chosen_chroma(chroma, self.domain, self.name)
        self.chroma_path: ChromaPath | None = None
        if self.chroma == "restore" and strength > 0:
            self.chroma_path = ChromaPath(strength, threads=threads, plain=plain)

    @property
    def student_alone(self) -> "Enhancer":
        """The same student, without the chroma student beside it."""
        if self.chroma_path is None:
            return self
        alone = copy(self)
        alone.chroma, alone.chroma_path = "keep", None
        return alone

    @property
    def context(self) -> tuple[int, int]:
        """How many pictures before and after each one its result depends on."""
        return context_of(self.offsets)

    @property
    def tiles_exactly(self) -> bool:
        """Whether a window of a frame can have the frame's own result; if not, only frames as a whole compare."""
        return self._student.tiles_exactly

    def parts(self) -> Parts:
        """How parts of frames are computed."""
        return self._student.parts(self)

    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool:
        """Whether windows of this shape, in pixels, get the very bits that a frame of that size gets."""
        return self._student.gives_frames_bits(window, frame)

    def provenance(self, fmt: PlaneFormat) -> Mapping[str, str]:
        """All that the bits of its pictures depend on, beyond weights and strength: plain text by name. The number of
        threads, and the C library's instruction set, do not count."""
        of_student = self._student.provenance(fmt)
        return of_student if self.chroma_path is None else {**of_student, **self.chroma_path.provenance}

    def planes(
        self, planes: Planes, fmt: PlaneFormat, window: Sequence[Planes] | None = None
    ) -> list[np.ndarray | None]:
        """Sharpens one frame.

        Args:
            planes: [Y] or [Y, U, V] (an alpha plane may follow), uint8 or, above 8 bits, uint16, each [H, W], rows
                possibly padded. Never modified.
            fmt: how their numbers are meant.
            window: what `read` gives of the frames at `offsets`, of the same size and format; None: this frame at each.

        Returns:
            As many entries as planes: a new contiguous array of the same dtype and shape, or None where the plane
            stays as it is. Values are rounded half up and clipped to 0..2^bit_depth − 1.

        Raises:
            ModelError: planes of another dtype than the bit depth says, or chroma of a shape that fits no subsampling.
        """
        return self.begin(planes, fmt, window)()

    def begin(self, planes: Planes, fmt: PlaneFormat, window: Sequence[Planes] | None = None) -> PendingFrame:
        """Starts to sharpen one frame, and gives back what waits for it.

        A GPU goes on with other frames meanwhile; `ahead` of them keep it busy. On a CPU, the work is done at once.

        Args:
            planes, fmt, window: as `planes`; they may be written on as soon as this returns.

        Returns:
            What gives the answer of `planes`.

        Raises:
            ModelError: as `planes`.
            DeviceError: the GPU has not enough memory; also from what waits.
            GpuLost: the GPU has failed; likewise.
        """
        self._check(planes, fmt)
        if self.strength == 0 or not planes:
            return lambda: [None] * len(planes)
        seen = [self.read(planes, fmt)] * len(self.offsets) if window is None else window
        pending, restored = self._student.begin(seen, fmt), self._restored(planes, fmt)
        others = [*restored, *[None] * (len(planes) - len(seen[0]) - len(restored))]
        return lambda: [*pending(), *others]

    def ahead(self, height: int, width: int) -> int:
        """The number of frames of this size that should be begun before the first is waited for; 0 on a CPU."""
        return self._student.ahead(height, width)

    def forget(self) -> None:
        """Gives up frames that were begun and that nobody waits for any more, so that they share no batch with those to
        come: frames get the same bits whatever went wrong before."""
        if self.gpu is not None:
            self.gpu.forget()

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

    def read(self, planes: Planes, fmt: PlaneFormat) -> Planes:
        """What the student sees of a frame. Raw and damaged recordings hold codes above the peak, which are taken for
        the peak: else each device would answer in its own way."""
        seen = self.seen(planes)
        if self._student.takes_any_code:
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
