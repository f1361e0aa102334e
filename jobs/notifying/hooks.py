"""Hooks: a program that is run, or an address that is called, for each clip that has come to its end."""

import hashlib
import hmac
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from ...models.errors import VidsharpError
from ..config import ProcessConfig, UsageError

LOOK_S = 0.1
"""How often a program that runs is looked at."""
LAST_WORDS_BYTES = 4096
RETRY_AFTER_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses between the tries of a webhook."""
_WORTH_ANOTHER_TRY = (408, 425, 429)
"""Of the answers below 500."""


class HookError(VidsharpError, RuntimeError):
    """A hook failed; the sentence goes into the clip's row."""


class Hook(Protocol):
    """Told of each clip, by several threads at once."""

    def tell(self, message: bytes, stop: Event) -> None:
        """
        Args:
            message: JSON.
            stop: set when the run ends before its time.

        Raises:
            HookError: it failed, or took too long.
        """
        ...


def hooks_of(config: ProcessConfig) -> list[Hook]:
    """The hooks that a run's settings name.

    Raises:
        UsageError: one of them can never work.
    """
    hooks: list[Hook] = []
    if config.webhook_key is not None and config.webhook is None:
        raise UsageError("--webhook-key signs what goes to a --webhook; name that, too")
    if config.on_clip:
        words = shlex.split(config.on_clip)
        if shutil.which(words[0]) is None:
            raise UsageError(f"--on-clip: there is no program {words[0]!r}")
        hooks.append(CommandHook(tuple(words), config.hook_seconds))
    if config.webhook:
        key = None
        if config.webhook_key is not None:
            try:
                key = config.webhook_key.read_bytes().strip()
            except OSError as error:
                raise UsageError(f"--webhook-key {config.webhook_key} cannot be read: {error.strerror}") from error
            if not key:
                raise UsageError(f"--webhook-key {config.webhook_key} is empty: it holds the key of the signatures")
        hooks.append(Webhook(config.webhook, key, config.hook_seconds))
    return hooks


@dataclass(frozen=True)
class CommandHook:
    """A program that gets the message on its stdin. No shell reads its words."""

    words: Sequence[str]
    limit_s: float

    def tell(self, message: bytes, stop: Event) -> None:
        # Files, not pipes: a program that reads nothing, or leaves a child with its stderr, keeps nobody waiting.
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
            stdin.write(message)
            stdin.seek(0)
            try:
                program = subprocess.Popen(
                    self.words, stdin=stdin, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
                )
            except OSError as error:
                raise HookError(f"--on-clip could not be started: {error.strerror or error}") from error
            try:
                self._wait(program, stop)
            finally:
                _end(program)
            if program.returncode:
                said = _last_line(stderr)
                raise HookError(f"--on-clip ended with exit code {program.returncode}{f': {said}' if said else ''}")

    def _wait(self, program: subprocess.Popen[bytes], stop: Event) -> None:
        until = time.monotonic() + self.limit_s
        while program.poll() is None:
            if stop.wait(LOOK_S) and program.poll() is None:
                raise HookError("--on-clip was ended with the run")
            if time.monotonic() > until and program.poll() is None:
                raise HookError(f"--on-clip was ended after {self.limit_s:g} s; --hook-seconds gives it more")


def _end(program: subprocess.Popen[bytes]) -> None:
    """Ends a program that still runs, with all that it has started."""
    if program.poll() is None:
        with suppress(OSError):
            if sys.platform == "win32":
                program.kill()
            else:
                os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _last_line(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LAST_WORDS_BYTES))
    lines = file.read().decode(errors="replace").split("\n")
    return next((_short(line) for line in reversed(lines) if line.strip()), "")


def _short(words: object) -> str:
    return " ".join(str(words).split())[:300]


@dataclass(frozen=True)
class Webhook:
    """An address that gets the message by POST, tried again where that may help.

    The header `X-Vidsharp-Delivery` is the same in all tries of a message. With a key, `X-Vidsharp-Signature` is
    `sha256=` and the HMAC (RFC 2104) of the body in hexadecimal digits, as GitHub's webhooks have it.
    """

    url: str
    key: bytes | None
    limit_s: float
    """Of all tries together."""

    def tell(self, message: bytes, stop: Event) -> None:
        # Imported where somebody is to be called: HTTP and TLS take as long as all else that a run tells others by.
        import http.client
        import urllib.error

        headers = {
            "Content-Type": "application/json",
            "User-Agent": "vidsharp",
            "X-Vidsharp-Delivery": str(uuid.uuid4()),
        }
        if self.key is not None:
            headers["X-Vidsharp-Signature"] = signature(self.key, message)
        until, said = time.monotonic() + self.limit_s, ""
        for number, pause_s in enumerate((*RETRY_AFTER_S, None), start=1):
            try:
                self._post(message, headers, max(1.0, until - time.monotonic()))
                return
            except urllib.error.HTTPError as error:
                said = f"answered {error.code}"
                if error.code < 500 and error.code not in _WORTH_ANOTHER_TRY:
                    raise HookError(f"the webhook {said}") from error
            except (OSError, http.client.HTTPException) as error:
                said = f"could not be reached ({_short(getattr(error, 'reason', None) or error)})"
            if pause_s is None or time.monotonic() + pause_s > until or stop.wait(pause_s):
                raise HookError(f"the webhook {said} (tried {number} times)" if number > 1 else f"the webhook {said}")

    def _post(self, message: bytes, headers: dict[str, str], timeout_s: float) -> None:
        import urllib.request

        class NoRedirects(urllib.request.HTTPRedirectHandler):
            """A POST that is redirected would arrive as a GET without its message."""

            def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
                return None

        request = urllib.request.Request(self.url, message, headers, method="POST")
        with urllib.request.build_opener(NoRedirects).open(request, timeout=timeout_s):
            pass


def signature(key: bytes, message: bytes) -> str:
    """What a message is signed with, for receivers to compare (`hmac.compare_digest`)."""
    return f"sha256={hmac.new(key, message, hashlib.sha256).hexdigest()}"


def origin(url: str) -> str:
    """An address without what may be secret in it: its path is often a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}/***"
