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
FILTERS = ("BICUBIC", "BILINEAR", "AREA", "SPLINE", "GAUSS", "SINC")
"""From softer than any to steeper than any: a student that knows three of them sharpens hardly any other's."""
HELD_OUT_FILTERS = ("LANCZOS",)
_FILTERS: dict[Lines, tuple[str, ...]] = {
    "trained": FILTERS,
    "held_out": HELD_OUT_FILTERS,
    # The benchmark's, version 1: others would be other pictures.
    "all": ("BICUBIC", "BILINEAR", "AREA", *HELD_OUT_FILTERS),
}
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
    rng = random.Random(f"{level}/{seed}/{lines}")
    down, up = rng.choice(_FILTERS[lines]), rng.choice(_FILTERS[lines])
    composition = draw_composition(random.Random(f"composition/{level}/{seed}"), lines) if composed else None
    if known == "light":
        return LineParameters(
            level=known,
            encoder=None,
            speed="",
            sizes=(SizeStep(0, rng.uniform(*_SHRINK[known])),),
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
    drawn = _draw_encoder(rng, lines)
    name = encoder or drawn
    chosen = ENCODERS[name]
    low, high = _BITS_PER_PIXEL[known]
    return LineParameters(
        level=known,
        encoder=name,
        speed=chosen.speeds[int(rng.random() * len(chosen.speeds))],
        sizes=_draw_sizes(rng) if known == "switching" else (SizeStep(0, rng.uniform(*_SHRINK[known])),),
        down_filter=down,
        up_filter=up,
        bits_per_pixel=low * (high / low) ** rng.random() * chosen.bits,
        rates=_draw_rates(rng),
        keyframe_interval=rng.randint(40, 200) if rng.random() < 0.5 else None,
        dips=_draw_dips(rng),
        losses=_draw_losses(rng, chosen),
        period=PERIOD,
        camera=_draw_camera(rng),
        composition=composition,
        recorder=_draw_recorder(rng, lines),
        seed=seed,
    )


def _known_level(level: str) -> Level:
    for known in LEVELS:
        if level == known:
            return known
    raise SimulationError(f"There is no level '{level}'; accepted are {', '.join(LEVELS)}.")


def _allowed(held_out: bool, lines: Lines) -> bool:
    return lines == "all" or held_out == (lines == "held_out")


def _draw_encoder(rng: random.Random, lines: Lines) -> str:
    """One of the lines' encoders; drawn again where it is missing, so that all other seeds keep theirs."""
    return _draw_present(rng, [name for name, encoder in ENCODERS.items() if _allowed(encoder.held_out, lines)])


def _draw_recorder(rng: random.Random, lines: Lines) -> Recorder:
    names = [name for name, e in ENCODERS.items() if e.quality and _allowed(e.held_out, lines)]
    # Most meetings are recorded as MP4.
    name = "h264" if "h264" in names and rng.random() < 0.6 else _draw_present(rng, names)
    low, high = ENCODERS[name].quality or (0, 0)
    return Recorder(name, rng.randint(low, high))


def _draw_present(rng: random.Random, names: Sequence[str]) -> str:
    if not set(names) - missing_encoders():
        raise SimulationError(
            f"This build of FFmpeg has none of the encoders {', '.join(names)} to simulate a call with."
        )
    while (name := rng.choice(names)) in missing_encoders():
        pass
    return name


def _draw_sizes(rng: random.Random) -> tuple[SizeStep, ...]:
    """A walk on simulcast's ladder, one rung at a time, the first step within a second."""
    rung = rng.choice((0, 0, 1, 1, 2))
    steps, start = [SizeStep(0, _LADDER[rung])], rng.randint(10, 30)
    while start < PERIOD - 10:
        rung = 1 if rung != 1 else rng.choice((0, 2))
        steps.append(SizeStep(start, _LADDER[rung]))
        start += rng.randint(20, 90)
    return tuple(steps)


def _draw_rates(rng: random.Random) -> tuple[RateStep, ...]:
    """Constant, a climb from the start of the call, or a dip of some seconds."""
    kind = rng.choice(("constant", "constant", "climb", "dip"))
    if kind == "climb":
        lowest, length = rng.uniform(0.4, 0.7), rng.randint(60, 180)
        return tuple(RateStep(length * i // 8, lowest + (1.2 - lowest) * i / 8) for i in range(9))
    if kind == "dip":
        start, length = rng.randint(20, 90), rng.randint(30, 120)
        return (
            RateStep(0, 1.0),
            RateStep(start, 0.5),
            RateStep(start + length, 0.75),
            RateStep(start + length + 30, 1.0),
        )
    return (RateStep(0, 1.0),)


def _draw_dips(rng: random.Random) -> tuple[FrameDip, ...]:
    if rng.random() < 0.75:
        return ()
    start = rng.randint(15, 120)
    return (FrameDip(start, start + rng.randint(15, 60), rng.randint(2, 3)),)


def _draw_losses(rng: random.Random, encoder: Encoder) -> tuple[Loss, ...]:
    if rng.random() < 0.75:
        return ()
    frozen = rng.random() < 0.4 or not encoder.conceals
    return (Loss(rng.randint(12, 120), rng.randint(1, 4), frozen, rng.randint(3, 15)),)


def _draw_camera(rng: random.Random) -> Camera:
    noise = rng.uniform(0.5, 3.5) if rng.random() < 0.4 else 0.0
    focus = rng.uniform(1.1, 1.4) if rng.random() < 0.15 else 1.0
    exposure = rng.uniform(0.05, 0.25) if rng.random() < 0.2 else 0.0
    return Camera(noise, focus, exposure, rng.randint(60, 300))
