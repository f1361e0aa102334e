"""The process of one worker of `LocalEngine`, from its first line to its end."""

import os
import signal
import time
from contextlib import suppress
from pickle import dumps, loads
from queue import SimpleQueue
from threading import Lock, Thread
from typing import IO, Any, NoReturn

from ...pipeline.c_runtime import c_function
from .messages import read_message, write_message

ANSWER, STEPS = b"a", b"s"
"""How messages to the driver begin. An answer goes on with its pickle, the others with `NUMBER_BYTES` each: the number
of the call at work, counted from 1 on, and how far it is, signed."""
NUMBER_BYTES = 8

_TELL_S = 0.2
"""How often the process tells how far it is."""

_PR_SET_PDEATHSIG = 1
"""linux/prctl.h."""


def serve(driver: int) -> NoReturn:
    """Makes a worker and does its calls until the driver has ended. Messages are pickled: the class with its arguments,
    then a method's name with its arguments each; answers: whether it came through, with what it returned or raised.
    They come in by stdin and go out by stdout, whose places are taken by nothing: libraries print there.

    Args:
        driver: its process id.
    """
    _end_with(driver)
    messages, answers = (_moved_away(descriptor) for descriptor in (0, 1))
    _Process(os.fdopen(messages, "rb"), os.fdopen(answers, "wb")).work()


def _moved_away(descriptor: int) -> int:
    """Another descriptor of the same, which no child inherits."""
    moved = os.dup(descriptor)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, descriptor)
    os.close(nothing)
    return moved


def _end_with(driver: int) -> None:
    """Has the kernel kill this process when the thread that has started it ends: at once, also in the midst of a codec
    that does not let go of Python's lock. Systems other than Linux rely on the end of stdin."""
    control = c_function("prctl")
    if control is None:
        return
    control(_PR_SET_PDEATHSIG, getattr(signal, "SIGKILL", 9))
    if os.getppid() != driver:
        os._exit(1)


class _Process:
    """A thread that works, one that listens, and one that tells how far the first is."""

    def __init__(self, messages: IO[bytes], answers: IO[bytes]) -> None:
        self._incoming = messages
        self._answers = answers
        self._turn = Lock()
        self._messages = SimpleQueue[bytes]()
        self._worker: Any = None
        self._begun = 0
        self._at_work = False
        for run in (self._listen, self._tell):
            Thread(target=run, daemon=True).start()

    def work(self) -> NoReturn:
        broken = None
        try:
            worker_class, arguments = loads(self._messages.get())
            self._worker = worker_class(*arguments)
        except Exception as error:
            broken = error  # the first call tells of it
        while True:
            message = self._messages.get()
            self._begun, self._at_work = self._begun + 1, True
            answer = _packed_error(broken) if broken else self._answer(message)
            self._at_work = False
            self._send(ANSWER + answer)

    def _answer(self, message: bytes) -> bytes:
        try:
            method, arguments = loads(message)
            return dumps((True, getattr(self._worker, method)(*arguments)))
        except Exception as error:
            return _packed_error(error)

    def _send(self, message: bytes) -> None:
        try:
            with self._turn:
                write_message(self._answers, message)
        except OSError:
            os._exit(1)

    def _listen(self) -> NoReturn:
        with suppress(OSError):
            while (message := read_message(self._incoming)) is not None:
                self._messages.put(message)
        os._exit(1)

    def _tell(self) -> NoReturn:
        told = (0, 0)
        while True:
            time.sleep(_TELL_S)
            with suppress(Exception):  # a worker that cannot say how far it is
                now = (self._begun, int(self._worker.frames_done()))
                if self._at_work and now != told:
                    told = now
                    self._send(STEPS + b"".join(number.to_bytes(NUMBER_BYTES, signed=True) for number in now))


def _packed_error(error: Exception) -> bytes:
    """An answer that can be unpacked, whatever the error is made of."""
    try:
        packed = dumps((False, error))
        loads(packed)
        return packed
    except Exception:
        return dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
