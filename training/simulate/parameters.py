"""Everything about a simulated call that is drawn from its seed, as plain values that JSON can hold."""

from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["light", "medium", "heavy", "compressed", "switching"]
LEVELS: tuple[Level, ...] = get_args(Level)
Lines = Literal["trained", "held_out", "all"]
"""Which encoders, scalers and layouts may be drawn; `held_out` ones serve measurements, and are never trained on."""
LINES: tuple[Lines, ...] = get_args(Lines)


@dataclass(frozen=True)
class Camera:
    """A camera's settings, all of which take effect before anything is sent."""

    noise: float
    """Standard deviation of the luma noise, in code values. Never in the sharp picture."""
    focus: float
    """Softness: the picture is scaled down so many times and up again; 1 is in focus. Never in the sharp picture."""
    exposure: float
    """Largest change of brightness that auto-exposure makes, as a share. In the sharp picture as well, since a
    sharpener must not undo what the camera chose.
    """
    exposure_period: int
    """Pictures from one brightest picture to the next."""


@dataclass(frozen=True)
class SizeStep:
    """From picture `start` on, full size over sent size is `shrink`; a change of size starts a new encoder."""

    start: int
    shrink: float


@dataclass(frozen=True)
class RateStep:
    """From picture `start` on, the line carries `factor` times its bits."""

    start: int
    factor: float


@dataclass(frozen=True)
class FrameDip:
    """From `start` up to and without `end`, one picture in `one_in` is sent, and shown again until the next one."""

    start: int
    end: int
    one_in: int


@dataclass(frozen=True)
class Loss:
    """Packets of `pictures` pictures from `start` on are lost."""

    start: int
    pictures: int
    frozen: bool
    """The last picture stands until a keyframe comes; else the decoder goes on with what it has, where it can."""
    recovery: int
    """Pictures from the end of the loss to the keyframe that the receiver asked for."""


@dataclass(frozen=True)
class Recorder:
    """The encoder that the whole picture is recorded with."""

    encoder: str
    quality: int
    """Its constant quality: crf."""


@dataclass(frozen=True)
class Composition:
    """The place of the call in the recorder's picture. The sharp original is composed alike."""

    layout: str
    """`bars`, `strip` or `grid`: alone between black bars, beside a strip of small tiles, or one of two equal tiles."""
    width: float
    """The tile's width as a share of the recorded picture's; its height follows from its shape."""
    left: float
    """Share of the free width that lies to its left."""
    top: float
    """Share of the free height that lies above it."""
    name: str
    """The name tag; empty: none."""


@dataclass(frozen=True)
class LineParameters:
    """All values that a seed stands for."""

    level: Level
    encoder: str | None
    """A key of `ENCODERS`; None: scaled, and not encoded."""
    speed: str
    """The encoder's preset or `cpu-used`; empty where there is none."""
    sizes: tuple[SizeStep, ...]
    """The first starts at 0."""
    down_filter: str
    up_filter: str
    """swscale's names of the two resampling filters."""
    bits_per_pixel: float | None
    """Bits per pixel of the sent picture and frame, before `rates`; None: not encoded."""
    rates: tuple[RateStep, ...]
    """The first starts at 0."""
    keyframe_interval: int | None
    """Pictures between keyframes; None: only where something asks for one."""
    dips: tuple[FrameDip, ...]
    losses: tuple[Loss, ...]
    period: int
    """After so many pictures, sizes, rates, dips and losses come again."""
    camera: Camera
    composition: Composition | None
    recorder: Recorder | None
    seed: int
    """Of the camera's noise."""

    @property
    def shrink(self) -> float:
        """Full size over the size that is sent first."""
        return self.sizes[0].shrink

    @property
    def recorded(self) -> bool:
        """Whether the whole is encoded again at full size."""
        return self.recorder is not None


@dataclass(frozen=True)
class PictureFacts:
    """The line's effects on one picture."""

    since_keyframe: int
    """Pictures since the line's last keyframe; 0 at one. Counted from the first picture where nothing is encoded."""
    since_switch: int | None
    """Pictures since the last change of the sent size; None before the first."""
    repeated: bool
    """It is the picture before, shown again."""
    sent_width: int
    sent_height: int
    """Of the picture that is shown, when it was sent."""
