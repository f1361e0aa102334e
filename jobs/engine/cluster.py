"""Ray itself: started on this machine for one run, or joined where it runs already."""

import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ray

from ...models.cores import usable_cores
from ...pipeline.held_folder import held_folder
from . import ray_private
from .protocol import ACTOR_ENVIRONMENT, ClusterError

CONNECT_S = 5.0


@contextmanager
def ray_session(address: str | None) -> Iterator[None]:
    """Ray for the time of a `with` block. A Ray that the caller has initialised already is used as it is.

    Args:
        address: of a running cluster (`auto` finds one on this machine); None starts one on this
            machine for this process alone: without a dashboard, and with a random key.

    Raises:
        ClusterError: no cluster answers at `address`, or Ray does not start.
    """
    if ray.is_initialized():
        yield
        return
    _check_answers(address)
    before, sigterm = dict(os.environ), signal.getsignal(signal.SIGTERM)
    held = ExitStack()
    try:
        os.environ.update(ray_private.SETTINGS)
        if address is None:
            os.environ.update(ACTOR_ENVIRONMENT)
            ray_private.ask_for_key()
            folder = held.enter_context(held_folder(Path(_short_temporary_root()), "vidsharp-ray-"))
            os.environ["RAY_TMPDIR"] = str(folder)
        try:
            if address:
                ray_private.start(address=address)
            else:
                with _interrupts_held():
                    ray_private.start_here(
                        address="local",
                        num_cpus=usable_cores(),
                        include_dashboard=False,
                        # Only small values travel; Ray's default would take a third of the memory.
                        object_store_memory=100 * 1024**2,
                    )
        except Exception as error:  # where it times out, Ray raises nothing more special
            where = f"at {address!r}; is it running, and is the address right?" if address else "on this machine"
            raise ClusterError(f"Ray could not be {'reached' if address else 'started'} {where} ({error})") from error
        _take_back(sigterm)
        yield
    finally:
        ray.shutdown()
        _take_back(sigterm)
        os.environ.clear()
        os.environ.update(before)
        held.close()  # Ray's processes that are still ending may write into it meanwhile


def _take_back(sigterm: Any) -> None:
    """Ray's C++ part puts a handler of its own below Python's, which ends the process three seconds later."""
    if sigterm is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, sigterm)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """SIGINT and SIGTERM act at the end of a `with` block: Ray forgets the processes of a half-started node."""
    held: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heeded = {number: handler for number, handler in handlers.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread():
        heeded.clear()
    for number in heeded:
        signal.signal(number, lambda number, _: held.append(number))
    try:
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


def living_nodes() -> list[dict[str, float]]:
    """What each machine of the initialised Ray has, by resource name."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _check_answers(address: str | None) -> None:
    """Ray tries for many minutes to reach a host that does not answer; a person is told within seconds.

    Raises:
        ClusterError: nothing listens at `address`.
    """
    host, separator, port = (address or "").removeprefix("ray://").rpartition(":")
    if not (separator and port.isdigit()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()
    except OSError as error:
        reason = error.strerror or error
        raise ClusterError(
            f"no Ray cluster answers at {address} ({reason}); is it running, and is that right?"
        ) from error


def _short_temporary_root() -> str:
    """Where temporary files go, unless that path is long: Ray puts sockets there, whose paths end at 107 characters."""
    root = tempfile.gettempdir()
    return root if len(root) <= 8 else "/tmp"
