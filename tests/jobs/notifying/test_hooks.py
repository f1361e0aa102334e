"""Hooks: what programs and addresses get, and that one that fails or hangs is a sentence."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.notifying import hooks
from vidsharp.jobs.notifying.hooks import CommandHook, HookError, Webhook, hooks_of, origin, signature

from tests.support import runs
from tests.support.receiver import Receiver, receiving, without_proxies

MESSAGE = json.dumps({"clip": "a b.mp4", "row": "x" * 300_000}).encode()
"""More than a pipe holds."""


def python(script: str, limit_s: float = 60.0) -> CommandHook:
    return CommandHook((sys.executable, "-c", script), limit_s)


def failed(hook: CommandHook | Webhook, stop: threading.Event | None = None) -> str:
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


# --- Addresses --------------------------------------------------------------------------------------------------------


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(hooks, "RETRY_AFTER_S", (0.0, 0.0))
    without_proxies(monkeypatch)
    with receiving() as made:
        yield made


def test_an_address_gets_the_message_and_its_signature(receiver: Receiver) -> None:
    Webhook(receiver.url, b"key", 30).tell(MESSAGE, threading.Event())
    ((path, headers, body),) = receiver.got
    assert (path, body, headers["Content-Type"]) == ("/hooks/secret", MESSAGE, "application/json")
    assert headers["X-Vidsharp-Signature"] == signature(b"key", MESSAGE)
    Webhook(receiver.url, None, 30).tell(MESSAGE, threading.Event())
    assert "X-Vidsharp-Signature" not in receiver.got[1][1]


def test_the_signature_is_that_of_a_published_vector() -> None:
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature(b"Jefe", b"what do ya want for nothing?") == f"sha256={expected}"


@pytest.mark.parametrize("codes", [[500, 200], [503, 429, 204]])
def test_what_may_pass_is_tried_again_as_the_same_delivery(receiver: Receiver, codes: list[int]) -> None:
    receiver.answers = list(codes)
    Webhook(receiver.url, None, 30).tell(MESSAGE, threading.Event())
    assert len(receiver.got) == len(codes)
    assert len({headers["X-Vidsharp-Delivery"] for _, headers, _ in receiver.got}) == 1


@pytest.mark.parametrize(
    ("code", "tries", "said"),
    [
        (500, 3, "the webhook answered 500 (tried 3 times)"),
        (404, 1, "the webhook answered 404"),
        (302, 1, "the webhook answered 302"),
    ],
)
def test_what_goes_on_failing_is_a_sentence(receiver: Receiver, code: int, tries: int, said: str) -> None:
    receiver.answers = [code]
    assert failed(Webhook(receiver.url, None, 30)) == said
    assert len(receiver.got) == tries


def test_nobody_listens(receiver: Receiver) -> None:
    receiver.server.shutdown()
    receiver.server.server_close()
    assert failed(Webhook(receiver.url, None, 30)) == (
        "the webhook could not be reached ([Errno 111] Connection refused) (tried 3 times)"
    )


def test_no_pause_is_longer_than_the_time_that_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "RETRY_AFTER_S", (1000.0,))
    receiver.answers = [500]
    assert failed(Webhook(receiver.url, None, 5)) == "the webhook answered 500"


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
