"""Long exposure: each picture the mean of some in a row, as a camera in dim light sees them."""

from collections.abc import Sequence

import numpy as np
from av import VideoFrame


def exposed(frames: Sequence[VideoFrame], reach: int) -> list[VideoFrame]:
    """Each yuv420p frame averaged with `reach` frames before and after it, rounded half up; fewer at the ends."""
    planes = np.stack([frame.to_ndarray(format="yuv420p", threads=1) for frame in frames])
    means = []
    for i in range(len(frames)):
        span = planes[max(i - reach, 0) : i + reach + 1].astype(np.uint16)
        means.append(((2 * span.sum(axis=0, dtype=np.uint16) + len(span)) // (2 * len(span))).astype(np.uint8))
    return [VideoFrame.from_ndarray(mean, format="yuv420p") for mean in means]
