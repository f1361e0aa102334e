"""A canvas holds every picture at its own shape, unshrunk, and is no larger than that takes."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from vidsharp.pipeline.canvas import Place, canvas_notes, canvas_of, format_of, on_canvas, place
from vidsharp.pipeline.limits import MOST_PIXELS
from vidsharp.pipeline.probe import ClipInfo, Shape, probe

from tests.support import media

Sizes = Sequence[tuple[Any, ...]]
"""Width, height and, where they are not square, the shape of pixels."""


def shape(width: int, height: int, aspect: Fraction | int = 1, pix_fmt: str = "yuv420p") -> Shape:
    return Shape(width, height, pix_fmt, Fraction(aspect))


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    clip = media.call(tmp_path_factory.mktemp("clip") / "a.mp4", frames=1, audio=0, size=(320, 180))
    return probe(clip.path)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(320, 180)], (320, 180, 1)),
        ([(320, 180), (640, 360)], (640, 360, 1)),
        ([(640, 360), (320, 180)], (640, 360, 1)),
        ([(640, 360), (360, 640)], (640, 640, 1)),
        ([(160, 120), (640, 360)], (640, 360, 1)),
        ([(161, 121), (90, 160)], (161, 160, 1)),
        ([(320, 180), (320, 360, Fraction(2))], (320, 360, 2)),
        ([(720, 576, Fraction(16, 15)), (720, 576, Fraction(64, 45))], (960, 576, Fraction(16, 15))),
        ([(720, 576, Fraction(64, 45)), (720, 576, Fraction(16, 15))], (720, 768, Fraction(64, 45))),
    ],
)
def test_the_canvas_is_the_smallest_that_holds_all(sizes: Sizes, expected: tuple[int, int, Fraction]) -> None:
    assert canvas_of([shape(*size) for size in sizes]) == expected


SIZES = [(16, 16), (160, 90), (90, 160), (176, 144), (318, 180), (320, 180), (640, 360), (852, 480), (1280, 720)]


@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(12, 11), Fraction(1, 2)])
@pytest.mark.parametrize("small", SIZES)
@pytest.mark.parametrize("large", SIZES)
def test_no_picture_shrinks_or_leaves_its_shape(
    small: tuple[int, int], large: tuple[int, int], aspect: Fraction
) -> None:
    shapes = [shape(*small, aspect), shape(*large)]
    width, height, pixels = canvas_of(shapes)
    canvas = shape(width, height, pixels)
    for own in shapes:
        at = place(own, canvas)
        assert at.width >= own.width
        assert at.height >= own.height
        assert 0 <= at.left <= at.left + at.width <= width
        assert 0 <= at.top <= at.top + at.height <= height
        assert at.left % 2 == at.top % 4 == 0, "on whole chroma samples, and fields stay fields"
        assert at.width == width or at.height == height or (at.width, at.height) == (own.width, own.height)
        # Two pixels of the picture itself may be rounded away, and two of the canvas.
        across, down = at.width / own.width * pixels / own.pixel_aspect, at.height / own.height
        slack = 4 / min(own.width, own.height) + 4 / min(at.width, at.height)
        assert abs(across / down - 1) <= slack


def test_sizes_rounded_by_the_sender_fill_the_canvas() -> None:
    assert place(shape(852, 480), shape(1280, 720)) == Place(0, 0, 1280, 720)
    assert place(shape(640, 480), shape(1280, 720)) == Place(160, 0, 960, 720)


@pytest.mark.parametrize(
    ("names", "taken", "expected"),
    [
        (["yuv420p"], [], "yuv420p"),
        (["yuv420p", "yuv420p10le"], [], "yuv420p10le"),
        (["yuv420p10le", "yuv420p"], [], "yuv420p10le"),
        (["yuv420p", "yuv444p"], [], "yuv444p"),
        (["yuv422p", "yuv420p10le"], [], "yuv422p10le"),
        (["yuv422p", "yuv440p"], [], "yuv444p"),
        (["yuv411p", "yuv420p12le"], [], "yuv422p12le"),
        (["gray", "yuv420p"], [], "yuv420p"),
        (["gray", "gray10le"], [], "gray10le"),
        (["yuvj420p", "yuvj422p"], [], "yuvj422p"),
        (["yuvj420p", "yuv420p10le"], [], "yuv420p10le"),
        (["yuv420p", "gbrp"], [], "yuv420p"),
        (["yuva420p"], ["yuv420p"], "yuv420p"),
        (["yuva420p"], ["yuva420p"], "yuva420p"),
        (["yuva444p10le"], ["yuv420p"], "yuva444p10le"),
        (["yuv420p", "yuv422p"], ["yuv420p", "yuv444p"], "yuv444p"),
        (["yuv420p", "yuv444p"], ["yuv420p", "yuv420p10le"], "yuv420p"),
        (["yuv420p", "yuv444p10le"], ["yuv420p", "nv12"], "yuv420p"),
        (["yuv420p", "yuv444p"], ["rgb24"], "yuv420p"),
    ],
)
def test_the_format_holds_all_that_the_encoder_takes(names: list[str], taken: list[str], expected: str) -> None:
    assert format_of([shape(16, 16, pix_fmt=name) for name in names], taken) == expected


def test_a_clip_that_does_not_change_is_left_as_it_is(info: ClipInfo) -> None:
    assert on_canvas(info, [Shape.of(info)], []) is info
    assert on_canvas(info, [], []) is info


def test_a_full_range_clip_stays_one_in_more_bits(info: ClipInfo) -> None:
    full = replace(info, pix_fmt="yuvj420p")
    held = on_canvas(full, [replace(Shape.of(full), pix_fmt="yuv420p10le")], [])
    assert (held.pix_fmt, held.colour.range) == ("yuv420p10le", 2)


def test_a_box_that_would_be_too_large_is_that_of_the_largest_picture(info: ClipInfo) -> None:
    held = on_canvas(info, [shape(16000, 4000), shape(100, 16000)], [])
    assert (held.width, held.height) == (16000, 4000)
    assert held.width * held.height <= MOST_PIXELS


def test_each_change_is_said(info: ClipInfo) -> None:
    held = on_canvas(info, [shape(640, 360, pix_fmt="yuv420p10le"), shape(160, 160)], [])
    notes = canvas_notes(held, [(320, 180, "yuv420p", 5), (160, 160, "yuv420p", 1), (320, 180, "yuv420p", 2)])
    assert notes == [
        "7 pictures of 320×180 were enlarged to 640×360",
        "8 pictures in yuv420p were converted to yuv420p10le",
        "1 picture of 160×160 were enlarged to 640×360, between bars",
    ]
    assert canvas_notes(held, [(1280, 720, "yuv420p10le", 3)]) == [
        "3 pictures of 1280×720 were made smaller, to 640×360"
    ]
    assert not canvas_notes(info, [])
