"""What an actor measures of a chunk: the same figures as anyone would measure from the frames."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.metrics import structural_similarity
from vidsharp.jobs.engine.measure_chunk import ChunkMeasure
from vidsharp.jobs.engine.measure_task import MeasureTask
from vidsharp.pipeline.original import find_original
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.timeline import read_timeline

from tests.support import media

SMALL: dict[str, Any] = {"size": (160, 96), "audio": 0, "frames": 12}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> media.Media:
    return media.call(tmp_path_factory.mktemp("measured") / "a.mp4", **SMALL)


def seen(measure: ChunkMeasure, clip: media.Media) -> list[list[np.ndarray]]:
    """Shows all of a clip's frames, with a student that adds 5 in the left half, more from frame to frame."""
    after = []
    for number, before in enumerate(media.decoded_planes(clip.path)):
        made = [plane.copy() for plane in before]
        made[0][:, :80] = np.clip(made[0][:, :80].astype(int) + 5 + number, 0, 255)
        if measure.wants(number):
            measure.see(number, clip.pts[number], before, made)
        after.append(made)
    measure.close()
    return after


def skimage_ssim(x: np.ndarray, y: np.ndarray) -> float:
    return structural_similarity(x, y, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)  # type: ignore[return-value]


def measured(clip: media.Media, *frames: int, **more: Any) -> ChunkMeasure:
    return ChunkMeasure(MeasureTask(frames, **{"original": None, "preview": False, **more}), probe(clip.path))


def test_figures_are_of_the_frames_asked_for(clip: media.Media) -> None:
    measure = measured(clip, 0, 5, 6)
    assert [number for number in range(12) if measure.wants(number)] == [0, 4, 5, 6]
    after = seen(measure, clip)
    before = list(media.decoded_planes(clip.path))
    rows = measure.figures()
    assert [row["index"] for row in rows] == [0, 5, 6]
    for row in rows:
        n = row["index"]
        assert row["ssim_input"] == pytest.approx(skimage_ssim(after[n][0], before[n][0]), abs=1e-5)
        error = ((after[n][0].astype(float) - before[n][0]) ** 2).mean()
        assert row["psnr_input"] == pytest.approx(10 * np.log10(255**2 / error), abs=1e-6)
        assert row["sharpness_after"] != row["sharpness_before"] > 0
        assert "ssim_ref_before" not in row
        if n:
            for name, frames in (("before", before), ("after", after)):
                change = np.abs(frames[n][0].astype(float) - frames[n - 1][0]).mean()
                assert row[f"change_{name}"] == pytest.approx(change, rel=1e-6)
    assert "change_before" not in rows[0], "nothing came before it"


def test_with_an_original(clip: media.Media, tmp_path: Path) -> None:
    sharp = media.call(tmp_path / "sharp.mkv", seed=1, **SMALL)
    info = probe(clip.path)
    measure = measured(clip, 3, 11, original=find_original(sharp.path, info, read_timeline(info)))
    after = seen(measure, clip)
    before, original = list(media.decoded_planes(clip.path)), list(media.decoded_planes(sharp.path))
    for row in measure.figures():
        n = row["index"]
        assert row["ssim_ref_before"] == pytest.approx(skimage_ssim(before[n][0], original[n][0]), abs=1e-5)
        assert row["ssim_ref_after"] == pytest.approx(skimage_ssim(after[n][0], original[n][0]), abs=1e-5)
        change = np.abs(original[n][0].astype(float) - original[n - 1][0]).mean()
        assert row["change_ref"] == pytest.approx(change, rel=1e-6)
        assert row["psnr_ref_after"] < row["psnr_ref_before"]


def test_the_frame_that_was_changed_most_is_shown(clip: media.Media, tmp_path: Path) -> None:
    measure = measured(clip, 2, 9, 4, preview=True)
    seen(measure, clip)
    measure.keep(tmp_path / "a.preview.json")
    preview = json.loads((tmp_path / "a.preview.json").read_text())
    assert preview["frame"] == 9
    assert preview["time_s"] == pytest.approx(0.3)
    assert (preview["width"], preview["height"]) == (160, 96)
    assert [path.name for path in tmp_path.iterdir()] == ["a.preview.json"]


@pytest.mark.parametrize("frames", [(), (2,)])
def test_nothing_to_show_leaves_no_file(clip: media.Media, tmp_path: Path, frames: tuple[int, ...]) -> None:
    measure = measured(clip, *frames, preview=not frames)
    seen(measure, clip)
    measure.keep(tmp_path / "a.preview.json")
    assert not list(tmp_path.iterdir())


def test_pictures_too_small_for_a_window_have_no_ssim(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "tiny.mp4", **{**SMALL, "size": (64, 10), "frames": 2})
    info: ClipInfo = probe(clip.path)
    measure = ChunkMeasure(MeasureTask((1,), None, preview=True), info)
    frames = list(media.decoded_planes(clip.path))
    for number, planes in enumerate(frames):
        measure.see(number, clip.pts[number], planes, planes)
    (row,) = measure.figures()
    assert row["ssim_input"] is None
    assert row["psnr_input"] == 60
    measure.keep(tmp_path / "preview.json")
    assert (tmp_path / "preview.json").exists()
