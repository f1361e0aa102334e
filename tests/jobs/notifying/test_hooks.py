"""Hooks: what programs get, and that one that fails or hangs is a sentence."""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.notifying.hook import Hook, HookError
from vidsharp.jobs.notifying.hooks import CommandHook, hooks_of, origin

from tests.support import runs

MESSAGE = json.dumps({"clip": "a b.mp4", "row": "x" * 300_000}).encode()
"""More than a pipe holds."""


def python(script: str, limit_s: float = 60.0) -> CommandHook:
    return CommandHook((sys.executable, "-c", script), limit_s)


def failed(hook: Hook, stop: threading.Event | None = None) -> str:
    with pytest.raises(HookError) as caught:
        hook.tell(MESSAGE, stop or threading.Event())
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- Programs ---------------------------------------------------------------------------------------------------------


def test_a_program_gets_the_message_on_its_stdin_and_no_shell_reads_its_words(tmp_path: Path) -> None:
    write = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    CommandHook((sys.executable, "-c", write, str(tmp_path / "$HOME;x")), 60).tell(MESSAGE, threading.Event())
    assert (tmp_path / "$HOME;x").read_bytes() == MESSAGE


def test_a_program_need_not_read_and_what_it_prints_is_nobodys(capfd: pytest.CaptureFixture[str]) -> None:
    python("import sys; print('out'); print('err', file=sys.stderr)").tell(MESSAGE, threading.Event())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("raise SystemExit(3)", "--on-clip ended with exit code 3"),
        ("raise SystemExit('no room\\n\\n')", "--on-clip ended with exit code 1: no room"),
        ("import os; os.kill(os.getpid(), 9)", "--on-clip ended with exit code -9"),
        ("import sys; sys.stderr.write('x' * 10 ** 6); exit(1)", f"--on-clip ended with exit code 1: {'x' * 300}"),
    ],
)
def test_a_program_that_fails_is_a_sentence(script: str, said: str) -> None:
    assert failed(python(script)) == said


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    script = f"import os, time; os.fork(); open({str(tmp_path)!r} + '/' + str(os.getpid()), 'w'); time.sleep(1000)"
    assert failed(python(script, limit_s=3.0)) == "--on-clip was ended after 3 s; --hook-seconds gives it more"
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert len(pids) == 2
    runs.wait_until(lambda: not any(map(runs.text, (Path(f"/proc/{pid}/cmdline") for pid in pids))))


def test_a_program_is_ended_with_the_run() -> None:
    stop = threading.Event()
    stop.set()
    assert failed(python("import time; time.sleep(1000)"), stop) == "--on-clip was ended with the run"


def test_a_program_that_cannot_be_started_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("no program")
    (tmp_path / "hook").chmod(0o755)
    assert "could not be started" in failed(CommandHook((str(tmp_path / "hook"),), 5))


# --- Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"on_clip": "no-such-program-anywhere x"}, "--on-clip: there is no program 'no-such-program-anywhere'"),
        ({"on_clip": "'"}, '--on-clip "\'" is no command: no closing quotation'),
        ({"on_clip": " "}, "--on-clip names no program"),
        ({"webhook": "example.com"}, "--webhook is no address"),
        ({"webhook": "ftp://example.com/x"}, "--webhook is no address"),
        ({"webhook_key": Path("key")}, "--webhook-key signs what goes to a --webhook"),
        ({"webhook": "https://example.com/x", "webhook_key": Path("none")}, "--webhook-key none cannot be read"),
        ({"webhook": "https://example.com/x", "webhook_key": Path(os.devnull)}, "is empty"),
        ({"hook_seconds": 0.0}, "--hook-seconds 0 is out of range"),
    ],
)
def test_settings_that_can_never_work_are_a_sentence(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        hooks_of(runs.config(Path("a.mp4"), Path("out"), **settings))
    assert said in str(caught.value)


def test_what_an_address_shows_is_no_secret() -> None:
    assert origin("https://me:pass@hooks.example.com:8443/T000/B000/XXX?key=1") == "https://hooks.example.com/***"
