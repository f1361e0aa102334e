"""Ray for one run: started and stopped without a trace, or joined where it runs already."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import ray
from vidsharp.jobs.engine import cluster, ray_private
from vidsharp.jobs.engine.cluster import ray_session
from vidsharp.jobs.engine.engines import open_engine
from vidsharp.jobs.engine.protocol import ClusterError

from tests.support import runs

WHOLE_LIFE = """
import os, signal, sys, tempfile
from pathlib import Path
import ray
from vidsharp.jobs.engine.cluster import ray_session
from vidsharp.jobs.engine.protocol import ClusterError
from tests.support import runs

def handler(*_): ...
signal.signal(signal.SIGTERM, handler)
before = dict(os.environ)
for _ in range(2):
    with ray_session(None):
        assert ray.is_initialized()
        assert signal.getsignal(signal.SIGTERM) is handler, "Ray's own handler would end the process at once"
        assert os.environ["RAY_AUTH_TOKEN"]
        (folder,) = Path(tempfile.gettempdir()).glob(f"vidsharp-ray-{os.getpid()}-*")
        assert ray.get(ray.remote(lambda: 7).remote()) == 7
        assert len(runs.descendants("ray")) >= 2
        assert not any(map(runs.descendants, ("monitor.py", "dashboard.py"))), "nobody needs these"
    assert not ray.is_initialized()
    assert not folder.exists()
    assert dict(os.environ) == before
    runs.wait_until(lambda: not runs.descendants("ray"), 30)

try:
    with ray_session(None):
        raise KeyError("the caller's own")
except KeyError:
    assert not ray.is_initialized()

try:
    with ray_session("127.0.0.1:1"):
        raise AssertionError("nothing listens there")
except ClusterError as error:
    assert "no Ray cluster answers at 127.0.0.1:1" in str(error), error
    assert "is it running" in str(error), error
assert dict(os.environ) == before
assert signal.getsignal(signal.SIGTERM) is handler
"""


@pytest.mark.slow
def test_a_ray_of_its_own_comes_and_goes_without_a_trace(tmp_path: Path) -> None:
    """In a process of its own, since this one has a Ray already."""
    root = str(Path(__file__).parents[3])
    environment = {**runs.plain_environment(), "PYTHONPATH": root}
    ended = subprocess.run(
        [sys.executable, "-c", WHOLE_LIFE], env=environment, capture_output=True, text=True, timeout=200, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr


def test_a_ray_that_the_caller_has_started_is_used_as_it_is(shared_ray: None) -> None:
    before = ray.get_runtime_context().gcs_address
    with ray_session("nowhere:1"):
        assert ray.get_runtime_context().gcs_address == before
    assert ray.is_initialized()


OTHER_CONTAINER = """
import os, sys
from pathlib import Path
import ray
from vidsharp.jobs.engine import cluster

os.getpid = lambda: int(sys.argv[2])  # what a container calls itself means nothing outside of it
ray.init = lambda **given: None
cluster._short_temporary_root = lambda: sys.argv[1]
with cluster.ray_session(None):
    (folder,) = Path(sys.argv[1]).iterdir()
    (folder / "socket").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_the_ray_of_another_container_keeps_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers that share `/tmp` do not know each other's process numbers."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    command = [sys.executable, "-c", OTHER_CONTAINER, str(tmp_path), str(ended.pid)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    folder = Path(other.stdout.readline().strip())
    assert folder.parent == tmp_path
    monkeypatch.setattr(cluster, "_short_temporary_root", lambda: str(tmp_path))
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **_: None)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with ray_session(None):
        pass
    assert (folder / "socket").exists(), "it is at work"
    other.kill()
    other.communicate()
    with ray_session(None):
        pass
    assert list(tmp_path.iterdir()) == [], "what a killed process has left is removed"


JOIN = """
import sys, ray
ray.init(address=sys.argv[1], log_to_driver=False)
print("let in, for", ray.get(ray.remote(lambda: 7).remote()))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "enters"), [(None, False), ("0" * 64, False), (ray_private.TOKEN, True)], ids=["none", "another", "ours"]
)
def test_nobody_without_the_key_can_use_our_ray(shared_ray: None, key: str | None, enters: bool) -> None:
    """Ray listens on every network of the machine, whatever address it is given: the key is what keeps others out."""
    address = ray.get_runtime_context().gcs_address
    environment = runs.plain_environment()
    if key:
        environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": key}
    join = [sys.executable, "-c", JOIN, address]
    ended = subprocess.run(join, env=environment, capture_output=True, text=True, timeout=200)
    assert ended.stdout == ("let in, for 7\n" if enters else "")
    assert ("InvalidAuthToken" in ended.stderr) is not enters


OPEN_HOUSE = """
import os, subprocess, sys
import ray
from vidsharp.jobs.engine.cluster import ray_session

before = dict(os.environ)
with ray_session(None):
    stranger = {name: value for name, value in before.items() if not name.startswith("RAY_")}
    join = [sys.executable, "-c", sys.argv[1], ray.get_runtime_context().gcs_address]
    ended = subprocess.run(join, env=stranger, capture_output=True, text=True, timeout=200)
    print(ended.stdout, "refused" if "InvalidAuthToken" in ended.stderr else ended.stderr)
assert dict(os.environ) == before
"""


@pytest.mark.slow
def test_no_setting_of_the_environment_opens_our_ray(tmp_path: Path) -> None:
    """People switch keys off for clusters of their own, and the variable stays in their shell."""
    environment = {**runs.plain_environment(), "RAY_AUTH_MODE": "disabled"}
    start = [sys.executable, "-c", OPEN_HOUSE, JOIN]
    ended = subprocess.run(start, env=environment, capture_output=True, text=True, timeout=280, cwd=tmp_path)
    assert ended.stdout.split() == ["refused"], ended.stdout + ended.stderr


def test_our_workers_have_one_heap(shared_ray: None) -> None:
    """Else each chunk's threads leave what they freed in heaps of their own."""
    assert ray.get(ray.remote(lambda: os.environ.get("MALLOC_ARENA_MAX")).remote()) == "1"


def test_our_ray_has_no_dashboard(shared_ray: None) -> None:
    assert not ray._private.worker._global_node.webui_url  # type: ignore[attr-defined]
    assert not runs.descendants("dashboard/dashboard.py")


def test_a_ray_that_does_not_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def times_out(**_: object) -> None:
        raise Exception("the node did not come up in 30 s")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", times_out)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with pytest.raises(ClusterError, match="could not be started on this machine"), ray_session(None):
        raise AssertionError("it did not start")
    with pytest.raises(ClusterError) as caught, open_engine("ray"):
        raise AssertionError("it did not start")
    assert str(caught.value).endswith("(the node did not come up in 30 s); --engine local works without it")
    with pytest.raises(ClusterError) as caught, open_engine("ray", "auto"):
        raise AssertionError("it was not reached")
    assert "local" not in str(caught.value), "who has named a cluster does not want this machine"
