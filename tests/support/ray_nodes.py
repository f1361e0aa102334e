"""A Ray cluster on this machine for tests: every node a `ray start` of its own, that can be lost as a whole."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from ray.autoscaler._private.fake_multi_node.node_provider import FAKE_HEAD_NODE_ID, FAKE_HEAD_NODE_TYPE
from ray.autoscaler._private.monitor import BASE_READONLY_CONFIG

from tests.support import runs

# Names a node as a host of its own would be named: Python runs this before anything else in each of its processes.
_HOST_NAME = """
import os, socket
if "TEST_HOST_NAME" in os.environ:
    socket.gethostname = lambda: os.environ["TEST_HOST_NAME"]
"""


# Nodes share this machine, and maybe with other people's.
_ANY_PORT = ("--dashboard-agent-listen-port=0", "--min-worker-port=0", "--max-worker-port=0")


IDLE_S = 6.0
"""So long a node of the autoscaler is idle before it is ended."""
_STARTED_AS = b"RAY_OVERRIDE_NODE_ID_FOR_TESTING="


def of_autoscaler(head: int) -> dict[str, list[int]]:
    """The nodes that the autoscaler of a head has started and that live: their processes, by Ray's id of the node."""
    found: dict[str, list[int]] = {}
    for pid in runs.below(head):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            for word in words:
                if word.startswith(_STARTED_AS) and word != _STARTED_AS + FAKE_HEAD_NODE_ID.encode():
                    found.setdefault(word.removeprefix(_STARTED_AS).decode(), []).append(pid)
    return found


def take_away(node: str, head: int, address: str, *, announced: bool) -> None:
    """Ends a node that the autoscaler of a head has started, as a loss of power does; before that, Ray is told of it
    where it is `announced`, as of machines that a cloud takes back. In the environment of who may talk to Ray."""
    if announced:
        command = [
            *(str(Path(sys.executable).with_name("ray")), "drain-node", f"--address={address}", f"--node-id={node}"),
            *("--reason=DRAIN_NODE_REASON_PREEMPTION", "--reason-message=taken back"),
            "--deadline-remaining-seconds=30",
        ]
        said = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert said.returncode == 0, said.stdout + said.stderr
    _end_at_once(of_autoscaler(head)[node])


def _end_at_once(processes: list[int]) -> None:
    """Else those that are still there could say of the others that they died by themselves."""
    for ends in (signal.SIGSTOP, signal.SIGKILL):
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, ends)


