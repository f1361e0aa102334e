"""Sharp pictures are told from those that were enlarged or blurred, whatever they show."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data
from vidsharp.pipeline.edge_steepness import STEEP, edge_steepness, is_sharp
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.timeline import read_timeline

from tests.support import media

_PICTURES = {"text": data.text(), "page": data.page(), "camera": data.camera(), "clock": data.clock()}


def _boxes() -> np.ndarray:
    picture, draw = np.full((240, 320), 120, np.uint8), np.random.default_rng(0)
    for _ in range(60):
        top, left = draw.integers(0, 220), draw.integers(0, 300)
        picture[top : top + draw.integers(4, 40), left : left + draw.integers(4, 60)] = draw.integers(0, 255)
    return picture


def _steepness(picture: Image.Image) -> float | None:
    return edge_steepness(np.asarray(picture, np.float32) / 255)


def test_drawn_edges_are_as_steep_as_can_be() -> None:
    assert _steepness(Image.fromarray(_boxes())) == pytest.approx(1)


@pytest.mark.parametrize("picture", [_boxes(), *_PICTURES.values()])
@pytest.mark.parametrize("way", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_what_was_enlarged_is_not_sharp(picture: np.ndarray, way: Image.Resampling) -> None:
    whole = Image.fromarray(picture)
    small = whole.resize((whole.width // 2, whole.height // 2), Image.Resampling.BOX)
    steepness = _steepness(small.resize(whole.size, way))
    assert steepness is None or steepness < STEEP


@pytest.mark.parametrize("picture", [_boxes(), *_PICTURES.values()])
def test_what_was_blurred_is_less_steep(picture: np.ndarray) -> None:
    whole = Image.fromarray(picture)
    before, after = _steepness(whole), _steepness(whole.filter(ImageFilter.GaussianBlur(1.5)))
    assert after is None or (before is not None and after < min(before, STEEP))


def test_noise_does_not_make_an_enlarged_picture_sharp() -> None:
    small = Image.fromarray(_boxes()[::2, ::2]).resize((320, 240), Image.Resampling.BICUBIC)
    noisy = np.asarray(small, np.float32) + np.random.default_rng(1).normal(0, 4, (240, 320))
    steepness = edge_steepness((noisy / 255).clip(0, 1).astype(np.float32))
    assert steepness is not None
    assert steepness < STEEP


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (64, 64)])
def test_a_picture_without_edges_says_nothing(shape: tuple[int, int]) -> None:
    assert edge_steepness(np.full(shape, 0.5, np.float32)) is None


def test_a_recording_is_sharp_only_if_each_picture_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(media.call(tmp_path / "a.mp4", size=(128, 96), frames=90, gop=10).path)

    def told(values: list[float | None]) -> bool:
        left = iter(values)
        monkeypatch.setattr("vidsharp.pipeline.edge_steepness.edge_steepness", lambda luma: next(left))
        return is_sharp(info, read_timeline(info))

    assert told([0.9, None, 0.7, 0.8, 0.9, None, 0.7, 0.8])
    assert not told([0.9, None, 0.7, 0.8, 0.9, 0.3, 0.7, 0.8])
    assert not told([None] * 8)
