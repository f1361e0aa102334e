"""Scores and flicker, on pictures whose measures are known beforehand."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.reports.metrics.words import Box, Text
from vidsharp.training.data.paired_pictures import ImagePair
from vidsharp.training.evaluation.evaluate import measure
from vidsharp.training.evaluation.evaluation_pictures import Planes, read_image
from vidsharp.training.evaluation.evaluation_sources import PairSequence, SharpClip
from vidsharp.training.evaluation.measure_pictures import score
from vidsharp.training.evaluation.methods import Method
from vidsharp.training.evaluation.read_words import WordCount

from tests.training.evaluation.test_evaluation_sources import image
from tests.training.simulate.test_clip import write_clip


def same(planes: Planes, fmt: PlaneFormat) -> Planes:
    return planes


METHODS: dict[str, Method] = {"identity": same, "black": lambda planes, fmt: [planes[0] * 0, *planes[1:]]}


def test_scores_equal_scikit_image() -> None:
    sharp = data.camera()[:96, :120]
    noise = np.random.default_rng(0).normal(0, 8, sharp.shape)
    soft = np.clip(sharp + noise, 0, 255).astype(np.uint8)
    psnr, ssim = score(soft, sharp)
    theirs: float = structural_similarity(  # type: ignore[assignment]
        sharp, soft, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert psnr == pytest.approx(peak_signal_noise_ratio(sharp, soft, data_range=255), abs=1e-4)
    assert ssim == pytest.approx(theirs, abs=1e-6)
    assert score(sharp, sharp) == (pytest.approx(60), pytest.approx(1))


def test_every_picture_of_a_sequence_has_a_row_for_each_method(tmp_path: Path) -> None:
    pairs = []
    for number in range(3):
        blur = image(tmp_path / "blur" / f"{number}.png", seed=number)
        pairs.append(ImagePair(blur, image(tmp_path / "sharp" / f"{number}.png", seed=number + 10)))
    measured = measure(PairSequence("seq", tuple(pairs)), METHODS, ["light"], 24, 8)
    assert [(r.item, r.method) for r in measured.rows] == [(f"{n}.png", m) for n in range(3) for m in METHODS]
    for row in measured.rows:
        assert (row.source, row.level, row.figures.change, row.figures.change_sharp) == ("seq", "blur", None, None)
    first = next(row for row in measured.rows if row.method == "identity")
    assert (first.figures.psnr_db, first.figures.ssim) == score(
        read_image(pairs[0].blur)[0], read_image(pairs[0].sharp)[0]
    )
    assert (measured.strip.source, measured.strip.item) == ("seq", "2.png")
    assert list(measured.strip.pictures) == ["sharp", "input", "black"]


def test_change_over_time_is_that_of_the_output(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    measured = measure(SharpClip("a", tmp_path / "a.mkv"), METHODS, ["sharp", "medium"], 8, 4)
    assert {(r.level, r.item) for r in measured.rows} == {(lv, t) for lv in ("sharp", "medium") for t in "37"}
    for row in measured.rows:
        assert row.figures.change_sharp is not None
        assert row.figures.change_sharp > 1
        if row.method == "black":
            assert row.figures.change == 0
        elif row.level == "sharp":
            assert row.figures.change == row.figures.change_sharp
            assert (row.figures.psnr_db, row.figures.ssim) == (pytest.approx(60), pytest.approx(1))
        else:
            assert row.figures.change is not None
            assert 0 < row.figures.change != row.figures.change_sharp
    assert measured.strip.level == "medium"


def test_a_method_that_flickers_shows(tmp_path: Path) -> None:
    """Frames of even numbers come out brighter: a flicker that no single picture shows."""
    write_clip(tmp_path / "a.mkv", sound=False)
    calls = iter(range(100))

    def uneven(planes: Planes, fmt: PlaneFormat) -> Planes:
        return [np.clip(planes[0] // 2 + 60 * (next(calls) % 2), 0, 255).astype(np.uint8), *planes[1:]]

    rows = measure(SharpClip("a", tmp_path / "a.mkv"), {"identity": same, "uneven": uneven}, ["sharp"], 8, 4).rows
    change = {(row.method, row.item): row.figures.change for row in rows}
    for item in "37":
        steady, flickers = change["identity", item], change["uneven", item]
        assert steady is not None
        assert flickers is not None
        assert flickers > 1.05 * steady


def test_the_last_picture_of_each_level_is_read_by_each_method(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)

    def reader(picture: np.ndarray) -> list[Text]:
        """Finds a word wherever there is light."""
        return [Text("Quarterly", Box(0, 0, 80, 20))] if picture.mean() > 60 else []

    found = measure(SharpClip("a", tmp_path / "a.mkv"), METHODS, ["sharp", "light"], 8, 4, reader=reader).rows
    words = {(row.level, row.item, row.method): row.words for row in found}
    for level in ("sharp", "light"):
        assert words[level, "3", "identity"] is words[level, "3", "black"] is None
        assert words[level, "7", "identity"] == WordCount(1, 1, 0)
        assert words[level, "7", "black"] == WordCount(1, 0, 0)
    unread = measure(SharpClip("a", tmp_path / "a.mkv"), METHODS, ["light"], 8, 4).rows
    assert {row.words for row in unread} == {None}
