"""One source in a process of its own: it gives back what JSON holds; videos and crops are of its students."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from vidsharp.models.nets.look import at_looks
from vidsharp.reports.evaluation.benchmark_tables import ROW_COLUMNS, WHOLE, WINDOW, WORD_COLUMNS
from vidsharp.reports.metrics import screen_reader
from vidsharp.reports.metrics.words import Box, Text
from vidsharp.training.benchmark import run_source
from vidsharp.training.benchmark.run_source import REALESRGAN, SourceTask, begin_worker, measure_task, videos_of
from vidsharp.training.evaluation.evaluation_pictures import UNCHANGED

from tests.support.media import video_frames
from tests.support.students import two_looks
from tests.training.benchmark import toy


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
    run_source._methods.cache_clear()


def task(folder: Path, **change: Any) -> SourceTask:
    plain = SourceTask(
        toy.screen(), folder, folder / "out", at_looks(["fast"]), ("fast-0.1",), (UNCHANGED,), 1,
        vmaf=False, words=False, realesrgan=False,
    )  # fmt: skip
    return replace(plain, **change)


def test_rows_are_those_of_the_tables_and_come_through_json(tmp_path: Path) -> None:
    result = measure_task(task(tmp_path, levels=("light", UNCHANGED), seeds=2))
    read = json.loads(json.dumps(result))
    assert {**read, "lines": None} == {**result, "lines": None}  # whose tuples become lists
    assert {name for row in result["rows"] for name in row} <= set(ROW_COLUMNS)
    assert {(row["level"], row["seed"]) for row in result["rows"]} == {
        (lv, s) for lv in ("light", UNCHANGED) for s in (0, 1)
    }
    assert list(dict.fromkeys(row["method"] for row in result["rows"])) == [
        "identity",
        "unsharp",
        "cas",
        "fast",
        "fast-0.1",
    ]
    assert {(row["source"], row["group"], row["view"]) for row in result["rows"]} == {("made", "screens", WHOLE)}
    assert list(result["digests"]) == list(result["lines"]) == ["light/0", "light/1", "sharp/0", "sharp/1"]
    assert len(set(result["digests"].values())) == 4
    assert result["lines"]["light/0"]["level"] == "light"
    assert result["lines"]["sharp/0"] is None
    assert (result["strips"], result["words"]) == ([], [])
    assert not (tmp_path / "out").exists()


def test_crops_and_videos_are_of_shown_levels_without_earlier_students(tmp_path: Path) -> None:
    source = toy.clip(tmp_path)
    result = measure_task(task(tmp_path, source=source, levels=("light", "medium"), seeds=2))
    (strip,) = result["strips"]
    assert (strip["source"], strip["group"], strip["level"]) == ("drift", "motion", "medium")
    assert list(strip["pictures"]) == ["sharp", "input", "unsharp", "cas", "fast", "fast-0.1"]
    assert all(uri.startswith("data:image/webp;base64,") for uri in strip["pictures"].values())
    (video,) = (tmp_path / "out" / "videos").iterdir()
    assert video.name == "drift-medium.mp4"
    assert video.name in videos_of(source)
    assert next(video_frames(video)).width == 3 * 2 * toy.SIZE[0]  # soft, fast, original


def test_looks_are_measured_and_shown_beside_each_other(tmp_path: Path) -> None:
    students = at_looks([two_looks(tmp_path / "two.safetensors")], [0.0, 1.0])
    result = measure_task(task(tmp_path, source=toy.clip(tmp_path), students=students, levels=("medium",)))
    named = ["two natural", "two crisp", "fast-0.1"]
    assert list(dict.fromkeys(row["method"] for row in result["rows"]))[3:] == named
    (video,) = (tmp_path / "out" / "videos").iterdir()
    assert next(video_frames(video)).width == 4 * 2 * toy.SIZE[0]  # soft, both looks, original


def test_words_are_counted_on_the_last_whole_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reader(picture: np.ndarray) -> Sequence[Text]:
        return [Text("misread", Box(0, 0, picture.shape[1], picture.shape[0]))]

    monkeypatch.setattr(screen_reader, "read_lines", reader)
    monkeypatch.setattr(run_source, "_heavy", lambda: {REALESRGAN: lambda planes, fmt: planes})
    result = measure_task(task(tmp_path, words=True, realesrgan=True, levels=("light",)))
    counted = [row for row in result["rows"] if row.get("words")]
    last = result["rows"][-1]["item"]
    assert {(row["view"], row["item"]) for row in counted} == {(WHOLE, last)}
    assert [row["method"] for row in counted] == ["identity", "unsharp", "cas", "fast", "fast-0.1"]
    assert all(row["words_right"] == 0 < row["words_wrong"] == row["words"] for row in counted)
    assert {name for word in result["words"] for name in word} == set(WORD_COLUMNS)
    assert len(result["words"]) == sum(row["words"] for row in counted)
    assert {row["method"] for row in result["rows"] if row["view"] == WINDOW} == {row["method"] for row in counted} | {
        REALESRGAN
    }


def test_a_worker_gives_way_and_leaves_interrupts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append)
    begin_worker()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert asked == [5]
    monkeypatch.delattr(os, "nice")
    begin_worker()
