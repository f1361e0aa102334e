"""What is foreseen of a clip from trials on pieces of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.foreseen import GOP, NEAR_KEYFRAME, foreseen_bytes, foreseen_xpsnr
from vidsharp.pipeline.trial_encode import Trial

PIECE = 48


def trial(near_db: float, far_db: float, frames: int = PIECE) -> Trial:
    figures = [near_db] * min(NEAR_KEYFRAME, frames) + [far_db] * max(0, frames - NEAR_KEYFRAME)
    return Trial(frames, 900, 10 * (frames - 1), tuple(figures))


def test_keyframes_are_counted_by_gops_and_not_by_pieces() -> None:
    assert foreseen_bytes([trial(0, 0)] * 4, [GOP]) == 900 + 10 * (GOP - 1)
    assert foreseen_bytes([trial(0, 0)] * 4, [GOP + 1, 10]) == 3 * 900 + 10 * (GOP + 11 - 3)


def test_pictures_near_keyframes_count_as_often_as_the_clip_has_them() -> None:
    pieces = [trial(48, 40)] * 4
    assert foreseen_xpsnr(pieces, [PIECE]) == pytest.approx(40 + 8 * NEAR_KEYFRAME / PIECE), "one piece is all of it"
    assert foreseen_xpsnr(pieces, [GOP]) == pytest.approx(40 + 8 * NEAR_KEYFRAME / GOP)
    assert foreseen_xpsnr(pieces, [GOP // 2] * 2) == pytest.approx(40 + 16 * NEAR_KEYFRAME / GOP)
    assert foreseen_xpsnr(pieces, [NEAR_KEYFRAME // 2] * 9) == pytest.approx(48)


@given(st.lists(st.lists(st.floats(0, 60), min_size=1, max_size=60), min_size=1, max_size=4),
       st.lists(st.integers(0, 700), min_size=1, max_size=9))  # fmt: skip
def test_a_quality_lies_among_those_of_the_pictures(pieces: list[list[float]], chunks: list[int]) -> None:
    found = foreseen_xpsnr([Trial(len(piece), 1, 1, tuple(piece)) for piece in pieces], chunks)
    figures = [figure for piece in pieces for figure in piece]
    assert min(figures) - 1e-9 <= found <= max(figures) + 1e-9


@given(st.lists(st.floats(0, 60), min_size=1, max_size=240))
def test_a_clip_that_was_tried_whole_is_foreseen_exactly(figures: list[float]) -> None:
    found = foreseen_xpsnr([Trial(len(figures), 1, 1, tuple(figures))], [len(figures)])
    assert found == pytest.approx(sum(figures) / len(figures))
