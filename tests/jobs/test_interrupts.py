"""A signal ends a command, also where the exception that tells of it is swallowed."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import vidsharp.training.loop.train as training
from click.testing import CliRunner
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.exit_code import exit_code
from vidsharp.jobs.interrupts import heeding_interrupts, raise_if_interrupted
from vidsharp.jobs.processing.progress import LogLines
from vidsharp.pipeline import mux, verify

from tests.jobs.training.test_train_job import RECIPE
from tests.support import crops, media, runs
from tests.support.local_pool import use_no_ray

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture(autouse=True)
def _not_in_the_background() -> None:
    """A shell has what runs in its background ignore SIGINT, and commands leave it at that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def swallowed(number: signal.Signals) -> None:
    with suppress(KeyboardInterrupt):
        signal.raise_signal(number)


@SIGNALS
def test_the_first_raises_and_later_ones_do_nothing(number: signal.Signals) -> None:
    with heeding_interrupts():
        raise_if_interrupted()
        with pytest.raises(KeyboardInterrupt) as caught:
            signal.raise_signal(number)
        assert exit_code(caught.value) == 128 + number
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)


def test_in_the_background_sigint_goes_on_being_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with heeding_interrupts():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


@SIGNALS
def test_one_that_was_swallowed_is_raised_again_until_the_command_ends(number: signal.Signals) -> None:
    with heeding_interrupts():
        swallowed(number)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt) as caught:
                raise_if_interrupted()
            assert exit_code(caught.value) == 128 + number
    raise_if_interrupted()


@pytest.mark.usefixtures("threads_as_before")
def test_a_training_ends_by_one_that_was_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "save_samples", lambda *_: swallowed(signal.SIGINT))
    (tmp_path / "r.toml").write_text(RECIPE.replace("steps = 4", "steps = 1000"))
    options = {"--data": crops.write_cache(tmp_path / "data"), "--recipe": tmp_path / "r.toml",
               "--out": tmp_path / "out", "--device": "cpu", "--threads": 1, "--loader-workers": 0}  # fmt: skip
    words = [str(word) for pair in options.items() for word in pair]
    ended = CliRunner().invoke(main, ["train", "student", *words])
    assert ended.exit_code == 130
    assert ended.stderr.splitlines()[-1] == "vidsharp: interrupted; add --resume to continue from the last checkpoint"


@pytest.mark.usefixtures("shared_ray")
def test_a_run_ends_by_one_that_was_swallowed_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.vfr(tmp_path / "a.mp4", size=runs.SIZE, frames=30).path
    words = ["process", str(clip), "--out", str(tmp_path / "out"), "--no-report"]
    with monkeypatch.context() as patch:
        patch.setattr(LogLines, "run_started", lambda *_: swallowed(signal.SIGTERM))
        ended = CliRunner().invoke(main, words)
    assert ended.exit_code == 143
    assert ended.stderr.splitlines()[-1] == "vidsharp: interrupted; the same command resumes from the finished chunks"
    assert not (tmp_path / "out" / "a.mp4").exists()
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "out" / "a.mp4").exists()


def interrupted_at(number: signal.Signals, packets: Iterator[Any], taken: list[int]) -> Iterator[Any]:
    """Has the main thread get a signal at the third packet; those that follow are as slow as a large file's."""
    for packet in packets:
        taken.append(len(taken))
        if len(taken) == 3:
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        if len(taken) > 3:
            time.sleep(0.02)
        yield packet


@SIGNALS
@pytest.mark.parametrize(
    ("module", "name"),
    [(mux, "timed_packets"), (mux, "_pictures"), (verify, "timed_packets")],
    ids=["copied", "written", "read back"],
)
def test_a_clip_that_is_being_joined_is_left_at_its_next_packet_and_joined_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, number: signal.Signals
) -> None:
    """A join that would take minutes: chunks stay, and nothing half-written."""
    clip = runs.clip(tmp_path / "a.mkv", frames=600, audio=1)
    out, taken = tmp_path / "out", list[int]()
    words = ["process", str(clip.path), "--out", str(out), "--no-report", "--encoder", "libx264"]
    words += ["--preset", "ultrafast", "--measure", "off"]
    use_no_ray(monkeypatch)
    with monkeypatch.context() as patch:
        real = getattr(module, name)
        patch.setattr(module, name, lambda *args, **more: interrupted_at(number, real(*args, **more), taken))
        ended = CliRunner().invoke(main, words)
    assert len(taken) < 200, "it went on as if nothing had been said"
    assert ended.exit_code == 128 + number
    assert ended.stderr.splitlines()[-1] == "vidsharp: interrupted; the same command resumes from the finished chunks"
    left = {Path(name) for name in runs.files(out)}
    assert {path.parts[0] for path in left} == {".vidsharp"}
    assert not [path for path in left if path.suffix == ".mkv" and not path.name.startswith("chunk-")], left
    assert CliRunner().invoke(main, words).exit_code == 0
    assert runs.table(out).loc["a.mkv", "status"] == "resumed"
    assert media.frame_indices(out / "a.mkv") == list(range(600))
    assert runs.files(out) == {"a.mkv"}
