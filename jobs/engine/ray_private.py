"""Parts of Ray that are not public: all that vidsharp uses, tried on Ray 2.60.0. Each is asked for by its name, and
where another version has none of that name, a run does without it, as each says.
"""

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import ray

log = logging.getLogger("vidsharp")

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Actors that share one named GPU reserve none from Ray, which must then not hide it from them.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # No processes that wait for actors that may come.
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
}
"""Environment variables of Ray's processes. Versions that do not know one pass it over: their start takes longer."""

TOKEN = secrets.token_hex(32)
"""Ray reads its key once in a process, so all sessions of this process share one."""

_UNUSED_HELPERS = ("start_monitor", "start_log_monitor", "start_api_server")
"""Processes that Ray starts beside a node for a cluster's sake: the autoscaler's monitor, what sends logs to the
driver, and the dashboard's server, which `include_dashboard=False` does not leave out. Here they serve nobody, take
1.4 s of processor time and 240 MB, and delay the end by a second. Ray has no public setting for them: without the
names, they start."""

_LOOKS_FOR_DASHBOARD = "get_dashboard_dependency_error"
"""Where the dashboard's libraries are installed, Ray imports them here, and in a helper that has nobody to serve.
Without the name, it does."""

_TAKES_SIGTERM = "set_sigterm_handler"
"""Ray's handler would end this process at once, with what it has begun left as it is. Without the name, the handler is
there for as long as Ray starts, and is then replaced by the one before (`cluster.py`)."""

_NODE_LOST = "its node has died"
"""What Ray says of an actor that died with its machine; it has no field for it. Without these words, the process counts
as one that died by itself."""


def start_here(**options: Any) -> None:
    """`ray.init(**options)` of a Ray of our own, which starts nothing but what a run needs."""
    dashboard = ImportError("no dashboard is wanted")
    with (
        _without("ray._private.node", "Node", names=_UNUSED_HELPERS),
        _without("ray._private.utils", names=(_LOOKS_FOR_DASHBOARD,), answer=dashboard),
    ):
        start(**options)


def start(**options: Any) -> None:
    """`ray.init(**options)`, which leaves this process its handler of SIGTERM."""
    with _without("ray._private.utils", names=(_TAKES_SIGTERM,)):
        ray.init(log_to_driver=False, logging_level=logging.ERROR, configure_logging=False, **options)


def ask_for_key() -> None:
    """Other people on the machine cannot talk to a Ray that is started now, and no key is left in a home folder: it is
    ours to say, whatever the environment says of keys for the caller's own clusters. Where Ray cannot be told, the run
    goes on without, and the log says so."""
    settings = _part("ray._raylet", "Config")
    if not hasattr(settings, "initialize"):
        log.warning("this version of Ray cannot be given a key: who can reach this machine can use its Ray")
        return
    for name in ("RAY_AUTH_TOKEN_PATH", "RAY_ENABLE_K8S_TOKEN_AUTH"):
        os.environ.pop(name, None)
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=TOKEN)
    settings.initialize("")  # Ray has read its settings by now, and reads them again
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)


def node_was_lost(error: BaseException) -> bool:
    """Whether an actor died with its machine: it is no failed start, and others may live."""
    return _NODE_LOST in str(error)


def leaving_sigint(trainer: Any) -> Any:
    """A trainer of Ray Train that leaves SIGINT as it is: Ray's handler would end the process as if all had gone well.
    Without the name, nothing calls this one, and Ctrl-C ends the job as Ray does it."""
    return type(trainer.__name__, (trainer,), {"_register_sigint_handler": lambda self, controller: None})


def _part(module: str, name: str | None) -> Any:
    """A module of Ray's, or what it calls `name`; None where this version has none."""
    try:
        found = import_module(module)
    except ImportError:
        return None
    return getattr(found, name, None) if name else found


@contextmanager
def _without(module: str, owner: str | None = None, *, names: tuple[str, ...], answer: object = None) -> Iterator[None]:
    """Has those of Ray's functions that it has give but an answer, for the time of a `with` block."""
    changed = _part(module, owner)
    before = {name: getattr(changed, name) for name in names if hasattr(changed, name)}
    for name in before:
        setattr(changed, name, lambda *_, **__: answer)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(changed, name, function)
