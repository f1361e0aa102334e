"""The tables on disk: of all runs together, whole at any moment, and never short of a finished clip."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from vidsharp.jobs.files.previews import keep_preview
from vidsharp.jobs.files.report_folder import TABLE_COLUMNS, ClipRows, ReportFolder, keep_rows, kept_rows
from vidsharp.pipeline.atomic import temporary_name
from vidsharp.pipeline.errors import OutputError
from vidsharp.reports.run import tables
from vidsharp.reports.run.page_previews import first_that_fit


def clip(name: str, **more: Any) -> dict[str, Any]:
    return {"clip": name, "status": "done", **more}


def chunk(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {"clip": name, "chunk": number, **more}


def frame(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {"clip": name, "frame": number, **more}


def test_rows_of_several_runs_come_together(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    b = ClipRows(clip("b", frames=1), [chunk("b", 1), chunk("b", 0)], [frame("b", 7), frame("b", 2)])
    ReportFolder(folder).add([b, ClipRows(clip("a"))])
    second = ReportFolder(folder)
    c = ClipRows(clip("c"), [chunk("c", 0)], [frame("c", 1)])
    second.add([ClipRows(clip("b", frames=2), [chunk("b", 0)]), c])
    third = ReportFolder(folder)
    assert sorted(third.earlier()) == ["a", "b", "c"]
    assert third.earlier()["b"]["frames"] == 2
    assert third.earlier()["a"]["frames"] is None
    chunks, frames = third.table("chunks").frame(), third.table("frames").frame()
    assert list(zip(chunks["clip"], chunks["chunk"], strict=True)) == [("b", 0), ("c", 0)]
    assert list(zip(frames["clip"], frames["frame"], strict=True)) == [("b", 2), ("b", 7), ("c", 1)]
    assert {path.name for path in folder.iterdir()} == {"clips", "chunks", "frames"}


def test_a_skipped_clip_keeps_its_chunks(tmp_path: Path) -> None:
    report = ReportFolder(tmp_path)
    report.add([ClipRows(clip("a"), [chunk("a", 0), chunk("a", 1)])])
    report.add([ClipRows(clip("a", status="skipped"))])
    assert ReportFolder(tmp_path).table("chunks").rows == 2


def test_nothing_to_add_writes_nothing(tmp_path: Path) -> None:
    ReportFolder(tmp_path / "report").add([])
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("damaged", [b"", b"PAR1 and no more", b"clip,status"])
def test_a_damaged_part_is_left_out_and_the_log_says_so(
    tmp_path: Path, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    ReportFolder(tmp_path).add([ClipRows(clip("a"), [chunk("a", 0)])])
    (part,) = (tmp_path / "clips").iterdir()
    part.write_bytes(damaged)
    again = ReportFolder(tmp_path)
    assert dict(again.earlier()) == {}
    assert str(part) in caplog.text
    again.add([ClipRows(clip("b"))])
    again.compact()
    assert list(ReportFolder(tmp_path).earlier()) == ["b"]
    assert part.read_bytes() == damaged, "what cannot be read is not removed either"


def test_tables_of_a_version_that_had_no_parts_are_carried_over(tmp_path: Path) -> None:
    frames = [frame("a", 0), frame("a", 1)]
    older = {"clips": [clip("a", frames=1), clip("b")], "chunks": [chunk("a", 0)], "frames": frames}
    for name, rows in older.items():
        table = tables.table(rows, TABLE_COLUMNS[name]).drop(columns=["written_at"])
        (tmp_path / f"{name}.parquet").write_bytes(tables.parquet_bytes(table))
    report = ReportFolder(tmp_path)
    assert report.earlier()["a"]["frames"] == 1, "before anything is written"
    report.compact()
    report.write_single_files()
    assert not (tmp_path / "clips").exists(), "nothing is written unasked"
    report.add([ClipRows(clip("a", frames=2), [chunk("a", 0), chunk("a", 1)])])
    report.compact()
    again = ReportFolder(tmp_path)
    assert {name: row["frames"] for name, row in again.earlier().items()} == {"a": 2, "b": None}
    assert [again.table(name).rows for name in TABLE_COLUMNS] == [2, 2, 2]


def test_shards_write_to_one_folder_and_join_the_same_parts(tmp_path: Path) -> None:
    """Each in a process's place, all at once."""

    def shard(number: int) -> None:
        report = ReportFolder(tmp_path)
        for turn in range(5):
            report.add([ClipRows(clip(f"{number}-{turn}"), [chunk(f"{number}-{turn}", 0)])])
            report.compact()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(shard, range(4)))
    report = ReportFolder(tmp_path)
    report.compact()
    assert sorted(report.earlier()) == sorted(f"{n}-{turn}" for n in range(4) for turn in range(5))
    assert report.table("chunks").rows == 20
    assert len(list((tmp_path / "clips").iterdir())) == 1


def test_each_table_is_also_a_file_while_a_spreadsheet_can_open_it(tmp_path: Path) -> None:
    report = ReportFolder(tmp_path)
    report.add([ClipRows(clip(name), [chunk(name, 0), chunk(name, 1)]) for name in ("b", "a")])
    report.write_single_files(most_rows=2)
    assert pd.read_csv(tmp_path / "clips.csv")["clip"].to_list() == ["a", "b"]
    assert pd.read_parquet(tmp_path / "clips.parquet")["clip"].to_list() == ["a", "b"]
    assert {path.stem for path in tmp_path.glob("*.*")} == {"clips", "frames"}
    assert (len(pd.read_csv(tmp_path / "frames.csv")), len(pd.read_parquet(tmp_path / "frames.parquet"))) == (0, 0)
    report.write_single_files(["csv"], most_rows=None)
    assert len(pd.read_csv(tmp_path / "chunks.csv")) == 4
    report.write_single_files(most_rows=1)
    assert {path.stem for path in tmp_path.glob("*.*")} == {"frames"}, "what would be true no longer is gone"


