"""Ray itself: started on this machine for one run, or joined where it runs already."""

import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ray
from ray._private import utils as ray_utils
from ray._private.node import Node
from ray._raylet import Config  # pyright: ignore[reportAttributeAccessIssue]

from ...models.errors import VidsharpError
from ...pipeline.held_folder import held_folder


class ClusterError(VidsharpError, RuntimeError):
    """Ray cannot be started or reached, or its processes keep dying."""


_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Actors that share one named GPU reserve none from Ray, which must then not hide it from them.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # No processes that wait for actors that may come.
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
}

ACTOR_ENVIRONMENT = {
    # `use_one_heap` comes too late for the heaps of threads that Ray has started, which later threads take turns on:
    # 960 MiB in an actor after 5 min of 720p, and 450 with this.
    "MALLOC_ARENA_MAX": "1",
    # What an actor measures is many small sums, while decoder, student and encoder keep all cores busy.
    "OPENBLAS_NUM_THREADS": "1",
}
"""What an actor's process must have from its start. Those of a Ray of our own inherit it."""


_TOKEN = secrets.token_hex(32)
"""Ray reads its key once in a process, so all sessions of this process share one."""


CONNECT_S = 5.0

_UNUSED_HELPERS = ("start_monitor", "start_log_monitor", "start_api_server")
"""Processes that Ray starts beside a node for a cluster's sake: the autoscaler's monitor, what sends logs to the
driver, and the dashboard's server, which `include_dashboard=False` does not leave out. Here they serve nobody, take
1.4 s of processor time and 240 MB, and delay the end by a second. Ray has no public setting for them."""

_LOOKS_FOR_DASHBOARD = "get_dashboard_dependency_error"
"""Where the dashboard's libraries are installed, Ray imports them here, and in a helper that has nobody to serve."""

_TAKES_SIGTERM = "set_sigterm_handler"
"""Ray's handler would end this process at once, with what it has begun left as it is."""


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
    before = dict(os.environ)
    os.environ.update(_SETTINGS)
    if address is None:
        os.environ.update(ACTOR_ENVIRONMENT)
        _ask_for_key()
    held = ExitStack()
    folder = None if address else str(held.enter_context(held_folder(Path(_short_temporary_root()), "vidsharp-ray-")))
    try:
        try:
            if address:
                with _without(ray_utils, _TAKES_SIGTERM):
                    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
            else:
                with (
                    _without(Node, *_UNUSED_HELPERS),
                    _without(ray_utils, _LOOKS_FOR_DASHBOARD, answer=ImportError("no dashboard is wanted")),
                    _without(ray_utils, _TAKES_SIGTERM),
                    _interrupts_held(),
                ):
                    ray.init(
                        address="local",
                        num_cpus=len(os.sched_getaffinity(0)),
                        include_dashboard=False,
                        log_to_driver=False,
                        logging_level=logging.ERROR,
                        configure_logging=False,
                        # Only small values travel; Ray's default would take a third of the memory.
                        object_store_memory=100 * 1024**2,
                        _node_ip_address="127.0.0.1",
                        _temp_dir=folder,
                    )
        except Exception as error:  # where it times out, Ray raises nothing more special
            where = f"at {address!r}; is it running, and is the address right?" if address else "on this machine"
            raise ClusterError(f"Ray could not be {'reached' if address else 'started'} {where} ({error})") from error
        _take_sigterm_back()
        yield
    finally:
        ray.shutdown()
        _take_sigterm_back()
        os.environ.clear()
        os.environ.update(before)
        held.close()  # Ray's processes that are still ending may write into it meanwhile


def _take_sigterm_back() -> None:
    """Ray's C++ part puts a handler of its own below Python's, which ends the process three seconds later."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


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


@contextmanager
def _without(owner: Any, *names: str, answer: object = None) -> Iterator[None]:
    """Has those of Ray's functions that it has give but an answer, for the time of a `with` block."""
    before = {name: getattr(owner, name) for name in names if hasattr(owner, name)}
    for name in before:
        setattr(owner, name, lambda *_, **__: answer)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(owner, name, function)


def _ask_for_key() -> None:
    """Other people on the machine cannot talk to a Ray that is started now, and no key is left in a home folder: it is
    ours to say, whatever the environment says of keys for the caller's own clusters."""
    for name in ("RAY_AUTH_TOKEN_PATH", "RAY_ENABLE_K8S_TOKEN_AUTH"):
        os.environ.pop(name, None)
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=_TOKEN)
    Config.initialize("")  # Ray has read its settings by now, and reads them again
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)


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
    return root if len(root) <= 12 else "/tmp"
