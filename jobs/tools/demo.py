"""The demo's input: a sharp sample call, and the soft recording that a low-bandwidth link makes of it."""

from pathlib import Path

from ...pipeline.atomic import make_folder
from ...pipeline.ownership import MARK, mark_made, refuse_others
from ...training.simulate.clip import simulate_clip
from .sample_call import make_sample_call

SHARP, SOFT = "sharp/call.mp4", "recordings/call.mp4"
_MADE_HERE = (SHARP, SOFT, f"{SOFT}.json")
_MADE_LATER = ("sharpened/call.mp4", "sharpened/report")
"""By `process`, whose input the demo's soft call is."""


def make_soft_call(folder: Path, *, seconds: float, overwrite: bool = False) -> Path:
    """Makes `sharp/call.mp4` and `recordings/call.mp4` below `folder`; returns the latter, the soft one.

    Args:
        overwrite: replaces files of the demo's names also where no demo made them.

    Raises:
        NotOursError: a file that the demo makes, or what comes after it, is there, and no demo made it.
        OutputError: the folder cannot be written.
    """
    mark = folder / MARK
    refuse_others(mark, (*_MADE_HERE, *_MADE_LATER), "demo", overwrite=overwrite)
    sharp, soft = folder / SHARP, folder / SOFT
    for path in (sharp, soft):
        make_folder(path.parent)
    mark_made(mark, "demo", dict.fromkeys((*_MADE_HERE, *_MADE_LATER)))
    make_sample_call(sharp, seconds=seconds)
    simulate_clip(sharp, soft, "medium", seed=0, overwrite=True)
    mark_made(mark, "demo", {name: folder / name for name in _MADE_HERE})
    return soft
