"""Planes that are hard to measure, each in its own way."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.reports.metrics.frame_metrics import Plane

KINDS = ("noise", "near", "flat", "off by one", "black and white", "checks", "ramp")


def pair(kind: str, height: int, width: int, bit_depth: int, seed: int = 0) -> tuple[Plane, Plane]:
    """Two planes of a kind."""
    rng = np.random.default_rng(seed)
    white, dtype = 2**bit_depth - 1, np.uint8 if bit_depth == 8 else np.uint16
    noise = rng.integers(0, white + 1, (height, width))
    blank = np.zeros_like(noise)
    near = np.clip(noise + rng.integers(-1, 2, noise.shape), 0, white)
    # Flat areas with steps between them: sums of squares in float32 would be off by more than the tests allow.
    checks = (np.add.outer(np.arange(height) // 20, np.arange(width) // 20) % 2) * white
    ramp = np.add.outer(np.arange(height), np.arange(width)) % (white + 1)
    x, y = {
        "noise": (noise, rng.integers(0, white + 1, noise.shape)),
        "near": (noise, near),
        "flat": (blank + white // 3, blank + white // 2),
        "off by one": (blank + white, blank + white - 1),
        "black and white": (blank, blank + white),
        "checks": (checks, np.abs(checks - white // 4)),
        "ramp": (ramp, ramp[::-1]),
    }[kind]
    return x.astype(dtype), y.astype(dtype)


strips = given(
    kind=st.sampled_from(KINDS),
    height=st.integers(11, 150),
    width=st.integers(11, 60),
    bit_depth=st.sampled_from([8, 10, 12, 16]),
    rows=st.sampled_from([8, 16, 40, 128]),
    seed=st.integers(0, 99),
)
"""Planes, and heights of the strips that they are taken in."""
