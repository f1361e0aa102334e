"""The video shows soft, methods and original beside each other, each at twice the size, several times."""

from pathlib import Path

import numpy as np
import pytest
from vidsharp.training.benchmark.side_by_side import PART_PX, ROUNDS, ZOOM, write_side_by_side
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Planes, Position

from tests.support.media import video_frames


def grey(luma: int, width: int, height: int) -> Planes:
    return [np.full((height, width), luma, np.uint8), *(np.full((height // 2, width // 2), 128, np.uint8),) * 2]


@pytest.mark.parametrize("size", [(64, 48), (66, 50), (PART_PX[0] + 40, PART_PX[1] + 20)])
def test_parts_stand_beside_each_other(tmp_path: Path, size: tuple[int, int]) -> None:
    places = [Position(str(i), CLIP_FORMAT, grey(40, *size), grey(220, *size), None) for i in range(3)]
    outputs = {"fast": [grey(100, *size)] * 3, "best": [grey(160, *size)] * 3}
    write_side_by_side(tmp_path / "a.mp4", places, outputs, 10)
    frames = list(video_frames(tmp_path / "a.mp4"))
    assert len(frames) == 3 * ROUNDS
    width, height = (min(side, most) // 2 * 2 for side, most in zip(size, PART_PX, strict=True))
    assert (frames[0].width, frames[0].height) == (4 * width * ZOOM, height * ZOOM)
    picture = frames[-1].to_ndarray(format="gray", threads=1).astype(int)
    means = [part[:, 8:-8].mean() for part in np.split(picture, 4, axis=1)]
    assert means == sorted(means)
    assert min(np.diff(means)) > 30


def test_only_soft_and_sharp_will_do(tmp_path: Path) -> None:
    places = [Position("0", CLIP_FORMAT, grey(40, 32, 32), grey(220, 32, 32), None)]
    write_side_by_side(tmp_path / "a.mp4", places, {}, 10)
    assert next(video_frames(tmp_path / "a.mp4")).width == 2 * 32 * ZOOM
