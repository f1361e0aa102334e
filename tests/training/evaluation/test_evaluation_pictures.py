"""Images and clips as planes: nothing is lost, soft and sharp belong together, and the right frames are taken."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from vidsharp.models.planes.colour import yuv_to_rgb
from vidsharp.training.data.paired_pictures import ImagePair
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import first_frames, positions, read_image
from vidsharp.training.evaluation.evaluation_sources import PairSequence, SharpClip

from tests.training.evaluation.test_evaluation_sources import image
from tests.training.simulate.test_clip import TIMES, read_clip, write_clip


def test_an_image_survives_as_planes(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png", (25, 17))
    rgb = np.asarray(Image.open(path)).astype(np.float32)
    y, u, v = read_image(path)
    assert [p.shape for p in (y, u, v)] == [(17, 25)] * 3
    assert {p.dtype for p in (y, u, v)} == {np.dtype(np.uint8)}
    luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    assert np.abs(y - luma).max() <= 0.5001  # rounding to codes
    planes = (torch.from_numpy(p) for p in (y, u, v))
    back = yuv_to_rgb(*planes, matrix="bt601", full_range=True, bit_depth=8, chroma_left=False)
    # half a code of luma, and half a code of chroma times at most 1.772
    assert np.abs(back[0].permute(1, 2, 0).numpy() * 255 - rgb).max() < 1.5


def test_pairs_have_one_level_and_no_frame_before(tmp_path: Path) -> None:
    blur, sharp = image(tmp_path / "blur.png", seed=1), image(tmp_path / "sharp.png", seed=2)
    ((level, places),) = positions(PairSequence("s", (ImagePair(blur, sharp),)), ["light"], 24, 8)
    (place,) = places
    assert (level, place.item, place.before) == ("blur", "blur.png", None)
    np.testing.assert_array_equal(place.soft, read_image(blur))
    np.testing.assert_array_equal(place.sharp, read_image(sharp))


def test_the_right_frames_of_a_clip(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    pictures = [frame.to_ndarray(format="gray", threads=1) for frame in first_frames(tmp_path / "a.mkv", 99)]
    assert len(pictures) == len(TIMES) == len(read_clip(tmp_path / "a.mkv")[0])
    clip = SharpClip("a", tmp_path / "a.mkv")
    for every, items in ((3, ["2", "5"]), (8, ["7"]), (50, ["7"]), (1, [str(t) for t in range(8)])):
        ((_, places),) = positions(clip, ["sharp"], 99, every)
        taken = list(places)
        assert [place.item for place in taken] == items
        for place in taken:
            np.testing.assert_array_equal(place.soft[0], place.sharp[0])
            assert (place.before is None) == (place.item == "0")
            if place.before is not None:
                (soft_before, *_), (sharp_before, *_) = place.before
                np.testing.assert_array_equal(soft_before, sharp_before)
                assert not np.array_equal(sharp_before, place.sharp[0])


def test_levels_soften_the_same_sharp_frames(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    sharps = []
    for level, places in positions(SharpClip("a", tmp_path / "a.mkv"), ["light", "heavy"], 6, 6):
        (place,) = places
        sharps.append(place.sharp[0])
        error = np.mean((place.soft[0].astype(float) - place.sharp[0]) ** 2)
        assert 1 < error < 2000, level
    np.testing.assert_array_equal(*sharps)


def test_a_clip_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_bytes(b"no clip")
    with pytest.raises(DataError, match="cannot be decoded"):
        first_frames(tmp_path / "a.mkv", 4)
