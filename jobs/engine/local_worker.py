"""The process of one worker of `LocalEngine`, from its first line to its end."""

import ctypes
import os
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from pickle import dumps, loads
from queue import SimpleQueue
from threading import Thread
from typing import Any, NoReturn

COUNTER_BYTES = 8
"""A signed number, most significant byte first."""

_TELL_S = 0.2
"""How often the process writes down how far it is."""

_PR_SET_PDEATHSIG = 1
"""linux/prctl.h."""


def serve(socket: int, counter: int, driver: int) -> NoReturn:
    """Makes a worker and does its calls until the driver has ended. Messages are pickled: the class with its arguments,
    then a method's name with its arguments each; answers: whether it came through, with what it returned or raised.

    Args:
        socket: file descriptor of a stream of messages, as `Connection` writes them.
        counter: file descriptor of `COUNTER_BYTES`: how far the call at work is.
        driver: its process id.
    """
    for descriptor in (socket, counter):
        os.set_inheritable(descriptor, False)
    _end_with(driver)
    _Process(Connection(socket), counter).work()


def _end_with(driver: int) -> None:
    """Has the kernel kill this process when the thread that has started it ends: at once, also in the midst of a codec
    that does not let go of Python's lock. Systems other than Linux rely on the end of the socket."""
    control = getattr(ctypes.CDLL(None), "prctl", None)
    if control is not None:
        control(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != driver:
        os._exit(1)


class _Process:
    """A thread that works, and one that listens and tells how far the other is."""

    def __init__(self, connection: Connection, counter: int) -> None:
        self._connection = connection
        self._counter = counter
        self._messages = SimpleQueue[bytes]()
        self._worker: Any = None
        Thread(target=self._listen, daemon=True).start()

    def work(self) -> NoReturn:
        broken = None
        try:
            worker_class, arguments = loads(self._messages.get())
            self._worker = worker_class(*arguments)
        except Exception as error:
            broken = error  # the first call tells of it
        while True:
            message = self._messages.get()
            answer = _packed_error(broken) if broken else self._answer(message)
            try:
                self._connection.send_bytes(answer)
            except OSError:
                os._exit(1)

    def _answer(self, message: bytes) -> bytes:
        try:
            method, arguments = loads(message)
            return dumps((True, getattr(self._worker, method)(*arguments)))
        except Exception as error:
            return _packed_error(error)

    def _listen(self) -> None:
        while True:
            try:
                if self._connection.poll(_TELL_S):
                    self._messages.put(self._connection.recv_bytes())
                    continue  # what is counted is still the last call's
            except (EOFError, OSError):
                os._exit(1)
            with suppress(Exception):  # a worker that cannot say how far it is, or no room to write it down
                os.pwrite(self._counter, self._worker.frames_done().to_bytes(COUNTER_BYTES, signed=True), 0)


def _packed_error(error: Exception) -> bytes:
    """An answer that can be unpacked, whatever the error is made of."""
    try:
        packed = dumps((False, error))
        loads(packed)
        return packed
    except Exception:
        return dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
