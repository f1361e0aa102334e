"""The stream of events is what its schema says, from the first line to the last, and never the end of a run."""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.notifying import events
from vidsharp.jobs.notifying.events import EventStream, event_stream

from tests.support import runs
from tests.support.local_pool import use_no_ray

SCHEMA = json.loads((files("vidsharp.jobs.notifying") / "events.schema.json").read_text())


def lines(text: str) -> list[dict[str, Any]]:
    """The events, each checked."""
    read = [json.loads(line) for line in text.splitlines()]
    for event in read:
        jsonschema.validate(event, SCHEMA, jsonschema.Draft202012Validator)
    return read


def test_the_schema_is_one_and_refuses_what_is_no_event() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    good = {"version": 1, "run": "1", "time": "2026-01-01T00:00:00Z", "event": "planned", "clips": 3}
    jsonschema.validate(good, SCHEMA)
    for bad in ({**good, "version": 2}, {**good, "event": "over"}, {**good, "clips": -1}, {**good, "event": "failed"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, SCHEMA)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_no_ray(monkeypatch)
    monkeypatch.setattr(events, "PROGRESS_EVERY_S", 0.0)
    runs.clip(tmp_path / "calls" / "call.mp4", frames=30)
    (tmp_path / "calls" / "bad\x07.mp4").write_text("no video")
    return tmp_path / "calls"


def process(*words: str | Path) -> Any:
    quick = ["--encoder", "libx264", "--preset", "ultrafast", "--chunk-seconds", "0.5"]
    return CliRunner().invoke(main, [*map(str, ["process", *words]), *quick])


def test_a_run_tells_its_clips_from_plan_to_summary(calls: Path, tmp_path: Path) -> None:
    out, stream = tmp_path / "out", tmp_path / "events.jsonl"
    assert process(calls, "--out", out, "--events", stream).exit_code == 1
    first, *middle, last = told = lines(stream.read_text())
    assert (first["event"], first["clips"]) == ("planned", 2)
    assert (last["event"], last["exit_code"], last["error"]) == ("summary", 1, None)
    assert (last["clips"], last["report"]) == ({"done": 1, "failed": 1}, str(out / "report" / "index.html"))
    assert len({event["run"] for event in told}) == 1
    good = [event for event in middle if event["clip"] == "call.mp4"]
    assert [event["event"] for event in good if event["event"] != "progress"] == ["started", "finished"]
    assert good[0]["event"] == "started"
    assert all(0 <= event["done"] <= event["frames"] == 30 for event in good if event["event"] == "progress")
    (bad,) = [event for event in middle if event["clip"] != "call.mp4"]
    assert (bad["event"], bad["clip"]) == ("failed", r"bad\x07.mp4")
    assert bad["error"]

    assert process(calls, "--out", out, "--events", stream).exit_code == 1
    both = lines(stream.read_text())
    assert both[: len(told)] == told, "what was there stays"
    assert {event["run"] for event in both[len(told) :]} != {first["run"]}
    assert both[-1]["clips"] == {"skipped": 1, "failed": 1}


def test_on_stdout_there_is_nothing_else(calls: Path, tmp_path: Path) -> None:
    ended = process(calls, "--out", tmp_path / "out", "--events", "-")
    assert lines(ended.stdout)[-1]["event"] == "summary"
    refused = process(calls, "--out", tmp_path / "out", "--events", "-", "--json")
    assert refused.exit_code == 2
    assert "--events - and --json both write to stdout" in refused.stderr


def test_a_run_that_an_error_ends_has_a_summary_too(calls: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    ended = process(calls, "--out", tmp_path / "out", "--events", "-")
    (last,) = lines(ended.stdout)
    assert (ended.exit_code, last["event"], last["exit_code"]) == (2, "summary", 2)
    assert last["error"] in ended.stderr


def test_a_file_that_cannot_be_written_is_said_before_any_work(calls: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"), event_stream(tmp_path):
        raise AssertionError("there was work")
    ended = process(calls, "--out", tmp_path / "out", "--events", tmp_path / "none" / "events")
    assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_behind_what_others_made(calls: Path, tmp_path: Path) -> None:
    recording = calls / "call.mp4"
    before = recording.read_bytes()
    ended = process(calls, "--out", tmp_path / "out", "--events", recording)
    assert ended.exit_code == 2
    assert ended.stderr.endswith("call.mp4 exists and was not made by vidsharp; remove it, or name another\n")
    assert recording.read_bytes() == before
    assert not (tmp_path / "out").exists()
    (tmp_path / "empty").touch()
    with event_stream(tmp_path / "empty") as stream:
        stream.run_started(1)
    assert len(lines((tmp_path / "empty").read_text())) == 1


def test_events_that_can_no_longer_be_written_end_no_run(caplog: pytest.LogCaptureFixture) -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    stream = EventStream(Full())  # type: ignore[arg-type]
    stream.run_started(1)
    stream.clip_started("a.mp4", 10, 0)
    stream.clip_moved("a.mp4", 5)
    stream.clip_ended("a.mp4", "done", None, 3.0)
    stream.run_ended(0, None, {"done": 1}, None)
    assert caplog.messages == ["no more events can be written (No space left on device); the run goes on"]


def test_progress_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 0.5, 1.9, 2.1, 2.2])
    monkeypatch.setattr(events.time, "monotonic", lambda: next(times))
    stream = EventStream(sys.stdout)
    stream.run_started(1)
    stream.clip_started("a.mp4", 10, 0)
    for done in (1, 2, 3, 4):
        stream.clip_moved("a.mp4", done)
    assert [event["done"] for event in lines(capsys.readouterr().out)[2:]] == [3]
