"""Taming a teacher's answer: its detail stays, its contrast and its inventions do not."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter, uniform_filter
from skimage import data
from vidsharp.training.errors import RecipeError
from vidsharp.training.loss.taming import Taming, tamed

ORIGINAL = data.camera()[100:292, 150:342]


def test_the_original_itself_comes_back_as_it_is() -> None:
    assert np.array_equal(tamed(ORIGINAL, ORIGINAL, Taming()), ORIGINAL)


def test_nothing_lies_beyond_what_the_trusted_picture_shows_near_by() -> None:
    loud = np.random.default_rng(0).integers(0, 256, ORIGINAL.shape, dtype=np.uint8)
    out = tamed(loud, ORIGINAL, Taming(range_px=5))
    assert (out >= minimum_filter(ORIGINAL, 5)).all()
    assert (out <= maximum_filter(ORIGINAL, 5)).all()
    wider = tamed(loud, ORIGINAL, Taming(range_px=5, beyond=0.5))
    assert (wider > maximum_filter(ORIGINAL, 5)).any()
    reach = maximum_filter(ORIGINAL, 5) + 0.5 * (
        maximum_filter(ORIGINAL, 5) - minimum_filter(ORIGINAL, 5).astype(float)
    )
    assert (wider <= reach + 1).all()


def test_pushed_contrast_and_brightness_are_taken_back() -> None:
    pushed = np.clip(1.3 * (ORIGINAL.astype(float) - 128) + 150, 0, 255).astype(np.uint8)
    before, after = (
        np.abs(uniform_filter(x.astype(float), 9) - uniform_filter(ORIGINAL.astype(float), 9)).mean()
        for x in (pushed, tamed(pushed, ORIGINAL, Taming()))
    )
    assert after < 0.1 * before


def test_the_answers_detail_stays_where_the_trusted_picture_has_room_for_it() -> None:
    soft = gaussian_filter(ORIGINAL.astype(float), 2).round().astype(np.uint8)
    out = tamed(ORIGINAL, soft, Taming(beyond=2)).astype(float)
    gained = np.abs(out - ORIGINAL).mean() / np.abs(soft.astype(float) - ORIGINAL).mean()
    assert gained < 0.5


@pytest.mark.parametrize("wrong", [{"low_px": 4}, {"range_px": 0}, {"low_px": 3.5}, {"beyond": -0.1}])
def test_sides_that_have_no_centre_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        Taming(**wrong)  # type: ignore[arg-type]
