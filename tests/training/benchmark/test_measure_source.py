"""One source measured: whole pictures at every level, windows where Real-ESRGAN is asked, all cut at one place."""

from pathlib import Path

import numpy as np
import pytest
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.reports.evaluation.benchmark_tables import WHOLE, WINDOW
from vidsharp.reports.metrics.words import Box, Text
from vidsharp.training.benchmark import measure_source as module
from vidsharp.training.benchmark.measure_source import MARGIN_PX, WINDOW_PICTURES, SourceResult, measure_source
from vidsharp.training.benchmark.pictures import MEASURED
from vidsharp.training.benchmark.sources import BenchmarkSource
from vidsharp.training.evaluation.evaluation_pictures import UNCHANGED, Planes
from vidsharp.training.evaluation.methods import Method

from tests.training.benchmark import toy

CONDITIONS = [("light", 0), ("light", 1), ("compressed", 0), (UNCHANGED, 0)]


def same(planes: Planes, fmt: PlaneFormat) -> Planes:
    return planes


def darker(planes: Planes, fmt: PlaneFormat) -> Planes:
    return [planes[0] - np.minimum(planes[0], 9), *planes[1:]]


METHODS: dict[str, Method] = {"identity": same, "darker": darker}


class Heavy:
    """Does nothing slowly; keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[Planes] = []

    def __call__(self, planes: Planes, fmt: PlaneFormat) -> Planes:
        self.seen.append(planes)
        return planes


def run(
    source: BenchmarkSource, folder: Path, heavy: Heavy | None = None, conditions: list[tuple[str, int]] = CONDITIONS
) -> list[SourceResult]:
    slow: dict[str, Method] = {} if heavy is None else {"heavy": heavy}
    return list(measure_source(source, folder, METHODS, slow, conditions, vmaf=False, reader=None))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[SourceResult], Heavy]:
    folder, heavy = tmp_path_factory.mktemp("toy"), Heavy()
    return run(toy.clip(folder), folder, heavy), heavy


def test_every_picture_has_a_row_for_each_method(made: tuple[list[SourceResult], Heavy]) -> None:
    results, _ = made
    assert [(r.level, r.seed) for r in results] == CONDITIONS
    for result in results:
        whole = [row for row in result.rows if row.view == WHOLE]
        assert [(row.method, row.item) for row in whole] == [(m, p.item) for m in METHODS for p in result.places]
        assert len(result.places) == MEASURED
        assert {(row.level, row.seed) for row in result.rows} == {(result.level, result.seed)}
        assert list(result.outputs) == list(METHODS)
        assert list(result.strip.pictures) == ["sharp", "input", "darker"]
        assert result.words == {}
    ages = [row.since_keyframe for row in results[0].rows if row.method == "identity" and row.view == WHOLE]
    assert None not in ages
    assert {row.since_keyframe for row in results[-1].rows} == {None}
    assert [r.parameters is None for r in results] == [False, False, False, True]


def test_windows_are_of_seed_0_at_their_levels(made: tuple[list[SourceResult], Heavy]) -> None:
    results, heavy = made
    views = {(r.level, r.seed): {row.view for row in r.rows} for r in results}
    assert [condition for condition, found in views.items() if WINDOW in found] == [("light", 0)]
    window = [row for row in results[0].rows if row.view == WINDOW]
    last = [place.item for place in results[0].places[-WINDOW_PICTURES:]]
    assert [(row.method, row.item) for row in window] == [(m, i) for m in (*METHODS, "heavy") for i in last]
    assert len(heavy.seen) == WINDOW_PICTURES
    whole = {(row.method, row.item): row for row in results[0].rows if row.view == WHOLE}
    for row in window:
        if row.method != "heavy":
            assert row.since_keyframe == whole[row.method, row.item].since_keyframe
            assert row.figures.psnr_db != whole[row.method, row.item].figures.psnr_db


def test_all_methods_are_cut_at_one_place(made: tuple[list[SourceResult], Heavy]) -> None:
    """What does nothing on the window measures as what does nothing on the whole, to the last bit."""
    results, heavy = made
    window = [row for row in results[0].rows if row.view == WINDOW]
    figures = {m: [row.figures for row in window if row.method == m] for m in ("identity", "heavy", "darker")}
    assert figures["heavy"] == figures["identity"] != figures["darker"]
    side = min(module.WINDOW_PX, min(toy.SIZE) // 4 * 4)
    for planes, place in zip(heavy.seen, results[0].places[-WINDOW_PICTURES:], strict=True):
        assert [plane.shape for plane in planes] == [(side, side), (side // 2, side // 2), (side // 2, side // 2)]
        found = [
            (top, left)
            for top in range(0, toy.SIZE[1] - side + 1, 4) for left in range(0, toy.SIZE[0] - side + 1, 4)
            if np.array_equal(planes[0], place.soft[0][top : top + side, left : left + side])
        ]  # fmt: skip
        assert len(found) == 1
        ((top, left),) = found
        assert np.array_equal(planes[1], place.soft[1][top // 2 : (top + side) // 2, left // 2 : (left + side) // 2])


def test_the_margin_is_seen_and_not_measured(tmp_path: Path) -> None:
    """A method that spoils the border of what it gets, as zero padding does, loses nothing by it."""

    class Spoiling(Heavy):
        def __call__(self, planes: Planes, fmt: PlaneFormat) -> Planes:
            out = [plane.copy() for plane in super().__call__(planes, fmt)]
            for plane, margin in zip(out, (MARGIN_PX, MARGIN_PX // 2, MARGIN_PX // 2), strict=True):
                inside = plane[margin:-margin, margin:-margin].copy()
                plane[:] = 0
                plane[margin:-margin, margin:-margin] = inside
            return out

    (result,) = run(toy.clip(tmp_path), tmp_path, Spoiling(), [("light", 0)])
    figures = {
        m: [row.figures for row in result.rows if row.view == WINDOW and row.method == m] for m in ("identity", "heavy")
    }
    assert figures["heavy"] == figures["identity"]


def test_without_heavy_methods_there_are_no_windows(tmp_path: Path) -> None:
    (result,) = run(toy.clip(tmp_path), tmp_path, None, [("light", 0)])
    assert {row.view for row in result.rows} == {WHOLE}


def test_only_screens_are_read_and_by_the_words_that_were_drawn(tmp_path: Path) -> None:
    pictures: list[np.ndarray] = []

    def reader(picture: np.ndarray) -> list[Text]:
        pictures.append(picture)
        return [Text("nothing of this", Box(0, 0, picture.shape[1], picture.shape[0]))]

    clip = toy.clip(tmp_path)
    (moving,) = measure_source(clip, tmp_path, METHODS, {}, [("light", 0)], vmaf=False, reader=reader)
    assert (moving.words, pictures) == ({}, [])
    (screen,) = measure_source(toy.screen(), tmp_path, METHODS, {}, [(UNCHANGED, 0)], vmaf=False, reader=reader)
    assert list(screen.words) == list(METHODS)
    assert len(pictures) == len(METHODS)  # the last picture of each method, and no original
    assert {word.reading for word in screen.words["identity"]} == {"wrong"}
    assert all(0 < word.height_px < 180 for word in screen.words["identity"])
