"""What a person sees of a run: log lines, or live bars on a terminal."""

import io
import logging
import sys
from itertools import count

import pytest
from vidsharp.jobs.cli.logs import set_up_logs
from vidsharp.jobs.processing import progress
from vidsharp.jobs.processing.progress import (
    LiveBars,
    LogLines,
    NoWatcher,
    TrainingBar,
    TrainingLines,
    Watcher,
    training,
    watching,
)

ODD = "[red]x[/red] [/] <img src=x> {task} 100%d 会議.mp4"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def stderr_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    # Called by the test itself: pytest puts its own stderr there after the fixtures.
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    return made


def a_run(watcher: Watcher) -> None:
    watcher.run_started(3)
    watcher.clip_started(ODD, 100, 0)
    watcher.clip_moved(ODD, 10)
    watcher.clip_moved(ODD, 50)
    watcher.clip_ended(ODD, "done", None, 24.04)
    watcher.clip_started("b.mp4", 100, 60)
    watcher.clip_ended("b.mp4", "failed", "[b]b.mp4[/b] is empty", None)
    watcher.clip_ended("c.mp4", "skipped", None, 3.0)


def test_log_lines_tell_of_start_and_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="vidsharp"):
        a_run(LogLines())
    assert caplog.messages == [
        "started, 100 frames",
        "done, 24.0 fps (1/3)",
        "started, 100 frames, 60 done in an earlier run",
        "failed: [b]b.mp4[/b] is empty (2/3)",
        "skipped, 3.0 fps (3/3)",
    ]
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "INFO", "ERROR", "INFO"]
    assert [getattr(record, "clip", None) for record in caplog.records] == [ODD, ODD, "b.mp4", "b.mp4", "c.mp4"]


def test_log_lines_tell_of_the_rate_every_ten_seconds(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count(0, 4)  # 4 s pass between any two looks
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    lines = LogLines()
    with caplog.at_level(logging.INFO, logger="vidsharp"):
        lines.run_started(1)
        lines.clip_started("a.mp4", 1000, 100)  # at 0 s; looks follow at 4, 8, 12 … s
        for done in (150, 200, 220, 300, 400, 500):
            lines.clip_moved("a.mp4", done)
    # (220 − 100) frames in 12 s leave 780, and (500 − 100) in 24 s leave 500: frames of earlier runs do not count.
    assert caplog.messages[1:] == [
        "220 of 1000 frames, 10.0 fps, 78 s left",
        "500 of 1000 frames, 16.7 fps, 30 s left",
    ]


def test_no_rate_is_told_before_a_frame_is_done(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count(0, 100)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    lines = LogLines()
    with caplog.at_level(logging.INFO, logger="vidsharp"):
        lines.clip_started("a.mp4", 1000, 100)
        lines.clip_moved("a.mp4", 100)
    assert len(caplog.messages) == 1


def test_bars_show_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = stderr_is_a_terminal(monkeypatch)
    with watching(quiet=False, lines_only=False) as watcher:
        assert isinstance(watcher, LiveBars)
        a_run(watcher)
    shown = terminal.getvalue()
    assert f"{ODD}: done" in shown
    assert "b.mp4: failed: [b]b.mp4[/b] is empty" in shown
    assert "all clips" in shown
    assert "fps" in shown
    assert "c.mp4: skipped" not in shown, "a thousand finished clips are no news"
    assert shown.count(ODD) > 1, "also the bar itself shows the name"


@pytest.mark.parametrize(("quiet", "lines_only"), [(True, False), (False, True)])
def test_bars_are_not_for_those_who_want_lines(monkeypatch: pytest.MonkeyPatch, quiet: bool, lines_only: bool) -> None:
    stderr_is_a_terminal(monkeypatch)
    with watching(quiet=quiet, lines_only=lines_only) as watcher:
        assert isinstance(watcher, LogLines)


def test_bars_are_not_for_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(quiet=False, lines_only=False) as watcher:
        assert isinstance(watcher, LogLines)
        set_up_logs(verbose=False, quiet=True, as_json=False)
        a_run(watcher)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "b.mp4: failed: [b]b.mp4[/b] is empty (2/3)\n"), "quiet says errors only"


def test_nobody_need_watch(capsys: pytest.CaptureFixture[str]) -> None:
    a_run(NoWatcher())
    assert capsys.readouterr() == ("", "")


def test_training_tells_of_its_rate_every_ten_seconds(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count(0, 4)  # 4 s pass between any two looks
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    lines = TrainingLines()  # 0 s
    with caplog.at_level(logging.INFO, logger="vidsharp"):
        lines.said("going on from step 90")
        for step in range(100, 150, 10):  # 4 s … 20 s
            lines.moved(step, 200, 0.25)
    # From 100 at 4 s on: 20 steps in 8 s.
    assert caplog.messages == ["going on from step 90", "step 120 of 200, loss 0.25000, 2.5 steps/s, 32 s left"]


def test_a_training_bar_shows_steps_loss_and_words_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = stderr_is_a_terminal(monkeypatch)
    with training(lines_only=False) as watcher:
        assert isinstance(watcher, TrainingBar)
        watcher.said(ODD)
        watcher.moved(10, 40, 0.25)
    shown = terminal.getvalue()
    assert ODD in shown
    assert "loss 0.25000" in shown
    assert "25%" in shown
    with training(lines_only=True) as watcher:
        assert not isinstance(watcher, TrainingBar)


def test_training_that_is_not_on_a_terminal_writes_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with training(lines_only=False) as watcher:
        assert type(watcher) is TrainingLines
