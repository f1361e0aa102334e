"""Windows hold a box and its halo, within the frame, in few shapes."""

from hypothesis import given
from hypothesis import strategies as st
from vidsharp.models.sequence.cover import Box
from vidsharp.models.sequence.windows import Windows

UNIT = 32
sides = st.integers(1, 700)


@given(st.data(), st.tuples(sides, sides), st.sampled_from([(12, 2), (32, 4)]))
def test_each_window_holds_the_box_and_its_halo(
    data: st.DataObject, size: tuple[int, int], look: tuple[int, int]
) -> None:
    halo, align = look
    windows = Windows(size, UNIT, halo, align)
    whole = [side + -side % align for side in size]
    ranges = []
    for side in size:
        count = -(-side // UNIT)
        first = data.draw(st.integers(0, count - 1))
        ranges.append((first, data.draw(st.integers(first + 1, count))))
    (top, bottom), (left, right) = ranges
    options = windows.of(Box(top, left, bottom, right))
    assert windows.pixels(Box(top, left, bottom, right)) == options[0].shape[0] * options[0].shape[1]
    for window in options:
        for made, given_, (first, end), side in zip(window.made, window.given, ranges, whole, strict=True):
            assert (made.start, made.stop) == (first * UNIT, end * UNIT)
            assert given_.start % align == 0
            assert (given_.stop - given_.start) % align == 0
            assert 0 <= given_.start <= max(0, made.start - halo)
            assert min(side, made.stop + halo) <= given_.stop <= side


def test_a_frame_of_1080p_has_few_shapes() -> None:
    windows = Windows((1080, 1920), UNIT, 32, 4)
    boxes = [Box(top, 3, top + height, 9) for height in range(1, 30) for top in range(34 - height)]
    assert len({windows.of(box)[0].shape for box in boxes}) < 30
