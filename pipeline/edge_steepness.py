"""How steep a recording's strongest edges are: whether it is sharp already, told from a few of its pictures.

A picture that was enlarged has no edge that rises within a pixel, whatever it shows; one that was not has some, also
where much of it is out of focus. Noise and weak blocks do not count: only edges of a fifth of the range do.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from av.error import FFmpegError

from .plan import PacketTiming
from .probe import ClipInfo
from .recording import open_recording, video_alone
from .sharpen import plane_arrays, plane_format

if TYPE_CHECKING:  # imported where pixels are touched
    import numpy as np

PICTURES = 8
"""Keyframes that are looked at, evenly spread over the recording."""
SPAN = 9
"""Pixels in a row within which an edge rises."""
STRONG = 48 / 255
"""Least height of an edge, of white."""
FEWEST = 200
"""Edges of a picture below which it says nothing."""
STEEP = 0.7
"""From here on a picture is sharp. Measured: `python -m benchmarks.quality.skip_sharp`."""
MOST_COLUMNS = 1 << 22
"""Pixels of a picture that are looked at: its upper rows, where it is larger."""


def is_sharp(info: ClipInfo, timeline: Sequence[PacketTiming]) -> bool:
    """Whether a recording is sharp in each of some pictures that say anything, and one does."""
    found = least_steepness(info, timeline)
    return found is not None and found >= STEEP


def least_steepness(info: ClipInfo, timeline: Sequence[PacketTiming]) -> float | None:
    """The least steepness of some pictures; None where none says anything."""
    return min((value for value in map(edge_steepness, _lumas(info, timeline)) if value is not None), default=None)


def edge_steepness(luma: "np.ndarray") -> float | None:
    """The part of its height that an edge rises by within one pixel, 0..1, which one strong edge in ten exceeds; None
    where a picture has too few.

    Args:
        luma: [H, W] in 0..1.
    """
    import numpy as np
    from scipy.ndimage import maximum_filter1d, minimum_filter1d  # longer to import than all else of a worker

    parts = []
    for lines in (luma, np.ascontiguousarray(luma.T)):
        if lines.shape[1] < 2:
            continue
        step = np.abs(np.diff(lines, axis=1))
        height = maximum_filter1d(lines, SPAN, axis=1) - minimum_filter1d(lines, SPAN, axis=1)
        height = np.maximum(height[:, :-1], height[:, 1:])
        counts = (step == maximum_filter1d(step, SPAN - 1, axis=1)) & (height >= STRONG)
        parts.append(step[counts] / height[counts])
    edges = np.concatenate(parts) if parts else np.empty(0)
    return float(np.percentile(edges, 90)) if len(edges) >= FEWEST else None


def _lumas(info: ClipInfo, timeline: Sequence[PacketTiming]) -> "Iterator[np.ndarray]":
    """Luma of some keyframes, [H, W] in 0..1; those that do not decode are left out."""
    keys = [packet.pts for packet in timeline if packet.keyframe and packet.shown and packet.pts is not None]
    count = min(PICTURES, len(keys))
    with open_recording(info.path) as container:
        stream = video_alone(container, info.stream_index)
        for number in range(count):
            try:
                container.seek(keys[number * len(keys) // count], stream=stream)
                frame = next(container.decode(stream), None)
                if frame is None:
                    continue
                fmt = plane_format(info)
                luma = plane_arrays(frame)[0]
            except (FFmpegError, ValueError):
                continue
            yield luma[: max(1, MOST_COLUMNS // max(1, luma.shape[1]))].astype("float32") / fmt.peak
