"""A cluster of several nodes: work spreads, nodes are lost and join, and a node that cannot take part is named."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support import media, runs
from tests.support.ray_nodes import RayNodes, ray_nodes

pytestmark = pytest.mark.slow

FRAMES = 480
CHUNKS = 32
CAN_SUBMIT = find_spec("aiohttp_cors") is not None  # Ray's dashboard, which takes jobs, comes with ray[default]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayNodes]:
    """A head that does no work, and the node `north` with one core."""
    with ray_nodes() as nodes:
        nodes.start_head(dashboard=CAN_SUBMIT)
        with nodes.joined("north"):
            yield nodes


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one recording."""
    folder = tmp_path_factory.mktemp("cluster") / "calls"
    runs.clip(folder / "call.mp4", frames=FRAMES, size=(320, 180))
    return folder


@pytest.fixture(scope="module")
def undisturbed(cluster: RayNodes, calls: Path) -> list[str]:
    """The frames that one node makes of the recording."""
    out = calls.with_name("undisturbed")
    errors = ended(start(cluster, calls, out))
    assert list(runs.table(out, "chunks")["node"]) == ["north"] * CHUNKS, "the head has no core to give"
    assert "retr" not in errors
    return media.frame_hashes(out / "call.mp4")


def start(cluster: RayNodes, source: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ["process", source, "--out", out, "--address", cluster.address, *runs.SLOW_OPTIONS, *more]
    return runs.start(*arguments, environment=cluster.environment)


def ended(running: subprocess.Popen[str], code: int = 0) -> str:
    """Waits for the end of a run; returns what it said on stderr."""
    _, errors = running.communicate(timeout=200)
    assert running.returncode == code, errors
    assert "Traceback" not in errors
    return errors


def records(out: Path, node: str = "") -> list[Path]:
    """Chunks that are finished, by one node or by all."""
    files = out.glob(".vidsharp/*/chunk-?????.json")
    return [path for path in files if f'"node": "{node}' in runs.text(path)]


def wait_for_chunks(running: subprocess.Popen[str], out: Path, count: int, node: str = "") -> None:
    runs.wait_until(lambda: running.poll() is not None or len(records(out, node)) >= count)
    assert running.poll() is None, running.communicate()


def assert_whole(out: Path, undisturbed: list[str]) -> Any:
    """The result is what an undisturbed run makes, and nothing else is left. Returns the table of chunks."""
    chunks = runs.table(out, "chunks")
    assert list(chunks["chunk"]) == list(range(CHUNKS))
    assert media.frame_hashes(out / "call.mp4") == undisturbed
    assert runs.files(out) == {"call.mp4"}
    return chunks


def test_work_spreads_over_nodes(cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path) -> None:
    with cluster.joined("south"):
        ended(start(cluster, calls, tmp_path / "out"))
    assert set(assert_whole(tmp_path / "out", undisturbed)["node"]) == {"north", "south"}


def test_a_lost_node_costs_no_frame(cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with cluster.joined("south"):
        running = start(cluster, calls, out)
        wait_for_chunks(running, out, 2, "south")
        cluster.lose("south")
        errors = ended(running)
    chunks = assert_whole(out, undisturbed)
    assert "south" in set(chunks["node"]), "what it had finished counts"
    again = chunks[chunks["retries"] > 0]
    assert list(again["node"]) == ["north"], "what it was working on was done elsewhere"
    assert "the process that worked on it died (its node was lost); trying again" in errors


def test_nodes_lost_as_the_run_begins_are_no_failed_starts(
    cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path
) -> None:
    with cluster.joined("first"), cluster.joined("second"), cluster.joined("third"):
        pass
    ended(start(cluster, calls, tmp_path / "out"))  # before Ray notices
    assert set(assert_whole(tmp_path / "out", undisturbed)["node"]) == {"north"}


def test_a_node_that_joins_late_gets_work(
    cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = start(cluster, calls, out)
    wait_for_chunks(running, out, 2)
    (worker,) = cluster.pids("north", "ray::SharpenActor")
    os.kill(worker, signal.SIGSTOP)  # so that the run does not end before the other one has come
    try:
        with cluster.joined("late"):
            wait_for_chunks(running, out, 2, "late")
            os.kill(worker, signal.SIGCONT)
            ended(running)
    finally:
        os.kill(worker, signal.SIGCONT) if running.poll() is None else None
        running.kill()
    assert set(assert_whole(out, undisturbed)["node"]) == {"north", "late"}


def test_a_killed_driver_goes_on_where_it_was(
    cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = start(cluster, calls, out)
    wait_for_chunks(first, out, 3)
    first.kill()
    first.communicate(timeout=60)
    runs.wait_until(lambda: not cluster.pids("north", "ray::SharpenActor"), 60)
    done = len(records(out))
    assert 3 <= done < CHUNKS
    ended(start(cluster, calls, out))
    assert runs.table(out).loc["call.mp4", "status"] == "resumed"
    assert assert_whole(out, undisturbed)["reused"].sum() == done


def test_a_node_without_the_recordings_is_named_and_gets_no_work(
    cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path
) -> None:
    with cluster.joined("blind", hide=calls):
        errors = ended(start(cluster, calls, tmp_path / "out"))
    assert set(assert_whole(tmp_path / "out", undisturbed)["node"]) == {"north"}
    assert f"does not see {calls / 'call.mp4'}; recordings, --out and --staging must be on storage that" in errors
    assert "the node blind (Ray's " in errors
    assert errors.count("it gets no work") == 1, errors


def test_where_no_node_sees_the_output_folder_the_run_ends(cluster: RayNodes, calls: Path, tmp_path: Path) -> None:
    with cluster.joined("blind", "--num-gpus=1", hide=tmp_path):
        # Only this node has a GPU; the folders are looked at before the GPU is.
        errors = ended(start(cluster, calls, tmp_path / "out", "--device", "cuda"), code=3)
    (student, sentence) = errors.splitlines()
    assert student.startswith("the student is best, since GPUs do the work")
    assert sentence.startswith("vidsharp: the node blind (Ray's ")
    assert f"does not see {tmp_path / 'out' / '.vidsharp' / 'lock'}; recordings, --out" in sentence
    assert not (tmp_path / "out" / ".vidsharp").exists()


GPU_NODE = """
import os
import sys
import ray
from vidsharp.jobs.engine import actors
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.engines import open_engine
from vidsharp.jobs.engine.pool import PoolPlan, Shape, plan_pool
from vidsharp.jobs.engine.protocol import ACTOR_ENVIRONMENT
from vidsharp.jobs.engine.wanted import for_machines

with open_engine("ray", sys.argv[1]) as engine:
    planned = plan_pool(engine.nodes(), "auto", None)
    assert planned == PoolPlan(actors=2, threads=1, gpus=1, device="cuda"), planned
    assert for_machines(planned, engine.nodes(), None) == [Shape(1, 1, "cuda")] * 2
    assert plan_pool(engine.nodes(), "cpu", None) == PoolPlan(actors=3, threads=1, gpus=0, device="cpu")

    class Telling(SharpenActor):
        def frames_done(self):
            return self.load("fast", "cpu", 1.0), ray.get_gpu_ids(), ACTOR_ENVIRONMENT.items() <= os.environ.items()

    actors.ActorPool.actor_class = Telling
    # The GPUs exist in Ray's books only; the student runs on the CPU.
    pool = actors.ActorPool(engine, PoolPlan(actors=2, threads=1, gpus=1, device="cpu"), "fast", 1.0)
    while len(pool.idle()) < 2:
        pool.answers(1.0)
    told = ray.get([actor.worker.handle.frames_done.remote() for actor in pool._actors.values()])
    assert sorted(host for host, *_ in told) == ["gpu-a", "gpu-b"], told
    assert all((ids, as_wanted) == ([0], True) for _, ids, as_wanted in told), told
    pool.stop()
"""

BOTH_DEVICES = """
import socket
import sys
import time
from pathlib import Path
import ray
from vidsharp.jobs import process
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine import actors, gpu_trial
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.models.gpu.settings import GpuSettings

_, address, calls, out = sys.argv
on_cpu = Path(calls).parent / "on-cpu"

class OneOfTwo(SharpenActor):
    def load(self, model, device, *more):
        self.on = device
        assert (socket.gethostname() == "north") == (device == "cpu"), (socket.gethostname(), device)
        assert bool(ray.get_gpu_ids()) == (device == "cuda")
        return super().load(model, "cpu", *more[:-1])

    def _provenance(self, encoder, info):
        return {**super()._provenance(encoder, info), "on": self.on}

    def prepare(self, task):
        if self.on == "cpu":
            on_cpu.touch()
        while not on_cpu.exists():  # else the GPUs could have begun all before the CPU's process is there
            time.sleep(0.01)
        return super().prepare(task)

# The GPUs exist in Ray's books only.
gpu_trial._tried = lambda *_: GpuSettings()
actors.ActorPool.actor_class = OneOfTwo
options = dict(chunk_seconds=0.5, encoder="libx264", preset="ultrafast")
rows = process(ProcessConfig((Path(calls),), Path(out), device="both", address=address, **options)).rows
assert {row["status"] for row in rows} == {"done"}, rows
assert {row["device"] for row in rows} == {"cpu", "cuda"}, rows
"""


def test_where_some_nodes_have_gpus_only_these_get_actors_or_each_recording_has_one_device(tmp_path: Path) -> None:
    """One device for all chunks of a run, unless both were asked for: pictures could differ."""
    for number in range(5):
        runs.clip(tmp_path / "calls" / f"{number}.mp4", seed=number)
    with ray_nodes() as own:  # Ray takes seconds to notice a node's end, and other runs would count on its GPU
        own.start_head()
        with own.joined("north"), own.joined("gpu-a", "--num-gpus=1"), own.joined("gpu-b", "--num-gpus=1"):
            for script, *arguments in ([GPU_NODE], [BOTH_DEVICES, tmp_path / "calls", tmp_path / "out"]):
                (tmp_path / "script.py").write_text(script)
                said = subprocess.run(
                    [sys.executable, tmp_path / "script.py", own.address, *arguments],
                    env=own.environment, capture_output=True, text=True, timeout=150,
                )  # fmt: skip
                assert said.returncode == 0, said.stderr
    nodes = runs.table(tmp_path / "out", "chunks").groupby("clip")["node"].unique()
    devices = runs.table(tmp_path / "out")["device"]
    assert all((set(nodes[clip]) == {"north"}) == (device == "cpu") for clip, device in devices.items()), nodes


@pytest.mark.skipif(not CAN_SUBMIT, reason="ray job submit needs ray[default]: pip install 'vidsharp[cluster]'")
def test_a_submitted_job(cluster: RayNodes, calls: Path, undisturbed: list[str], tmp_path: Path) -> None:
    """The command of docs/cluster.md."""
    (tmp_path / "empty").mkdir()
    job = ["process", calls, "--out", tmp_path / "out", "--address", "auto", *runs.SLOW_OPTIONS]
    submitted = subprocess.run(
        [
            *(Path(sys.executable).with_name("ray"), "job", "submit", "--address", cluster.dashboard),
            *("--working-dir", ".", "--", *runs.command(*job)),
        ],
        env=cluster.environment, cwd=tmp_path / "empty", capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert submitted.returncode == 0, submitted.stdout + submitted.stderr
    assert "1 clip: 1 done" in submitted.stdout, "what the command says is what the submitter sees"
    assert_whole(tmp_path / "out", undisturbed)
