"""The tables: their columns and types, what null means, and what others read of them."""

import csv
import io
from typing import Any

import pandas as pd
import pytest
from vidsharp.reports.run.tables import (
    CHUNK_COLUMNS,
    CLIP_COLUMNS,
    FRAME_COLUMNS,
    clip_figures,
    csv_bytes,
    from_parquet,
    parquet_bytes,
    rows,
    table,
)

PROMISED = (  # noqa: SIM905
    "clip status error out container codec encoder width height pix_fmt rotation duration_s frames frames_lost chunks "
    "source_fps model device look strength chroma wall_s fps model_fps decode_s model_s encode_s mux_s reused_share "
    "ssim_input psnr_input sharpness_before sharpness_after flicker_before flicker_after ssim_ref_before "
    "ssim_ref_after psnr_ref_before psnr_ref_after bytes_in bytes_out audio_streams retries"
).split()

ODD = 'a, "b"; <img src=x> – 会議\nnew line.mp4'


def test_all_promised_columns_are_there_in_the_promised_order() -> None:
    assert [name for name in CLIP_COLUMNS if name in PROMISED] == PROMISED


@pytest.mark.parametrize("columns", [CLIP_COLUMNS, CHUNK_COLUMNS])
def test_a_table_has_exactly_its_columns_and_types(columns: dict[str, str]) -> None:
    for given in ([], [{"clip": "a.mp4"}]):
        made = table(given, columns)
        assert list(made.columns) == list(columns)
        assert [str(dtype) for dtype in made.dtypes] == list(columns.values())
        assert len(made) == len(given)


@pytest.mark.parametrize("columns", [CLIP_COLUMNS, CHUNK_COLUMNS, FRAME_COLUMNS])
def test_a_column_that_there_is_not_is_an_error(columns: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no such columns: clips, frams"):
        table([{"clip": "a.mp4"}, {"clip": "b.mp4", "frams": 1, "clips": None}], columns)


def test_what_a_row_does_not_say_is_null_and_never_zero() -> None:
    made = table([{"clip": "a.mp4", "frames": 0, "fps": None}], CLIP_COLUMNS)
    assert made.loc[0, "frames"] == 0
    assert made.drop(columns=["clip", "frames"]).isna().all(axis=None)


@pytest.mark.parametrize(("column", "value"), [("frames", "many"), ("frames", 1.5), ("strength", "strong")])
def test_a_value_of_the_wrong_type_is_an_error(column: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        table([{"clip": "a.mp4", column: value}], CLIP_COLUMNS)


SOME: list[dict[str, Any]] = [
    {"clip": "a.mp4", "status": "done", "frames": 2**40, "fps": 24.5, "rotation": -90},
    {"clip": ODD, "status": "failed", "error": "it is empty", "frames": None},
    {"clip": "c.mp4", "status": "done", "frames": 0, "duration_s": 0.0},
]


def test_parquet_gives_back_the_same_values_and_types() -> None:
    made = table(SOME, CLIP_COLUMNS)
    pd.testing.assert_frame_equal(from_parquet(parquet_bytes(made), CLIP_COLUMNS), made)
    # Others read it without this project.
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet_bytes(made))), made)


def test_booleans_survive_parquet_with_their_nulls() -> None:
    made = table([{"clip": "a.mp4", "chunk": n, "reused": r} for n, r in enumerate((True, False, None))], CHUNK_COLUMNS)
    back = from_parquet(parquet_bytes(made), CHUNK_COLUMNS)
    assert [row["reused"] for row in rows(back)] == [True, False, None]


@pytest.mark.parametrize("columns", [CLIP_COLUMNS, CHUNK_COLUMNS])
def test_an_empty_table_survives_parquet_and_csv(columns: dict[str, str]) -> None:
    empty = table([], columns)
    pd.testing.assert_frame_equal(from_parquet(parquet_bytes(empty), columns), empty)
    assert csv_bytes(empty).decode().strip() == ",".join(columns)


def test_a_table_of_an_older_version_gets_the_new_columns_as_null() -> None:
    older = table(SOME, CLIP_COLUMNS).drop(columns=["note", "retries"]).assign(gone=1)
    back = from_parquet(parquet_bytes(older), CLIP_COLUMNS)
    pd.testing.assert_frame_equal(back, table(SOME, CLIP_COLUMNS))


def test_csv_is_read_back_by_others() -> None:
    made = table(SOME, CLIP_COLUMNS)
    types: Any = dict(CLIP_COLUMNS)
    back = pd.read_csv(io.BytesIO(csv_bytes(made)), dtype=types, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(back, made, check_dtype=False)


def test_rows_are_plain_values_with_none_for_null() -> None:
    back = rows(table(SOME, CLIP_COLUMNS))
    for given, row in zip(SOME, back, strict=True):
        assert row == {**dict.fromkeys(CLIP_COLUMNS), **given}
        assert {type(value) for value in row.values()} <= {str, int, float, type(None)}, "JSON can hold them"
    assert rows(table([], CLIP_COLUMNS)) == []


FORMULAS = ["=1+1", "+1", "-1+cmd|' /C calc'!A0.mp4", "@SUM(1)", "\t=1", '=HYPERLINK("http://x","y")']


def test_text_is_no_formula_in_a_spreadsheet() -> None:
    clips = [{"clip": name, "error": name, "psnr_input": -1.5, "out": None} for name in [*FORMULAS, "call-1=2.mp4"]]
    frame = table(clips, CLIP_COLUMNS)
    read = list(csv.DictReader(io.StringIO(csv_bytes(frame).decode())))
    assert [row["clip"] for row in read] == [f"'{name}" for name in FORMULAS] + ["call-1=2.mp4"]
    assert [row["error"] for row in read] == [row["clip"] for row in read]
    assert {(row["psnr_input"], row["out"]) for row in read} == {("-1.5", "")}, "figures stay figures"
    assert [row["clip"] for row in rows(frame)] == [*FORMULAS, "call-1=2.mp4"], "the table itself is as it was"


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
    assert len(figures) == len(FRAME_COLUMNS) - 4 + 1  # all but clip, frame, time and when it was written; and how many
    assert all(value == 1 for value in figures.values())
