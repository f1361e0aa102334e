"""Real recordings to look at: the same place of what each method makes of a picture."""

from pathlib import Path

import numpy as np
import pytest
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.training.benchmark.looks import LEVEL, look_strip
from vidsharp.training.benchmark.sources import Look
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import Planes

from tests.support import media


def same(planes: Planes, fmt: PlaneFormat) -> Planes:
    return planes


def spot(planes: Planes, fmt: PlaneFormat) -> Planes:
    """Changes a place at the right, below the middle."""
    luma = planes[0].copy()
    luma[64:80, 112:128] ^= 255
    return [luma, *planes[1:]]


METHODS = {"identity": same, "spot": spot}


def test_it_is_cut_where_the_methods_change_most(tmp_path: Path) -> None:
    media.call(tmp_path / "a.mp4", frames=5, size=(160, 96))
    strip = look_strip(Look("a", "a.mp4", "a call", start=2), tmp_path, METHODS, 48)
    assert (strip.source, strip.level, strip.item) == ("a", LEVEL, "2")
    assert list(strip.pictures) == ["input", "spot"]
    assert {picture.shape for picture in strip.pictures.values()} == {(48, 48, 3)}
    moved = np.abs(strip.pictures["input"].astype(int) - strip.pictures["spot"]).max(axis=2) > 40
    assert moved.sum() >= 100  # what is grey changes little


@pytest.mark.parametrize(("content", "start"), [(b"no film", 0), (None, 0), (b"", 0)])
def test_what_does_not_decode_is_one_sentence(tmp_path: Path, content: bytes | None, start: int) -> None:
    if content is not None:
        (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(DataError, match=r"picture to look at, '.*a\.mp4', does not decode"):
        look_strip(Look("a", "a.mp4", "a call", start), tmp_path, METHODS, 48)


def test_a_picture_behind_the_end_is_one_sentence(tmp_path: Path) -> None:
    media.call(tmp_path / "a.mp4", frames=2, size=(160, 96))
    with pytest.raises(DataError, match="does not decode"):
        look_strip(Look("a", "a.mp4", "a call", 99), tmp_path, METHODS, 48)
