"""`run.json` tells what was run and how it ended, also of a run that was killed, and nothing that is secret."""

import json
import math
import os
import signal
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import ProcessConfig, UsageError
from vidsharp.jobs.interrupts import Terminated
from vidsharp.jobs.processing import run_record
from vidsharp.jobs.processing.process_job import process
from vidsharp.jobs.processing.run_record import RunTotals, earlier_runs, recorded, without_secrets
from vidsharp.pipeline.errors import OutputError
from vidsharp.reports.run.run_cost import RunCost

from tests.support import runs


def config(tmp_path: Path, **more: Any) -> ProcessConfig:
    return ProcessConfig((tmp_path / "calls",), tmp_path / "out", **more)


def read(folder: Path) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads((folder / "run.json").read_bytes(), parse_constant=refuse)


def test_it_says_what_runs_while_it_runs_and_then_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["vidsharp", "process", "a b.mp4", "--crf", "20"])
    counts, totals = Counter[str](), RunTotals()
    with recorded(tmp_path / "report", config(tmp_path, crf=20, encoder_options={"tune": "film"}), counts, totals):
        begun = read(tmp_path / "report")
        counts.update(["done", "failed", "done"])
        totals.cost += RunCost(7200, 3600, None, 0.5)
    ended = read(tmp_path / "report")
    assert begun["command"] == ["vidsharp", "process", "a b.mp4", "--crf", "20"]
    assert [begun[name] for name in ("ended_at", "exit_status", "error", "clips", "cost")] == [None] * 5
    assert ended["clips"] == {"done": 2, "failed": 1}
    assert (ended["exit_status"], ended["error"]) == (1, None)
    assert ended["cost"] == {
        "video_hours": 2, "core_hours": 1, "gpu_hours": None, "cost": 0.5,
        "core_hours_per_video_hour": 0.5, "gpu_hours_per_video_hour": None, "cost_per_video_hour": 0.25,
    }  # fmt: skip
    assert datetime.fromisoformat(ended["began_at"]) <= datetime.fromisoformat(ended["ended_at"])
    unchanged = set(begun) - {"ended_at", "exit_status", "error", "clips", "cost"}
    assert {name: begun[name] for name in unchanged} == {name: ended[name] for name in unchanged}
    assert ended["settings"]["inputs"] == [str(tmp_path / "calls")]
    assert (ended["settings"]["crf"], ended["settings"]["encoder_options"]) == (20, {"tune": "film"})
    assert {"vidsharp", "torch", "FFmpeg", "ray", "Python"} <= set(ended["versions"])
    assert {"host", "os", "cpu", "cores", "memory_bytes", "gpus"} <= set(ended["machine"])
    assert ended["machine"]["cores"] >= ended["machine"]["cores_usable"] >= 1


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (Terminated(), 143, "interrupted"),
        (UsageError("no such thing"), 2, "no such thing"),
        (OutputError("the disk\nis full"), 3, "the disk\\nis full"),
        (RuntimeError("secret details"), 1, "RuntimeError"),
    ],
)
def test_an_error_is_recorded_and_goes_on(tmp_path: Path, error: BaseException, status: int, sentence: str) -> None:
    with pytest.raises(type(error)), recorded(tmp_path, config(tmp_path), {}, RunTotals()):
        raise error
    assert (read(tmp_path)["exit_status"], read(tmp_path)["error"]) == (status, sentence)


@pytest.mark.parametrize(("failed", "again", "status"), [(0, False, 0), (1, False, 1), (1, True, 3)])
def test_a_run_whose_clips_failed_says_whether_another_may_help(
    tmp_path: Path, failed: int, again: bool, status: int
) -> None:
    with recorded(tmp_path, config(tmp_path), {"failed": failed}, RunTotals(again)):
        pass
    assert read(tmp_path)["exit_status"] == status


def test_earlier_runs_are_kept_and_not_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_record, "KEPT", 3)
    for crf in range(6):
        with recorded(tmp_path, config(tmp_path, crf=crf), {}, RunTotals()):
            pass
    record = read(tmp_path)
    assert record["settings"]["crf"] == 5
    assert [earlier["settings"]["crf"] for earlier in record["earlier"]] == [4, 3, 2]
    assert not any("earlier" in earlier for earlier in record["earlier"])


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b'{"format": 1}', b'{"format": 0, "earlier": []}', b"\xff"]
)
def test_a_damaged_record_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    assert earlier_runs(tmp_path / "run.json") == []
    with recorded(tmp_path, config(tmp_path), {}, RunTotals()):
        pass
    assert read(tmp_path)["earlier"] == []


