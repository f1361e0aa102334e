"""A run's hooks are told of every clip that ends, once; one that fails costs a note in the table and nothing else."""

import json
import logging
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.files.report_folder import ClipRows
from vidsharp.jobs.notifying import hooks
from vidsharp.jobs.notifying.clip_hooks import ClipHooks
from vidsharp.jobs.notifying.hooks import HookError

from tests.support import media, runs
from tests.support.local_pool import use_no_ray
from tests.support.receiver import receiving, without_proxies


class Noted:
    """A hook that keeps what it is told, and fails where it is to."""

    def __init__(self, *errors: Exception) -> None:
        self.told: list[dict[str, Any]] = []
        self.errors = list(errors)

    def tell(self, message: bytes, stop: Event) -> None:
        self.told.append(json.loads(message))
        if self.errors:
            raise self.errors.pop(0)


def ended(*hooks: Noted, **row: Any) -> dict[str, Any]:
    added: list[ClipRows] = []
    with ClipHooks(hooks, lambda name: f"/out/{name}") as all_hooks:
        all_hooks.end(ClipRows({"clip": "a.mp4", "status": "done", "out": "a.mp4", **row}), added.append)
    (rows,) = added
    return rows.clip


def test_a_hook_is_told_what_became_of_a_clip() -> None:
    hook = Noted()
    assert ended(hook, note="as it was")["note"] == "as it was"
    (told,) = hook.told
    assert told.pop("row")["note"] == "as it was"
    assert told == {
        "version": 1, "event": "clip", "clip": "a.mp4", "status": "done", "error": None, "out": "/out/a.mp4"
    }  # fmt: skip
    failing = Noted()
    ended(failing, status="failed", error="it is empty")
    assert (failing.told[0]["error"], failing.told[0]["out"]) == ("it is empty", None)


def test_clips_that_were_finished_are_no_news() -> None:
    hook = Noted()
    ended(hook, status="skipped")
    assert hook.told == []


def test_one_that_fails_is_a_note_and_keeps_no_other_from_being_told(caplog: pytest.LogCaptureFixture) -> None:
    last = Noted()
    with caplog.at_level(logging.WARNING, logger="vidsharp"):
        row = ended(Noted(HookError("it\x07 failed")), Noted(ValueError("a mistake")), last, note="kept")
    assert row["note"] == r"kept; it\x07 failed; a hook failed (a mistake)"
    assert len(last.told) == 1
    assert len(caplog.records) == 1


def test_rows_wait_for_their_hooks_and_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidsharp.jobs.notifying.clip_hooks.MOST_WAITING", 2)
    hook, added = Noted(), list[str]()
    with ClipHooks([hook], str) as hooks:
        for number in range(20):
            hooks.end(ClipRows({"clip": str(number), "status": "done"}), lambda rows: added.append(rows.clip["clip"]))
            assert len(hook.told) - len(added) <= 2 + 1
    assert sorted(map(int, added)) == list(range(20))


def test_where_the_run_is_interrupted_hooks_end_and_rows_stay() -> None:
    class Endless:
        def tell(self, message: bytes, stop: Event) -> None:
            stop.wait(100)
            raise HookError("ended with the run")

    added: list[ClipRows] = []

    def work() -> None:
        with ClipHooks([Endless()], str) as hooks:
            hooks.end(ClipRows({"clip": "a.mp4", "status": "done"}), added.append)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert added[0].clip["note"] == "ended with the run"


HOOK = """
import json, pathlib, sys, time
told = json.load(sys.stdin)
with open(sys.argv[1], "a") as file:
    file.write(json.dumps({name: told[name] for name in ("clip", "status", "out")}) + "\\n")
if told["status"] == "failed":
    time.sleep(1000)
assert pathlib.Path(told["out"]).is_file()
"""


def test_a_run_tells_a_program_and_goes_on_where_it_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    runs.clip(tmp_path / "calls" / "call.mp4", frames=5)
    (tmp_path / "calls" / "bad.mp4").write_text("no video")
    (tmp_path / "hook.py").write_text(HOOK)
    command = f"{sys.executable} {tmp_path / 'hook.py'} {tmp_path / 'told'}"
    out = tmp_path / "out"
    config = runs.config(tmp_path / "calls", out, on_clip=command, hook_seconds=2.0)
    assert process(config).exit_code == 1
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert sorted(told, key=lambda each: each["clip"]) == [
        {"clip": "bad.mp4", "status": "failed", "out": None},
        {"clip": "call.mp4", "status": "done", "out": str(out / "call.mp4")},
    ]
    table = runs.table(out)
    assert table.loc["bad.mp4", "note"] == "--on-clip was ended after 2 s; --hook-seconds gives it more"
    assert table.loc["call.mp4"].isna()["note"]
    record = (out / "report" / "run.json").read_text()
    assert "hook.py" not in record, "what a program is told on its command line may be secret"
    assert sys.executable in record
    process(config)
    assert len((tmp_path / "told").read_text().splitlines()) == 3, "what was skipped is no news"


def test_a_run_goes_on_where_a_program_fails_and_an_address_answers_500(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    without_proxies(monkeypatch)
    monkeypatch.setattr(hooks, "RETRY_AFTER_S", (0.0, 0.0))
    runs.clip(tmp_path / "calls" / "call.mp4", frames=5)
    program = f"{sys.executable} -c 'import sys; sys.exit(\"no library there\")'"
    with receiving(500) as receiver:
        config = runs.config(tmp_path / "calls", tmp_path / "out", on_clip=program, webhook=receiver.url)
        assert process(config).exit_code == 0
    assert len(receiver.got) == 3
    row = runs.table(tmp_path / "out").loc["call.mp4"]
    assert row["status"] == "done"
    assert "--on-clip ended with exit code 1: no library there" in row["note"]
    assert "the webhook answered 500 (tried 3 times)" in row["note"]
    assert media.frame_indices(tmp_path / "out" / "call.mp4") == [*range(5)]