def test_what_has_changed_is_told_once(tmp_path: Path) -> None:
    report = ReportFolder(tmp_path)
    report.add([ClipRows(clip("a"))])
    assert [path.parent.name for path in report.changed()] == ["clips"]
    report.add([ClipRows(clip("b"))])
    assert len(report.changed()) == 1
    report.compact()
    changed = report.changed()
    assert [path.exists() for path in changed] == [True, False, False], "what takes their place comes first"
    assert set((tmp_path / "clips").iterdir()) < set(changed)
    assert report.changed() == []


def test_a_file_in_the_place_of_the_folder_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine")
    with pytest.raises(OutputError, match="report cannot be written"):
        ReportFolder(tmp_path / "report").add([ClipRows(clip("a"))])
    assert (tmp_path / "report").read_text() == "mine"


def test_others_may_read_the_tables(tmp_path: Path) -> None:
    ReportFolder(tmp_path).add([ClipRows(clip("a"))])
    other = tmp_path / "as any file"
    other.touch()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {stat.S_IMODE(other.stat().st_mode)}
    assert len(files) == 2


def test_rows_of_finished_clips_outlive_a_crash(tmp_path: Path) -> None:
    for name in ("one", "two", "damaged", "older", "unfinished", "joined"):
        (tmp_path / name).mkdir()
    two = ClipRows(clip("b.mp4", frames=3, error=None), [chunk("b.mp4", 0), chunk("b.mp4", 1)], [frame("b.mp4", 2)])
    keep_rows(tmp_path / "two", two)
    keep_rows(tmp_path / "one", ClipRows(clip("会議.mp4")))
    keep_rows(tmp_path / "joined", ClipRows(clip("c.mp4")))
    (tmp_path / "joined" / "joined.mp4").touch()  # it was about to get its final name
    (tmp_path / "damaged" / "done.json").write_text('{"clip": {"cl')
    (tmp_path / "older" / "done.json").write_text('{"row": {}}')
    assert kept_rows(tmp_path) == [(ClipRows(clip("会議.mp4")), tmp_path / "one"), (two, tmp_path / "two")]
    assert not list((tmp_path / "joined").glob("done*"))


def test_columns_that_there_are_no_more_are_left_out_of_an_older_versions_rows(tmp_path: Path) -> None:
    rows = ClipRows(clip("a"), [chunk("a", 0)], [frame("a", 2)])
    (tmp_path / "a").mkdir()
    older = {name: row if isinstance(row, dict) else row[0] for name, row in asdict(rows).items()}
    older = {name: {**row, "gone": 1} for name, row in older.items()}
    older = {name: row if name == "clip" else [row] for name, row in older.items()}
    (tmp_path / "a" / "done.json").write_text(json.dumps(older))
    assert kept_rows(tmp_path) == [(rows, tmp_path / "a")]


@pytest.mark.parametrize(
    "misspelt", [{"clip": {"clip": "a", "frams": 1}}, {"chunks": [{"chnk": 1}]}, {"frames": [{"ssim": 1}]}]
)
def test_a_misspelt_column_is_an_error_where_the_row_is_made(misspelt: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no such columns"):
        ClipRows(**{"clip": clip("a"), **misspelt})


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    (tmp_path / "previews").mkdir()
    names = [temporary_name(tmp_path / "clips.csv"), temporary_name(tmp_path / "previews" / "00ff.json")]
    left = [path.with_name(path.name.replace(f".{os.getpid()}-", ".999999999-")) for path in names]
    for path in left:
        path.touch()
    ReportFolder(tmp_path)
    assert not any(path.exists() for path in left)


def test_no_work_in_progress_is_no_rows(tmp_path: Path) -> None:
    assert kept_rows(tmp_path / "nowhere") == []


def test_previews_are_found_by_clip_and_replaced(tmp_path: Path) -> None:
    report = ReportFolder(tmp_path)
    report.add([ClipRows(clip(name)) for name in ("a.mp4", "../b <i>.mp4", "c.mp4")])
    keep_preview(tmp_path, "a.mp4", '{"old": 1}')
    keep_preview(tmp_path, "a.mp4", '{"new": 1}')
    keep_preview(tmp_path, "../b <i>.mp4", "{}")
    keep_preview(tmp_path, "c.mp4", "{}")
    keep_preview(tmp_path, "c.mp4", None)
    keep_preview(tmp_path, "never.mp4", None)
    previews = ReportFolder(tmp_path).previews
    names = ("a.mp4", "../b <i>.mp4", "c.mp4", "never.mp4")
    assert {name: previews[name] for name in names if name in previews} == {"../b <i>.mp4": "{}", "a.mp4": '{"new": 1}'}
    assert len(list((tmp_path / "previews").iterdir())) == 2, "a name leads nowhere else"


def test_a_preview_that_goes_while_the_page_is_made_is_left_out(tmp_path: Path) -> None:
    """`vidsharp report` reads what a run is still replacing."""
    report = ReportFolder(tmp_path)
    report.add([ClipRows(clip(name)) for name in ("a.mp4", "b.mp4")])
    for name in ("a.mp4", "b.mp4"):
        keep_preview(tmp_path, name, "{}")

    class Vanishing:
        def __contains__(self, clip: object) -> bool:
            return clip in report.previews

        def __getitem__(self, clip: str) -> str:
            keep_preview(tmp_path, "a.mp4", None)
            return report.previews[clip]

    previews = Vanishing()
    try:
        shown = first_that_fit(["a.mp4", "b.mp4"], previews, 1000)
    except OSError as error:
        shown = error
    assert shown == {}, "{} is no sound preview"