def test_a_record_that_cannot_be_written_is_a_sentence_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine")
    with (
        pytest.raises(OutputError, match="report cannot be written"),
        recorded(tmp_path / "report", config(tmp_path), {}, RunTotals()),
    ):
        raise AssertionError("there was work")


def test_a_record_that_can_no_longer_be_written_hides_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OutputError("no space is left", path)

    def work() -> None:
        monkeypatch.setattr(run_record, "write_atomically", full)
        raise UsageError("the real error")

    with pytest.raises(UsageError, match="the real error"), recorded(tmp_path, config(tmp_path), {}, RunTotals()):
        work()
    assert read(tmp_path)["ended_at"] is None


def test_nothing_secret_goes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "RAY_AUTH_TOKEN", "HOME_MADE"):
        monkeypatch.setenv(name, "hush-hush")
    address = "s3://key:hush-hush@host/calls/a.mp4?X-Amz-Signature=hush-hush&x=1"
    monkeypatch.setattr(sys, "argv", ["vidsharp", "process", address, f"--out={address}"])
    sys.argv += ["--on-clip", "curl hush-hush", "--webhook=https://hooks/hush-hush"]
    hooks: dict[str, Any] = {"on_clip": "curl hush-hush", "webhook": "https://hooks/hush-hush"}
    about = ProcessConfig((Path(address),), tmp_path, address="ray://me:hush-hush@head:10001", **hooks)
    with pytest.raises(UsageError), recorded(tmp_path, about, {}, RunTotals()):
        raise UsageError(f"{address} does not exist")
    text = (tmp_path / "run.json").read_text()
    assert "hush" not in text
    assert "s3://***@host/calls/a.mp4?***" in text
    assert os.environ["HOME_MADE"] not in text


@pytest.mark.parametrize(
    "plain", ["/calls/what? no.mp4", "a@b.mp4", "s3://bucket/a b.mp4", "-e", "x=1?y", "http:a.mp4"]
)
def test_what_is_no_secret_stays(plain: str) -> None:
    assert without_secrets(plain) == plain


def test_names_that_are_no_text_and_figures_that_are_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["vidsharp", "caf\udce9.mp4", "new\nline"])
    with recorded(tmp_path, config(tmp_path), {}, RunTotals()):
        pass
    assert read(tmp_path)["command"] == ["vidsharp", "caf\udce9.mp4", "new\nline"]
    with recorded(tmp_path, config(tmp_path, crf=math.nan), {}, RunTotals()):
        pass
    assert read(tmp_path)["settings"]["crf"] == "nan"


def test_a_run_records_itself(shared_ray: None, tmp_path: Path) -> None:
    runs.clip(tmp_path / "calls" / "call.mp4", frames=5)
    (tmp_path / "calls" / "bad.mp4").write_text("no video")
    process(runs.config(tmp_path / "calls", tmp_path / "out"))
    (tmp_path / "calls" / "bad.mp4").unlink()
    process(runs.config(tmp_path / "calls", tmp_path / "out"))
    record = read(tmp_path / "out" / "report")
    assert (record["exit_status"], record["clips"]) == (0, {"skipped": 1})
    (earlier,) = record["earlier"]
    assert (earlier["exit_status"], earlier["clips"]) == (1, {"done": 1, "failed": 1})
    assert earlier["cost"]["core_hours"] > 0
    assert record["cost"]["core_hours"] == 0, "nothing was computed"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, None)])
def test_a_run_that_was_ended_shows(tmp_path: Path, number: signal.Signals, status: int | None) -> None:
    runs.clip(tmp_path / "calls" / "call.mp4", frames=600)
    # On the local engine, whose processes end with it: Ray's helpers take a minute.
    job = runs.start("process", tmp_path / "calls", "--out", tmp_path / "out", "-q", "--engine", "local")
    runs.wait_until(lambda: list((tmp_path / "out" / ".vidsharp").glob("*/manifest.json")))
    job.send_signal(number)
    job.communicate(timeout=100)
    record = read(tmp_path / "out" / "report")
    assert record["exit_status"] == status
    assert (record["ended_at"] is None) == (status is None)
    runs.wait_until(lambda: not runs.processes_of_session(job.pid))