class RayNodes:
    """The first node is the head; it does no work, as in a cluster in the cloud."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "sitecustomize.py").write_text(_HOST_NAME)
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.dashboard = ""
        with ExitStack() as stack:
            free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
            self._port, self._dashboard_port, self._client_port = (each.getsockname()[1] for each in free)
        self.address = f"127.0.0.1:{self._port}"
        self.environment = {
            **runs.plain_environment(),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            # A node that is lost is given up after about 5 s, not 30.
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_initial_delay_ms": "1000",
        }
        """For nodes, and for whoever wants to talk to them."""

    def start_head(self, *, dashboard: bool = False, most: int = 0) -> None:
        """Starts the node that the others join. With `dashboard`, jobs can be submitted to it.

        Args:
            most: so many nodes with one core each are started by Ray's autoscaler, as work asks for them, and ended
                where they are idle for some seconds; 0: it has no autoscaler.
        """
        more = ["--include-dashboard=false"]
        if most:
            # As `ray.cluster_utils.AutoscalingCluster` does it, whose start and end stop all of Ray on the machine, and
            # whose example is in no package.
            (self._folder / "autoscaler.json").write_text(json.dumps(self._autoscaler(most)))
            self.environment |= {"RAY_FAKE_CLUSTER": "1", "AUTOSCALER_UPDATE_INTERVAL_S": "1"}
            more.append(f"--autoscaling-config={self._folder / 'autoscaler.json'}")
        if dashboard:
            more[0] = "--include-dashboard=true"
            more.append(f"--dashboard-port={self._dashboard_port}")
            self.dashboard = f"http://127.0.0.1:{self._dashboard_port}"
        self._start(
            "head",
            "--head",
            f"--port={self._port}",
            f"--temp-dir={self._folder}",
            "--num-cpus=0",
            f"--ray-client-server-port={self._client_port}",
            *more,
        )

    def _autoscaler(self, most: int) -> dict[str, Any]:
        """Its configuration: Ray's own provider of nodes that are processes on this machine."""
        one = {"CPU": 1, "object_store_memory": 80 * 1024**2}
        provider = {"type": "fake_multinode", "gcs_address": self.address, "launch_multiple": True}
        for setting in ("use_node_id_as_ip", "disable_node_updaters", "disable_launch_config_check"):
            provider[setting] = True  # its nodes share an address, and nothing is set up on them
        return {
            **BASE_READONLY_CONFIG,  # every field that there is, empty
            "cluster_name": "test",
            "max_workers": most,
            "provider": provider,
            "available_node_types": {
                FAKE_HEAD_NODE_TYPE: {"resources": {}, "node_config": {}, "max_workers": 0},
                "one": {"resources": one, "node_config": {}, "min_workers": 0, "max_workers": most},
            },
            "head_node_type": FAKE_HEAD_NODE_TYPE,
            "idle_timeout_minutes": IDLE_S / 60,
            "upscaling_speed": 1.0,
        }

    @property
    def head(self) -> int:
        """The process that started it."""
        return self._nodes["head"].pid

    @contextmanager
    def joined(self, name: str, *more: str, hide: Path | None = None) -> Iterator[None]:
        """A node that joins with one core, for a `with` block. What is below the folder `hide` is not seen there.

        Raises:
            pytest.skip.Exception: this user may not hide folders from processes.
        """
        self._start(name, f"--address={self.address}", "--num-cpus=1", *more, hide=hide)
        try:
            yield
        finally:
            self.lose(name)

    def _start(self, name: str, *options: str, hide: Path | None = None) -> None:
        command = [Path(sys.executable).with_name("ray"), "start", "--block", "--node-ip-address=127.0.0.1", *options]
        command = [*map(str, command), "--disable-usage-stats", *_ANY_PORT, f"--object-store-memory={100 * 1024**2}"]
        if hide is not None:
            if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
                pytest.skip("hiding a folder from a node needs the right to unshare mounts")
            command = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none "{hide}" && exec "$@"', "sh", *command]
        path = os.pathsep.join((str(self._folder), *filter(None, [os.environ.get("PYTHONPATH")])))
        environment = {**self.environment, "TEST_HOST_NAME": name, "PYTHONPATH": path}
        log = (self._folder / f"{name}.log").open("wb")
        self._nodes[name] = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        with suppress(AssertionError):
            runs.wait_until(lambda: b"--block" in self.log(name) or self._nodes[name].poll() is not None, 90)
        assert b"--block" in self.log(name), self.log(name).decode()
        assert self._nodes[name].poll() is None, self.log(name).decode()

    def log(self, name: str) -> bytes:
        """What `ray start` has said."""
        return (self._folder / f"{name}.log").read_bytes()

    def pids(self, name: str, title: str = "") -> list[int]:
        """Processes of a node. (Workers are in sessions of their own, below the node's raylet.)"""
        return runs.below(self._nodes[name].pid, title) if name in self._nodes else []

    def lose(self, name: str) -> None:
        """What a loss of power does: all of a node's processes end at once, without a word."""
        _end_at_once(self.pids(name))
        node = self._nodes.pop(name, None)
        if node is not None:
            node.kill()
            node.wait(30)

    def stop(self) -> None:
        """Ends what is still there, the head last."""
        for name in reversed(list(self._nodes)):
            self.lose(name)


@contextmanager
def ray_nodes() -> Iterator[RayNodes]:
    """For a `with` block; nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="vs-", dir="/tmp"))  # Ray's sockets are below it: a short path
    nodes = RayNodes(folder)
    try:
        yield nodes
    finally:
        nodes.stop()
        shutil.rmtree(folder, ignore_errors=True)
