"""A preview shows the frame before and after, and the place where it was changed most."""

import base64
import io
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.reports.run.preview import SPOT_PX, WHOLE_PX, Moment, preview_json

FORMAT = PlaneFormat(8, full_range=True, matrix="bt709", chroma_left=True)


def planes(width: int, height: int, value: int = 100, *, bits: int = 8, down: tuple[int, int] = (2, 2)) -> list:
    dtype = np.uint8 if bits == 8 else np.uint16
    scale = 2 ** (bits - 8)
    luma = (np.full((height, width), value) * scale).astype(dtype)
    chroma = np.full((-(-height // down[0]), -(-width // down[1])), 128 * scale, dtype)
    return [luma, chroma, chroma.copy()]


def changed_at(frame: list, top: int, left: int, by: int) -> list:
    after = [plane.copy() for plane in frame]
    after[0][top : top + 64, left : left + 64] += np.asarray(by).astype(after[0].dtype)
    return after


def made(before: list, after: list, fmt: PlaneFormat = FORMAT, **more: Any) -> dict[str, Any]:
    original = more.pop("original", None)
    return json.loads(preview_json(Moment(7, 1.5, before, after, original, 0.25), fmt, **more))


def picture(preview: dict[str, Any], name: str) -> np.ndarray:
    kind, _, content = preview["pictures"][name].partition(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")).astype(int)


def test_whole_and_spot(monkeypatch: pytest.MonkeyPatch) -> None:
    before = planes(1920, 1080)
    preview = made(before, changed_at(before, 600, 1400, 50))
    assert (preview["frame"], preview["time_s"], preview["moved"]) == (7, 1.5, 0.25)
    assert (preview["width"], preview["height"]) == (1920, 1080)
    left, top, width, height = preview["spot"]
    assert (width, height) == SPOT_PX
    assert left <= 1400 <= left + width - 64
    assert top <= 600 <= top + height - 64
    assert set(preview["pictures"]) == {"before", "after", "spot_before", "spot_after"}
    assert picture(preview, "before").shape == (540, WHOLE_PX, 3)
    shown = picture(preview, "spot_after")
    assert shown.shape == (270, 480, 3)
    inside = shown[600 - top + 8 : 600 - top + 56, 1400 - left + 8 : 1400 - left + 56]
    assert np.abs(inside - 150).max() <= 6
    assert np.abs(picture(preview, "spot_before") - 100).max() <= 6


def test_an_original_is_shown_at_the_spot() -> None:
    before = planes(640, 360)
    preview = made(before, changed_at(before, 8, 8, 9), original=planes(640, 360, 180))
    assert np.abs(picture(preview, "spot_reference") - 180).max() <= 6


@pytest.mark.parametrize("size", [(1, 1), (160, 96), (321, 181), (480, 270), (3840, 2160)])
def test_any_size(size: tuple[int, int]) -> None:
    before = planes(*size)
    after = [before[0] + np.uint8(1), *before[1:]]
    preview = made(before, after)
    left, top, width, height = preview["spot"]
    assert (left, top) == (0, 0)
    assert (width, height) == (min(size[0], 480), min(size[1], 270))
    assert picture(preview, "spot_after").shape == (height, width, 3)
    assert max(picture(preview, "after").shape) == min(WHOLE_PX, max(size)) or min(size) < 3


@pytest.mark.parametrize("down", [(1, 1), (2, 1), (1, 2), (1, 4), (4, 4)])
def test_any_subsampling_and_grey(down: tuple[int, int]) -> None:
    before = planes(642, 362, down=down)
    assert np.abs(picture(made(before, before), "spot_after") - 100).max() <= 4
    assert np.abs(picture(made(before[:1], before[:1]), "after") - 100).max() <= 4


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_more_bits_show_the_same(bits: int) -> None:
    fmt = PlaneFormat(bits, full_range=True, matrix="bt2020", chroma_left=True)
    before = planes(640, 360, bits=bits)
    preview = made(before, changed_at(before, 100, 100, 40 * 2 ** (bits - 8)), fmt)
    assert np.abs(picture(preview, "spot_before") - 100).max() <= 4
    assert picture(preview, "spot_after").max() >= 130


def test_it_is_turned_as_a_player_turns_it() -> None:
    before = planes(1280, 720)
    preview = made(before, changed_at(before, 0, 1216, 60), turns=1)  # upper right; a quarter turn to the left
    assert (preview["width"], preview["height"]) == (720, 1280)
    left, top, *_ = preview["spot"]
    assert (left, top) == (0, 0)
    assert picture(preview, "after").shape == (960, 540, 3)
    assert picture(preview, "spot_after")[:60, :60].min() >= 150


@pytest.mark.parametrize(("turns", "shape"), [(0, (405, 960, 3)), (1, (960, 405, 3))])
def test_pixels_that_are_not_square(turns: int, shape: tuple[int, int, int]) -> None:
    before = planes(1440, 810)
    preview = made(before, before, turns=turns, pixel_aspect=Fraction(4, 3))
    assert picture(preview, "before").shape == shape
    assert {preview["width"], preview["height"]} == {1440, 810}
