"""The demo's input: a sharp sample call, and the soft recording that a thin line makes of it."""

from pathlib import Path

from ..training.simulate.clip import simulate_clip
from .sample_call import make_sample_call


def make_soft_call(folder: Path, *, seconds: float) -> Path:
    """Makes `sharp/call.mp4` and `recordings/call.mp4` below `folder`; returns the latter, the soft one."""
    sharp, soft = folder / "sharp" / "call.mp4", folder / "recordings" / "call.mp4"
    for path in (sharp, soft):
        path.parent.mkdir(parents=True, exist_ok=True)
    make_sample_call(sharp, seconds=seconds)
    simulate_clip(sharp, soft, "medium", seed=0)
    return soft
