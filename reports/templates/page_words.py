"""Figures as they are written for people: rounded, with their units, in plain words."""

from typing import Any


def cell(value: Any, name: str) -> str:
    """A figure of the table as it is read: rounded, `–` where it is null."""
    if value is None:
        return "–"
    if name == "duration_s":
        return clock(value)
    if isinstance(value, str):
        return value
    form = ".4f" if name.startswith("ssim") else ".1f" if isinstance(value, float) else ",d"
    return f"{value:{form}}"


def clock(seconds: float) -> str:
    """1:02:03, 2:03 or, below ten seconds, 4.5 s: for columns."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def spoken(seconds: float) -> str:
    """1 h 2 min, 2 min 3 s or, below ten seconds, 4.5 s: for sentences."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60:,} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: float) -> str:
    """Bytes in the unit that suits: 512 B, 1.5 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
