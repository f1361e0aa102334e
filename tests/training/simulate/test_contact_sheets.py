"""Contact sheets: set-aside faces only, soft beside sharp, nothing drawn that the caption does not say."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data, io
from vidsharp.training.errors import SimulationError
from vidsharp.training.simulate.contact_sheets import (
    FACE,
    LENGTH,
    SIZE,
    light,
    plain_line,
    portraits_of,
    sheet_of,
    switching,
)
from vidsharp.training.simulate.draw import NO_CAMERA
from vidsharp.training.simulate.encoders import ENCODERS, here


def portraits_in(tmp_path: Path, *names: str) -> Path:
    (tmp_path / "train" / "photos").mkdir(parents=True)
    for name in names:
        io.imsave(tmp_path / "train" / "photos" / f"{name}.jpg", data.astronaut())
    return tmp_path


def test_only_portraits_that_are_set_aside_are_shown(tmp_path: Path) -> None:
    folder = portraits_in(tmp_path, "house_ab", "house_ac", "house_ad", "house_dina-titus", "faces_003")
    with pytest.raises(SimulationError, match="has 3 of the portraits that are set aside; 4 are needed"):
        portraits_of(folder)


def test_soft_stands_beside_sharp_and_levels_differ(tmp_path: Path) -> None:
    portraits = portraits_of(portraits_in(tmp_path, *(f"house_a{i}" for i in range(5))))
    assert [len(frames) for frames in portraits] == [LENGTH] * 4
    assert {(frame.width, frame.height) for frames in portraits for frame in frames} == {SIZE}
    cells = light(portraits)
    assert len({cell.caption for cell in cells}) == 3
    for cell in cells:
        assert cell.soft.shape == cell.sharp.shape == (2 * FACE[1], 2 * FACE[0], 3)
        assert (
            np.abs(np.diff(cell.soft[::2, ::2].astype(int))).mean()
            < np.abs(np.diff(cell.sharp[::2, ::2].astype(int))).mean()
        )
    assert sheet_of(cells[:4]).shape[1] > 2 * cells[0].soft.shape[1] * 2
    assert [cell.caption.split(",")[0] for cell in switching(portraits)] == [
        f"picture {number}" for number in (11, 12, 23, 24, 35, 36, 40, 47)
    ]


@pytest.mark.parametrize("encoder", here(ENCODERS))
def test_a_plain_line_has_nothing_but_its_encoder(encoder: str) -> None:
    line = plain_line("heavy", encoder)
    assert line.encoder == encoder
    assert (line.dips, line.losses, line.keyframe_interval, line.camera) == ((), (), None, NO_CAMERA)
    assert line.speed != "ultrafast" or ENCODERS[encoder].speeds == ("ultrafast",)
