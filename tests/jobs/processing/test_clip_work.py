"""The rows that a clip gets at its end, from what its chunks say."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.files.report_folder import ClipRows
from vidsharp.jobs.processing.clip_work import ClipWork, failed_row, finished_rows
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.fingerprint import Fingerprint, read_source, see
from vidsharp.pipeline.mux import MuxResult
from vidsharp.pipeline.original import Original
from vidsharp.pipeline.plan import plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.timeline import read_timeline
from vidsharp.pipeline.workspace import Workspace
from vidsharp.reports.run.tables import CLIP_COLUMNS

from tests.support import runs
from tests.support.records import chunk_record

JOINED = MuxResult("mp4", "mp4", "h264", ())


def record(index: int, frames: int, *, lost: int = 0, **more: Any) -> ChunkRecord:
    facts: dict[str, Any] = {
        "index": index,
        "frames_expected": frames + lost,
        "bytes": 1000,
        "began_at": 1e9 + index,
        "decode_s": 1.0,
        "model_s": 2.0,
        "measure_s": 0.1,
        "encode_s": 3.0,
        "wait_s": 0.5,
        "wall_s": 4.0,
        "node": "here",
        "actor": "7",
    }
    pts = [512 * (15 * index + n) for n in range(frames)]
    return chunk_record(pts, [512] * frames, **{**facts, **more})


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> ClipWork:
    """A clip of four chunks of 15 frames, all of them done."""
    made = runs.clip(tmp_path_factory.mktemp("clip") / "a.mp4")
    info = replace(probe(made.path), time_base=Fraction(1, 15360))
    chunks = plan_chunks(read_timeline(probe(made.path)), int(0.5 / made.time_base))
    assert [chunk.frames for chunk in chunks] == [15] * 4
    seen, records = see(made.path, "a"), {chunk.index: record(chunk.index, 15) for chunk in reversed(chunks)}
    return ClipWork(
        clip=Clip(made.path, Path("team/a.mp4")),
        workspace=Workspace(made.path.parent / "work", "the key"),
        info=info,
        encoder=resolve_encoder(EncoderChoice(), info),
        chunks=chunks,
        records=records,
        done={index: record.outline for index, record in records.items()},
        reused=frozenset(),
        began=0.0,
        sample=[()] * len(chunks),
        seen=seen,
        fingerprint=Fingerprint.of(read_source(made.path, seen)),
    )


def rows_of(work: ClipWork, joined: MuxResult = JOINED, **settings: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The clip's row and its chunks'."""
    ended = all_rows_of(work, joined, **settings)
    return ended.clip, list(ended.chunks)


def all_rows_of(work: ClipWork, joined: MuxResult = JOINED, **settings: Any) -> ClipRows:
    config = runs.config(work.clip.path, Path("out"), **settings)
    made_with = {"settings": "{}", "versions": "{}", "key": "the key"}
    return finished_rows(
        work, config, "cpu", "team/a.mp4", joined, mux_s=0.25, wall_s=30.0, bytes_out=99, made_with=made_with
    )


def test_the_reused_share_is_the_mean_over_pictures(work: ClipWork) -> None:
    shares = {0: 0.2, 1: 0.6, 2: None, 3: 0.4}
    records = {index: record(index, 15 if index else 5, reused_share=share) for index, share in shares.items()}
    row, chunk_rows = rows_of(replace(work, records=records))
    assert row["reused_share"] == pytest.approx((5 * 0.2 + 15 * 0.6 + 15 * 0.4) / 35)
    assert [chunk["reused_share"] for chunk in chunk_rows] == list(shares.values())
    assert rows_of(work)[0]["reused_share"] is None
    assert rows_of(replace(work, records=records), strength=0)[0]["reused_share"] is None


def test_why_a_gpu_did_not_decode_or_encode_is_said_once(work: ClipWork) -> None:
    some = {index: record(index, 15, not_on_gpu="it is damaged" if index == 2 else None) for index in range(4)}
    said = "encoded on the CPU: it is interlaced"
    row, _ = rows_of(replace(work, records=some, notes=(said,)))
    assert row["note"] == f"{said}; 1 chunk of 4 decoded on the CPU: it is damaged"
    every = {index: record(index, 15, not_on_gpu="av1 is left to the CPU") for index in range(4)}
    assert rows_of(replace(work, records=every))[0]["note"] == "decoded on the CPU: av1 is left to the CPU"


