"""A student at work on a GPU: in half precision where that does not show, on whole frames where they fit."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..cpu.torch_student import halo_of
from ..nets.catalogue import Student, channels_of
from ..nets.half import Half, error_against, half_type, in_type, trial_picture
from ..nets.protocol import Domain, OfOthers, ReadiesWeights, forward
from ..planes.plane_format import PlaneFormat
from ..planes.plane_tensors import sharpen_codes
from ..sequence.parts import Windowed, WindowedParts
from .device_batch import DeviceBatch
from .faults import in_words
from .lanes import lanes_of
from .on_gpu import Computation, OnGpu
from .oom_tiler import OomTiler
from .settings import GpuSettings
from .staging import as_float, codes_like

Planes = Sequence[np.ndarray]


class GpuStudent:
    """A `Backend` on a device: planes of integers are sharpened there; `way` takes pictures there and back."""

    tiles_exactly = False
    """Which parts get the whole frame's bits depends on the kernels that the GPU's libraries choose for each shape."""
    takes_any_code = False

    def __init__(self, student: Student, device: torch.device, strength: float, settings: GpuSettings) -> None:
        """Moves the network, and tries what half precision costs it.

        Args:
            device: a GPU; on a CPU, too, all is done as on one.

        Raises:
            DeviceError: as `half_type`, or the GPU has no room for the student.
            GpuLost: the GPU has failed.
        """
        self._student, self._device, self._strength = student, device, strength
        self.decodes = settings.hwaccel.decodes
        self.name, self.look, self.offsets = student.name, student.look, student.offsets
        self.domain: Domain = student.domain
        self.halo_px, self.align_px = halo_of(student), student.align_px
        self._own = student.offsets.index(0)
        student.net.eval()
        self._fits = OomTiler(student.halo_px, student.align_px)
        half = half_type(settings.precision, device)
        self._tried = half is not None and settings.precision == "auto"
        expected = self._expected() if self._tried and settings.half_error is None else None
        if device.type == "cuda":
            # A frame has the same bits in every run; and float32 is not TensorFloat-32, which has 10 bits as float16.
            torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = True, False
        with in_words(f"the student '{student.name}'"):
            net = student.net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            kinds = {torch.float32} if half is None else {torch.float32, half}
            ready = isinstance(net, ReadiesWeights)
            self._nets = {kind: net.with_weights_in(kind) if ready else net for kind in kinds}
            self._half = None if half is None else Half(half, settings.half_error or 0.0)
            if half is not None and expected is not None:
                self._half = Half(half, error_against(expected, self._forward(half), device, channels_of(student)))
        self._by_shape: dict[tuple[int, ...], Half] = {}
        exactly = None if half is None else self._exactly
        computation = Computation(self._run, exactly, self._fits.shrink, len(student.offsets))
        self.way = OnGpu(lanes_of(device), computation, settings)

    @property
    def gpu(self) -> "GpuStudent":
        """As `Backend.gpu`."""
        return self

    @property
    def half_error(self) -> float | None:
        """The largest change that half precision made in a picture of 0..1; None where it was not tried."""
        return None if self._half is None else self._half.error

    @property
    def tile_pixels(self) -> int | None:
        """The part of a batch that is computed at a time, where the GPU has no room for all of it."""
        return self._fits.pixels

    def dtype(self, fmt: PlaneFormat, shape: tuple[int, ...] | None = None) -> torch.dtype:
        """The type that the network computes in.

        Args:
            fmt: of the planes.
            shape: of what the network is given, [N, C, H, W]: kernels are chosen by it, and with some, some GPUs give
                no numbers, so each is tried. None: of the small trial.
        """
        half = self._half if shape is None or self._half is None else self._half_at(self._half, shape)
        serves = half is not None and half.serves(max(1.0, self._strength) * fmt.peak)
        return half.dtype if half is not None and serves else torch.float32

    def _half_at(self, half: Half, shape: tuple[int, ...]) -> Half:
        """What half precision costs at a shape. It is the same picture for every recording, and not its first one: so
        the answer, and with it the frames' bits, are the same where a run is resumed."""
        if not self._tried:
            return half
        if shape not in self._by_shape:
            x = trial_picture(shape[1], (shape[2], shape[3])).to(self._device).expand(shape)
            whole, rounded = (self._fits.run(self._forward(dtype), x) for dtype in (torch.float32, half.dtype))
            error = (whole - rounded).abs().max().item()
            self._by_shape[shape] = Half(half.dtype, max(half.error, error if error == error else float("inf")))
        return self._by_shape[shape]

    def provenance(self, fmt: PlaneFormat) -> Mapping[str, str]:
        """As `Enhancer.provenance`. Kernels differ from one kind of GPU to the next, and with the size of batches."""
        gpu = self._device.type == "cuda"
        others = f", {self._student.net.computed_by}" if isinstance(self._student.net, OfOthers) else ""
        return {
            "by": f"torch {torch.__version__}{others}, cuDNN {torch.backends.cudnn.version()}",
            "device": torch.cuda.get_device_name(self._device) if gpu else "cpu, as a GPU",
            "precision": str(self.dtype(fmt)).removeprefix("torch."),
            "batch": self.way.batches,
        }

    def begin(self, window: Sequence[Planes], fmt: PlaneFormat) -> Callable[[], list[np.ndarray]]:
        """As `Backend.begin`.

        Raises:
            DeviceError: as `OnGpu.begin`.
        """
        return self.way.begin([plane for planes in window for plane in planes], fmt).result

    def begin_there(self, window: Sequence[Sequence[Tensor]], fmt: PlaneFormat) -> Callable[[], list[Tensor]]:
        """As `begin`, of planes that lie on the device, and whose answers stay there: uint8, or int16 with the bits of
        uint16, finished, and not written on any more."""
        return self.way.begin([plane for planes in window for plane in planes], fmt, DeviceBatch).result

    def ahead(self, height: int, width: int) -> int:
        """As `Enhancer.ahead`."""
        return self.way.ahead(height, width)

    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool:
        """As `Enhancer.gives_frames_bits`."""
        return False

    def parts(self, student: Windowed) -> WindowedParts:
        """As `Backend.parts`; none is exact here."""
        return WindowedParts(student)

    def forget(self) -> None:
        """As `Enhancer.forget`."""
        self.way.forget()

    @torch.inference_mode()
    def sharpen(self, codes: Sequence[Tensor], fmt: PlaneFormat, dtype: torch.dtype | None = None) -> list[Tensor]:
        """Sharpens a batch; for an RGB student all planes, for others luma alone.

        Args:
            codes: [N, H, W] each, uint8, or int16 with the bits of uint16, of all pictures that are seen together, one
                after the other; left as they are.
            dtype: that the network computes in; None: as `dtype` says of its shape.

        Returns:
            The planes of one picture, of the same type and shapes, in memory of their own; and bool [N], whether the
            network's answers were all finite.
        """
        count = len(codes) // len(self.offsets)
        pictures = [[as_float(plane) for plane in codes[at : at + count]] for at in range(0, len(codes), count)]
        finite: list[Tensor] = []

        def student(x: Tensor) -> Tensor:
            answer = self._fits.run(self._forward(dtype or self.dtype(fmt, tuple(x.shape))), x)
            finite.append(answer.isfinite().flatten(1).all(1))
            return answer

        own, beside = pictures[self._own], pictures if len(pictures) > 1 else None
        made = sharpen_codes(own, fmt, self.domain, self._strength, student, beside)
        return [*(codes_like(plane, given) for plane, given in zip(made, codes[:count], strict=True)), *finite]

    def _run(self, codes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        made = self.sharpen(codes, fmt)
        return made if self._half is not None else made[:-1]

    def _exactly(self, codes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        return self.sharpen(codes, fmt, torch.float32)[:-1]

    def _forward(self, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
        def in_its_type(x: Tensor) -> Tensor:
            with in_type(dtype, self._device):
                return forward(self._nets[dtype], x)

        return in_its_type

    @torch.inference_mode()
    def _expected(self) -> Tensor:
        """What the network makes of the trial picture on a CPU, in float32."""
        return forward(self._student.net.to("cpu"), trial_picture(channels_of(self._student))).float()
