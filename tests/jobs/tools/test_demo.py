"""The demo's input: a call that a low-bandwidth link has made soft, frame for frame and with its sound."""

from pathlib import Path

import numpy as np
import pytest
from vidsharp.jobs.tools.demo import make_soft_call

from tests.support import media


def sharpness(path: Path) -> float:
    """Mean size of the differences between neighbouring samples' differences: what blur takes away first."""
    return float(np.mean([np.abs(np.diff(planes[0].astype(int), n=2)).mean() for planes in media.decoded_planes(path)]))


@pytest.mark.slow
def test_the_soft_call_is_the_sharp_one_but_softer(tmp_path: Path) -> None:
    soft = make_soft_call(tmp_path / "demo", seconds=0.6)
    sharp = tmp_path / "demo" / "sharp" / "call.mp4"
    assert soft == tmp_path / "demo" / "recordings" / "call.mp4"
    assert len(media.video_pts(sharp)) == 18
    assert media.video_pts(soft) == media.video_pts(sharp)
    assert sharpness(soft) < 0.8 * sharpness(sharp)
    assert media.packet_md5(soft, 1) == media.packet_md5(sharp, 1)
    assert (tmp_path / "demo" / "recordings" / "call.mp4.json").exists()