def test_a_clip_that_was_done_at_once(work: ClipWork) -> None:
    row, chunk_rows = rows_of(work)
    expected = {
        "clip": "team/a.mp4", "status": "done", "frames": 60, "frames_lost": 0, "chunks": 4, "wall_s": 30.0,
        "fps": 2.0, "model_fps": 7.5, "decode_s": 4.0, "model_s": 8.0, "encode_s": 12.0, "mux_s": 0.25,
        "bytes_out": 99, "key": "the key", "encoder": "libx264", "audio_streams": 1, "note": None, "rotation": None,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["duration_s"] == pytest.approx(2.0)
    assert row.get("error") is None
    assert [chunk["chunk"] for chunk in chunk_rows] == [0, 1, 2, 3]
    assert [chunk["start_s"] for chunk in chunk_rows] == pytest.approx([0, 0.5, 1, 1.5])
    assert [chunk["reused"] for chunk in chunk_rows] == [False] * 4


def test_progress_counts_finished_chunks_and_those_at_work(work: ClipWork) -> None:
    half = replace(work, done={0: record(0, 15).outline, 2: record(2, 15).outline}, at_work={1: 4, 3: 1})
    assert (half.frames_expected, half.frames_done, half.complete) == (60, 35, False)
    assert work.complete
    assert [one.index for one in work.in_order()] == [0, 1, 2, 3]
    assert [path.name for path in work.chunk_files()] == [f"chunk-0000{n}.nut" for n in range(4)]


def test_times_and_rates_of_a_resumed_clip_are_of_this_run_alone(work: ClipWork) -> None:
    row, chunk_rows = rows_of(replace(work, reused=frozenset({0, 1, 3})))
    assert row["status"] == "resumed"
    assert row["frames"] == 60
    assert (row["model_s"], row["encode_s"]) == (2.0, 3.0)
    assert (row["fps"], row["model_fps"]) == (0.5, 7.5)
    assert [chunk["reused"] for chunk in chunk_rows] == [True, True, False, True]


def test_a_clip_of_which_all_was_done_has_no_times_to_tell(work: ClipWork) -> None:
    row, _ = rows_of(replace(work, reused=frozenset(range(4))))
    assert row["status"] == "resumed"
    for column in ("fps", "model_fps", "decode_s", "model_s", "encode_s"):
        assert row[column] is None, column


def test_a_row_has_its_look_where_the_student_has_two(work: ClipWork) -> None:
    assert [rows_of(work, look=look)[0]["look"] for look in (None, 0.0, 0.5)] == [None, 0.0, 0.5]


@pytest.mark.parametrize(("pix_fmt", "said"), [("yuv444p10le", ["restore", "keep", None]), ("gray10le", [None] * 3)])
def test_a_row_has_what_was_done_to_chroma_where_there_is_any(work: ClipWork, pix_fmt: str, said: list[Any]) -> None:
    of_format = replace(work, info=replace(work.info, pix_fmt=pix_fmt))
    rows = [rows_of(of_format, chroma=chroma)[0] for chroma in ("restore", "keep", None)]
    assert [row["chroma"] for row in rows] == said
    assert {row["note"] for row in rows} == {None}


def test_strength_0_has_no_model_time(work: ClipWork) -> None:
    row, _ = rows_of(work, strength=0.0)
    assert row["model_s"] is None
    assert row["model_fps"] is None
    assert row["fps"] == 2.0


@pytest.mark.parametrize(("lost", "said"), [(1, "1 picture of"), (5, "5 pictures of")])
def test_lost_frames_are_counted_and_said(work: ClipWork, lost: int, said: str) -> None:
    records = {**work.records, 2: record(2, 15 - lost, lost=lost, errors=("packet at 3: bad", "packet at 4: bad"))}
    row, chunk_rows = rows_of(replace(work, records=records), replace(JOINED, notes=("written as .mkv: why",)))
    assert (row["frames"], row["frames_lost"]) == (60 - lost, lost)
    assert row["note"].startswith(f"written as .mkv: why; {said}")
    assert [chunk["frames_lost"] for chunk in chunk_rows] == [0, 0, lost, 0]
    assert chunk_rows[2]["errors"] == "packet at 3: bad; packet at 4: bad"


def test_a_chunk_without_a_picture_starts_nowhere(work: ClipWork) -> None:
    row, chunk_rows = rows_of(replace(work, records={**work.records, 3: record(3, 0, lost=15)}))
    assert chunk_rows[3]["start_s"] is None
    assert row["duration_s"] == pytest.approx(1.5)
    assert row["frames_lost"] == 15


def test_retries_are_told(work: ClipWork) -> None:
    row, chunk_rows = rows_of(replace(work, records={**work.records, 1: record(1, 15, attempt=3)}, retries=2))
    assert row["retries"] == 2
    assert [chunk["retries"] for chunk in chunk_rows] == [0, 2, 0, 0]


def test_what_is_left_out_is_said(work: ClipWork) -> None:
    row, _ = rows_of(replace(work, info=replace(work.info, dolby_vision=True, alpha=True)))
    assert "Dolby Vision" in row["note"]
    assert "transparency" in row["note"]


def test_a_failed_clip_says_why_and_nothing_it_does_not_know(tmp_path: Path) -> None:
    here, gone = Clip(tmp_path / "a.mp4", Path("a.mp4")), Clip(tmp_path / "b.mp4", Path("b.mp4"))
    row = failed_row(here, runs.config(here.path, tmp_path, strength=0.5, look=0.25), "it is empty", 17)
    assert row == {
        **dict.fromkeys(CLIP_COLUMNS), "clip": "a.mp4", "status": "failed", "error": "it is empty", "model": "fast",
        "look": 0.25, "strength": 0.5, "bytes_in": 17
    }  # fmt: skip
    assert failed_row(gone, runs.config(gone.path, tmp_path), "gone", None)["bytes_in"] is None


def test_measured_pictures_without_a_reference_are_counted(work: ClipWork) -> None:
    measured = [{"index": 0, "psnr_ref_before": 30.0}, {"index": 1, "psnr_ref_before": None}, {"index": 2}]
    compared = replace(
        work, records={**work.records, 0: record(0, 15, measured=measured)}, original=Original(work.info, {})
    )
    row, _ = rows_of(compared)
    assert row["note"] == "2 of its 3 measured pictures could not be compared with the reference"
