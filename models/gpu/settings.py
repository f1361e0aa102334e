"""What a user may say of the way through a GPU. Without torch, so that it can be said where nothing is computed."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "float32", "float16", "bfloat16"]
"""`auto`: float16 where it changes no code by more than one, else float32."""

HwAccelWord = Literal["auto", "cuda", "none"]
"""`auto`: the GPU's codecs where the student is on a GPU and a trial has seen them work."""


@dataclass(frozen=True)
class HwAccel:
    """What of a GPU's codecs a run uses: what a trial on such a GPU has seen at work."""

    decodes: bool = False
    """Whether it decodes recordings."""
    encoders: tuple[str, ...] = ()
    """Its encoders, by FFmpeg's names."""
    trouble: str | None = None
    """Why it does not decode, in words, where that was tried."""


@dataclass(frozen=True)
class GpuSettings:
    """Settings of the way through a GPU; they have no effect on a CPU."""

    precision: Precision = "auto"
    batch: int | None = None
    """Pictures in a batch; None: as many as `BATCH_PIXELS` hold."""
    graphs: bool = True
    """Whether CUDA graphs may be used."""
    half_error: float | None = None
    """For `auto`: what a trial on such a GPU said of float16, as `Half.error`, for a whole run; None: it is tried."""
    hwaccel: HwAccel = HwAccel()
    """Of its codecs; likewise for a whole run."""
