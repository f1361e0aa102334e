"""Hooks: a program that is run, or an address that is called, for each clip that has come to its end."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import IO
from urllib.parse import urlsplit

from ..config import ProcessConfig, UsageError
from .hook import Hook, HookError, short

LOOK_S = 0.1
"""How often a program that runs is looked at."""
LAST_WORDS_BYTES = 4096


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
        from .webhook import Webhook  # HTTP and TLS take longer to import than all else here

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
    return next((short(line) for line in reversed(lines) if line.strip()), "")


def origin(url: str) -> str:
    """An address without what may be secret in it: its path is often a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}/***"
