"""The classic sharpeners sharpen, and leave flat areas alone."""

from collections.abc import Callable

import av
import av.filter
import numpy as np
import pytest
from skimage import data
from vidsharp.training.evaluation.classic import cas, unsharp_mask

FILTERS = [unsharp_mask, cas]


@pytest.mark.parametrize("sharpen", FILTERS)
def test_flat_stays_flat(sharpen: Callable[[np.ndarray], np.ndarray]) -> None:
    for value in (0, 77, 255):
        flat = np.full((9, 12), value, np.uint8)
        np.testing.assert_array_equal(sharpen(flat), flat)


@pytest.mark.parametrize("sharpen", FILTERS)
def test_contrast_grows(sharpen: Callable[[np.ndarray], np.ndarray]) -> None:
    picture = data.camera()[100:200, 150:250]
    assert np.abs(np.diff(sharpen(picture).astype(int))).mean() > 1.05 * np.abs(np.diff(picture.astype(int))).mean()


def test_cas_equals_ffmpeg() -> None:
    picture = np.ascontiguousarray(data.camera()[100:200, 150:278])
    graph = av.filter.Graph()
    try:
        filters = [
            graph.add("buffer", width="128", height="100", pix_fmt="gray", time_base="1/30", video_size="128x100"),
            graph.add("cas", strength="0.3"),
            graph.add("buffersink"),
        ]
    except Exception as error:
        pytest.skip(f"this FFmpeg has no such filter graph: {error}")
    graph.link_nodes(*filters).configure()
    frame = av.VideoFrame.from_ndarray(picture, format="gray")
    frame.pts = 0
    graph.push(frame)
    pulled = graph.pull()
    assert isinstance(pulled, av.VideoFrame)
    theirs = pulled.to_ndarray().astype(int)
    # one step: FFmpeg truncates where we round; the rim is left out, where its neighbours may be taken otherwise
    assert np.abs(theirs - cas(picture, 0.3))[1:-1, 1:-1].max() <= 1
