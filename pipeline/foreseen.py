"""A clip's size and quality, foreseen from trials on pieces of it.

A piece begins with a keyframe, and is short. Its keyframe is larger than its other pictures, and the pictures near it
are better; of a clip, few are. So both are counted apart, and weighted as the clip will have them.
"""

from collections.abc import Sequence
from statistics import fmean

from .trial_encode import Trial

GOP = 250
"""Pictures between keyframes, where nothing cuts a GOP short: the software encoders' usual number."""
NEAR_KEYFRAME = 16
"""Pictures from a keyframe on that are better than those that follow: SVT-AV1 and x265 look so far ahead of one."""


def foreseen_bytes(trials: Sequence[Trial], chunks: Sequence[int]) -> float:
    """Bytes of all pictures: keyframes as large as those tried, and so many of them as GOPs begin.

    Args:
        chunks: pictures of each.
    """
    first = fmean(trial.first_bytes for trial in trials)
    others = sum(trial.frames - 1 for trial in trials)
    other = sum(trial.other_bytes for trial in trials) / others if others else first
    keyframes = sum(map(_keyframes, chunks))
    return keyframes * first + (sum(chunks) - keyframes) * other


def foreseen_xpsnr(trials: Sequence[Trial], chunks: Sequence[int]) -> float:
    """Mean XPSNR over all pictures, in dB; the trials were compared, and have pictures.

    Args:
        chunks: pictures of each.
    """
    near = [figure for trial in trials for figure in trial.xpsnr_db[:NEAR_KEYFRAME]]
    far = [figure for trial in trials for figure in trial.xpsnr_db[NEAR_KEYFRAME:]]
    if not far:
        return fmean(near)
    share = sum(min(frames, NEAR_KEYFRAME * _keyframes(frames)) for frames in chunks) / max(1, sum(chunks))
    return share * fmean(near) + (1 - share) * fmean(far)


def _keyframes(frames: int) -> int:
    return -(-frames // GOP)
