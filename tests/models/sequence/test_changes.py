"""Changed cells against the plain definition, one sample at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.models.sequence.changes import CELL_PX, changed_cells, coarser, grown

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
seeds = st.integers(0, 2**32 - 1)


def planes_of(size: tuple[int, int], halves: tuple[bool, bool], kind: str, padding: int) -> list[np.ndarray]:
    """Luma and two chroma planes of zeros, as views of padded rows."""
    chroma = tuple(-(-side // 2) if half else side for side, half in zip(size, halves, strict=True))
    return [np.zeros((height, width + padding), kind)[:, :width] for height, width in (size, chroma, chroma)]


@given(sizes, st.tuples(st.booleans(), st.booleans()), st.sampled_from(["uint8", "uint16"]), st.integers(0, 9), seeds)
def test_a_cell_has_changed_where_any_of_its_samples_differs(
    size: tuple[int, int], halves: tuple[bool, bool], kind: str, padding: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    before, now = (planes_of(size, halves, kind, pad) for pad in (0, padding))
    expected = np.zeros((-(-size[0] // CELL_PX), -(-size[1] // CELL_PX)), bool)
    for _ in range(rng.integers(0, 4)):
        number = rng.integers(0, 3)
        y, x = (int(rng.integers(0, side)) for side in now[number].shape)
        now[number][y, x] ^= 1 << int(rng.integers(0, 8 * now[number].itemsize))
    for old, new in zip(before, now, strict=True):
        for y, x in zip(*np.nonzero(old != new), strict=True):
            luma = (
                int(place) * (2 if full != part else 1)
                for place, full, part in zip((y, x), size, new.shape, strict=True)
            )
            row, column = (place // CELL_PX for place in luma)
            expected[row, column] = True
    np.testing.assert_array_equal(changed_cells(before, now), expected)
    for every in (2, 4, 8):
        assert not (changed_cells(before, now, every) & ~expected).any()


def test_a_look_at_one_row_in_eight_sees_what_changed_everywhere() -> None:
    before = planes_of((50, 30), (True, True), "uint8", 0)
    assert changed_cells(before, [plane + 1 for plane in before], every=8).all()


@given(sizes, st.integers(0, 5), seeds)
def test_grown_holds_all_within_a_distance(size: tuple[int, int], by: int, seed: int) -> None:
    cells = np.random.default_rng(seed).random(size) < 0.05
    expected = np.zeros_like(cells)
    for y, x in zip(*np.nonzero(cells), strict=True):
        expected[max(y - by, 0) : y + by + 1, max(x - by, 0) : x + by + 1] = True
    np.testing.assert_array_equal(grown(cells, by), expected)


@given(sizes, st.integers(1, 5), seeds)
def test_coarser_is_set_where_any_was(size: tuple[int, int], factor: int, seed: int) -> None:
    cells = np.random.default_rng(seed).random(size) < 0.05
    large = coarser(cells, factor)
    assert large.shape == (-(-size[0] // factor), -(-size[1] // factor))
    for y, x in np.ndindex(large.shape):
        assert large[y, x] == cells[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor].any()
