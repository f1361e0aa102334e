"""Photos on screens: the size that was asked for, never enlarged."""

from random import Random

import numpy as np
import pytest
from vidsharp.training.screens.photos import photo


@pytest.mark.parametrize(("width", "height"), [(1, 1), (90, 200), (400, 300), (900, 120), (1280, 720)])
def test_photo_has_the_size_asked_for(width: int, height: int) -> None:
    for seed in range(6):
        picture = photo(Random(seed), width, height)
        assert picture.shape == (height, width, 3)
        assert np.array_equal(picture, photo(Random(seed), width, height))


def test_small_photo_is_not_enlarged() -> None:
    """It stands in a frame of one colour instead, which an enlarged one would not leave."""
    for seed in range(6):
        picture = photo(Random(seed), 1280, 720)
        assert (picture[0] == picture[0, 0]).all()
        assert (picture[:, 0] == picture[0, 0]).all()
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 1000
