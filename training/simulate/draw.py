"""Draws a call's parameters from a level and a seed: the ranges of each level."""

import random
from collections.abc import Sequence

from ..errors import SimulationError
from .composition import draw_composition
from .encoders import ENCODERS, Encoder, missing_encoders
from .parameters import (
    LEVELS,
    LINES,
    Camera,
    FrameDip,
    Level,
    LineParameters,
    Lines,
    Loss,
    RateStep,
    Recorder,
    SizeStep,
)

PERIOD = 600
"""Pictures after which the line does all of it again."""
FILTERS = ("BICUBIC", "BILINEAR", "AREA")
HELD_OUT_FILTERS = ("LANCZOS",)
NO_CAMERA = Camera(noise=0.0, focus=1.0, exposure=0.0, exposure_period=PERIOD)

_SHRINK: dict[Level, tuple[float, float]] = {
    "light": (2, 2),
    "medium": (1.5, 2),
    "heavy": (2, 3),
    "compressed": (1, 1),
}
_BITS_PER_PIXEL: dict[Level, tuple[float, float]] = {
    "medium": (0.075, 0.14),
    "heavy": (0.028, 0.055),
    "compressed": (0.035, 0.075),
    "switching": (0.05, 0.11),
}
"""Of H.264; `Encoder.bits` scales them for the others."""
_LADDER = (4.0, 2.0, 1.0)
"""Full size over the sent sizes of simulcast: 180p, 360p and 720p."""


def draw_parameters(
    level: str, seed: int, lines: Lines = "trained", *, composed: bool = False, encoder: str | None = None
) -> LineParameters:
    """The parameters that a level and a seed stand for: the same ones every time.

    Args:
        lines: which encoders, scalers and layouts may be drawn. An encoder that this build lacks is drawn again.
        composed: the recorder puts the call beside other tiles, under a name tag, or between black bars.
        encoder: a key of `ENCODERS` instead of the one that is drawn; all else is as it would be.

    Raises:
        SimulationError: no such level or lines, or this build has no encoder for them.
    """
    known = _known_level(level)
    if lines not in LINES:
        raise SimulationError(f"There are no lines '{lines}'; accepted are {', '.join(LINES)}.")
    dice = random.Random(f"{level}/{seed}/{lines}")
    filters = {"trained": FILTERS, "held_out": HELD_OUT_FILTERS, "all": (*FILTERS, *HELD_OUT_FILTERS)}[lines]
    down, up = dice.choice(filters), dice.choice(filters)
    composition = draw_composition(random.Random(f"composition/{level}/{seed}"), lines) if composed else None
    if known == "light":
        return LineParameters(
            level=known,
            encoder=None,
            speed="",
            sizes=(SizeStep(0, dice.uniform(*_SHRINK[known])),),
            down_filter=down,
            up_filter=up,
            bits_per_pixel=None,
            rates=(RateStep(0, 1.0),),
            keyframe_interval=None,
            dips=(),
            losses=(),
            period=PERIOD,
            camera=NO_CAMERA,
            composition=composition,
            recorder=None,
            seed=seed,
        )
    drawn = _draw_encoder(dice, lines)
    name = encoder or drawn
    chosen = ENCODERS[name]
    low, high = _BITS_PER_PIXEL[known]
    return LineParameters(
        level=known,
        encoder=name,
        speed=chosen.speeds[int(dice.random() * len(chosen.speeds))],
        sizes=_draw_sizes(dice) if known == "switching" else (SizeStep(0, dice.uniform(*_SHRINK[known])),),
        down_filter=down,
        up_filter=up,
        bits_per_pixel=low * (high / low) ** dice.random() * chosen.bits,
        rates=_draw_rates(dice),
        keyframe_interval=dice.randint(40, 200) if dice.random() < 0.5 else None,
        dips=_draw_dips(dice),
        losses=_draw_losses(dice, chosen),
        period=PERIOD,
        camera=_draw_camera(dice),
        composition=composition,
        recorder=_draw_recorder(dice, lines),
        seed=seed,
    )


def _known_level(level: str) -> Level:
    for known in LEVELS:
        if level == known:
            return known
    raise SimulationError(f"There is no level '{level}'; accepted are {', '.join(LEVELS)}.")


def _allowed(held_out: bool, lines: Lines) -> bool:
    return lines == "all" or held_out == (lines == "held_out")


def _draw_encoder(dice: random.Random, lines: Lines) -> str:
    """One of the lines' encoders; drawn again where it is missing, so that all other seeds keep theirs."""
    return _draw_present(dice, [name for name, encoder in ENCODERS.items() if _allowed(encoder.held_out, lines)])


def _draw_recorder(dice: random.Random, lines: Lines) -> Recorder:
    names = [name for name, e in ENCODERS.items() if e.quality and _allowed(e.held_out, lines)]
    # Most meetings are recorded as MP4.
    name = "h264" if "h264" in names and dice.random() < 0.6 else _draw_present(dice, names)
    low, high = ENCODERS[name].quality or (0, 0)
    return Recorder(name, dice.randint(low, high))


def _draw_present(dice: random.Random, names: Sequence[str]) -> str:
    if not set(names) - missing_encoders():
        raise SimulationError(
            f"This build of FFmpeg has none of the encoders {', '.join(names)} to simulate a call with."
        )
    while (name := dice.choice(names)) in missing_encoders():
        pass
    return name


def _draw_sizes(dice: random.Random) -> tuple[SizeStep, ...]:
    """A walk on simulcast's ladder, one rung at a time, the first step within a second."""
    rung = dice.choice((0, 0, 1, 1, 2))
    steps, start = [SizeStep(0, _LADDER[rung])], dice.randint(10, 30)
    while start < PERIOD - 10:
        rung = 1 if rung != 1 else dice.choice((0, 2))
        steps.append(SizeStep(start, _LADDER[rung]))
        start += dice.randint(20, 90)
    return tuple(steps)


def _draw_rates(dice: random.Random) -> tuple[RateStep, ...]:
    """Constant, a climb from the start of the call, or a dip of some seconds."""
    kind = dice.choice(("constant", "constant", "climb", "dip"))
    if kind == "climb":
        lowest, length = dice.uniform(0.4, 0.7), dice.randint(60, 180)
        return tuple(RateStep(length * i // 8, lowest + (1.2 - lowest) * i / 8) for i in range(9))
    if kind == "dip":
        start, length = dice.randint(20, 90), dice.randint(30, 120)
        return (
            RateStep(0, 1.0),
            RateStep(start, 0.5),
            RateStep(start + length, 0.75),
            RateStep(start + length + 30, 1.0),
        )
    return (RateStep(0, 1.0),)


def _draw_dips(dice: random.Random) -> tuple[FrameDip, ...]:
    if dice.random() < 0.75:
        return ()
    start = dice.randint(15, 120)
    return (FrameDip(start, start + dice.randint(15, 60), dice.randint(2, 3)),)


def _draw_losses(dice: random.Random, encoder: Encoder) -> tuple[Loss, ...]:
    if dice.random() < 0.75:
        return ()
    frozen = dice.random() < 0.4 or not encoder.conceals
    return (Loss(dice.randint(12, 120), dice.randint(1, 4), frozen, dice.randint(3, 15)),)


def _draw_camera(dice: random.Random) -> Camera:
    noise = dice.uniform(0.5, 3.5) if dice.random() < 0.4 else 0.0
    focus = dice.uniform(1.1, 1.4) if dice.random() < 0.15 else 1.0
    exposure = dice.uniform(0.05, 0.25) if dice.random() < 0.2 else 0.0
    return Camera(noise, focus, exposure, dice.randint(60, 300))
