"""A strip is cut where it matters, from the same place of every version."""

import numpy as np
from vidsharp.training.evaluation.evaluation_pictures import IMAGE_FORMAT, Planes, Position
from vidsharp.training.evaluation.strip import SIDE_PX, cut_strip


def grey(luma: np.ndarray) -> Planes:
    return [luma, np.full_like(luma, 128), np.full_like(luma, 128)]


def test_the_same_window_of_all_versions() -> None:
    ramp = np.add.outer(np.arange(300) % 100, np.arange(400) % 100).astype(np.uint8)
    changed = ramp.copy()
    changed[40:, 140:] += 5
    place = Position("7", IMAGE_FORMAT, grey(ramp), grey(ramp + 1), None)
    outputs = {"identity": grey(ramp), "fast": grey(changed)}
    strip = cut_strip("a", "medium", place, outputs)
    assert (strip.source, strip.level, strip.item) == ("a", "medium", "7")
    assert list(strip.pictures) == ["sharp", "input", "fast"]
    window = slice(40, 40 + SIDE_PX), slice(144, 144 + SIDE_PX)
    for name, luma in (("sharp", ramp + 1), ("input", ramp), ("fast", changed)):
        np.testing.assert_array_equal(strip.pictures[name], np.stack([luma[window]] * 3, axis=-1))


def test_a_small_picture_is_shown_whole() -> None:
    luma = np.zeros((40, 60), np.uint8)
    strip = cut_strip(
        "a", "blur", Position("x.png", IMAGE_FORMAT, grey(luma), grey(luma), None), {"identity": grey(luma)}
    )
    assert {picture.shape for picture in strip.pictures.values()} == {(40, 60, 3)}
