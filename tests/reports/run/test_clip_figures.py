"""A clip's figures are the means of its frames' figures, and null where there are none."""

from vidsharp.reports.run.clip_figures import clip_figures
from vidsharp.reports.run.tables import CLIP_COLUMNS, FRAME_COLUMNS


def test_means_over_the_frames_that_have_the_figure() -> None:
    frames = [
        {"ssim_input": 0.9, "psnr_input": 30.0, "sharpness_before": 10.0, "change_before": 2.0, "change_after": 3.0},
        {"ssim_input": 0.8, "psnr_input": 40.0, "sharpness_before": 20.0, "change_before": None},
        {"ssim_input": None, "psnr_input": 50.0, "sharpness_before": 30.0, "change_before": 4.0},
    ]
    figures = clip_figures(frames)
    assert figures["measured"] == 3
    assert abs(figures["ssim_input"] - 0.85) < 1e-12
    assert (figures["psnr_input"], figures["sharpness_before"], figures["flicker_before"]) == (40.0, 20.0, 3.0)
    assert figures["flicker_after"] == 3.0
    assert figures["ssim_ref_after"] is figures["flicker_ref"] is None


def test_nothing_measured_is_null_everywhere() -> None:
    assert set(clip_figures([]).values()) == {None}


def test_every_figure_of_a_frame_has_its_place_in_the_clips_table() -> None:
    figures = clip_figures([dict.fromkeys(FRAME_COLUMNS, 1.0)])
    assert set(figures) <= set(CLIP_COLUMNS)
    assert len(figures) == len(FRAME_COLUMNS) - 3 + 1  # all but clip, frame and time; and how many there are
    assert all(value == 1 for value in figures.values())
