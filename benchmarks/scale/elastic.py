"""A cluster that grows with the work and goes with it: from a head without cores to some nodes and back to none.

    python -m benchmarks.scale.elastic --nodes 4 --chunks 240 --seconds 4 --preempted 2

Prints JSON: how long it took until the first chunk was at work and until all nodes were, the share of the nodes' cores
on which workers were at work between then and the tail, nodes that were taken away on the way, retries, and how long
after the end the last node was gone. Ray, its autoscaler and its nodes are real, each node being processes on this
machine with one core in Ray's books; decoding, student and encoding are replaced by a pause, since these cores are not
there, and the joined file by a stub. Plans, records, rows and tables are real.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import ray
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine.actor import Prepared, PrepareTask, SharpenActor
from vidsharp.jobs.engine.actors import ActorPool
from vidsharp.jobs.engine.ray_engine import RayEngine
from vidsharp.jobs.notifying.metrics import QUEUE, RETRIES, WORKERS, Values
from vidsharp.jobs.processing import node_watch, process_job, run_metrics

from tests.support.ray_nodes import of_autoscaler, ray_nodes, take_away

ROOT = Path(__file__).parents[2]


def pausing_actor(chunks: int, seconds: float) -> type[SharpenActor]:
    """An actor whose recordings have so many chunks, each of which takes so long and no cores."""

    class Pausing(SharpenActor):
        # Local to this function, so that Ray sends the class itself.
        def load(self, *_: Any, **__: Any) -> str:
            return str(ray.get_runtime_context().get_node_id())

        def prepare(self, task: PrepareTask) -> Prepared:
            from vidsharp.pipeline.encoder import resolve_encoder
            from vidsharp.pipeline.fingerprint import Fingerprint, read_source
            from vidsharp.pipeline.workspace import Workspace

            from benchmarks.speed import many_clips as stubs

            planned = tuple(map(stubs._chunk, range(chunks)))
            Workspace(task.folder, task.key, "a stub").begin(task.clip, planned)
            info, source = stubs._info(task.path), read_source(task.path, task.seen)
            return Prepared(info, resolve_encoder(task.encoder, info), planned, "a stub", Fingerprint.of(source))

        def sharpen(self, task: Any, measure: Any, far: Any = None, work: Any = None) -> Any:
            from dataclasses import replace

            from vidsharp.pipeline.workspace import Workspace

            from benchmarks.speed import many_clips as stubs

            began = time.time()
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                time.sleep(0.1)
                self._step()
            node = ray.get_runtime_context().get_node_id()
            record = replace(
                stubs._record(task.chunk, []), began_at=began, wall_s=time.time() - began, node=node,
                attempt=task.attempt,
            )  # fmt: skip
            workspace = Workspace(task.folder, task.key, task.provenance_digest)
            workspace.chunk_file(task.chunk.name).write_bytes(b"")
            workspace.save_record(task.chunk.name, record)
            return record.outline

        def do(self, task: Callable[[Callable[[], None]], Any]) -> Any:
            from vidsharp.jobs.processing import join_clip

            from benchmarks.speed import many_clips as stubs

            with mock.patch.object(join_clip, "mux_clip", stubs._mux):
                return super().do(task)

    return Pausing


@dataclass
class Watch:
    """What is seen of a run on such a cluster."""

    head: int
    """The process that started it."""
    address: str
    most: int
    """How many nodes it may have."""
    preempted: int
    began: float = field(default_factory=time.monotonic)
    told: list[tuple[float, Values]] = field(default_factory=list)
    slots: list[tuple[float, int]] = field(default_factory=list)
    """How many nodes with a core Ray has, by time."""
    taken: list[str] = field(default_factory=list)

    def tell(self, engine: RayEngine, values: Values) -> None:
        """In the place of `RayEngine.tell`."""
        at, cores = time.monotonic() - self.began, sum(int(node.get("CPU", 0)) for node in engine.nodes())
        self.told.append((at, {metric: dict(by_value) for metric, by_value in values.items()}))
        self.slots.append((at, cores))
        if len(self.taken) < self.preempted and cores == values[WORKERS]["busy"] == self.most:
            self._take_away()

    def _take_away(self) -> None:
        """Takes a node away; the first one is announced."""
        alive = [node for node in of_autoscaler(self.head) if node not in self.taken]
        if len(alive) == self.most:
            self.taken.append(alive[0])
            words, announced = (alive[0], self.head, self.address), len(self.taken) == 1
            threading.Thread(target=take_away, args=words, kwargs={"announced": announced}).start()

    def figures(self) -> dict[str, Any]:
        busy = [(at, values[WORKERS]["busy"]) for at, values in self.told]
        first = next(at for at, count in busy if count)
        full = next(at for at, count in busy if count >= self.most)
        tail = next(at for at, values in self.told if at > full and not values[QUEUE]["chunk"])
        worked = sum(count for at, count in busy if full <= at < tail)
        held = sum(slots for at, slots in self.slots if full <= at < tail)
        return {
            "first_at_work_s": round(first, 1),
            "all_at_work_s": round(full, 1),
            "tail_s": round(tail, 1),
            "most_nodes": max(slots for _, slots in self.slots),
            "busy_share": round(worked / held, 4),
            "taken_away": len(self.taken),
            "retries": self.told[-1][1][RETRIES],
        }


def drive(folder: Path, watch: Watch, chunks: int, seconds: float, sample_s: float = 0.25) -> dict[str, Any]:
    """Runs a job of one clip on the cluster."""
    config = ProcessConfig((folder / "in",), folder / "out", address=watch.address, page=False)
    with (
        mock.patch.object(ActorPool, "actor_class", pausing_actor(chunks, seconds)),
        mock.patch.object(RayEngine, "tell", lambda engine, run, values: watch.tell(engine, values)),
        mock.patch.object(run_metrics, "TELL_EVERY_S", sample_s),
        mock.patch.object(node_watch, "NODES_EVERY_S", 1.0),
    ):
        (row,) = process_job.process(config).rows
    return {"status": row["status"], "error": row.get("error"), **watch.figures()}


def measure(folder: Path, nodes: int, chunks: int, seconds: float, preempted: int) -> dict[str, Any]:
    """Starts a cluster, has another process drive a job on it, and waits until its nodes are gone."""
    (folder / "in").mkdir()
    (folder / "in" / "call.mp4").write_bytes(b"a recording")
    with ray_nodes() as cluster:
        cluster.start_head(most=nodes)
        said = {"nodes": nodes, "chunks": chunks, "seconds": seconds, "preempted": preempted}
        said |= {"head": cluster.head, "address": cluster.address, "folder": folder}
        words = [f"--{name}={value}" for name, value in said.items()]
        # In a process of its own: Ray reads the key of a cluster once in each.
        command = [sys.executable, "-m", "benchmarks.scale.elastic", *words]
        driven = subprocess.run(
            command, env=cluster.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
        ended = time.monotonic()
        while of_autoscaler(cluster.head) and time.monotonic() - ended < 300:
            time.sleep(0.2)
        left = {"nodes_left": len(of_autoscaler(cluster.head)), "gone_after_s": round(time.monotonic() - ended, 1)}
    return json.loads(driven.stdout.splitlines()[-1]) | left  # behind what Ray says of its autoscaler


def main() -> None:
    parser = argparse.ArgumentParser(description="A cluster that grows with the work and goes with it")
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--chunks", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=4.0, help="that a chunk takes")
    parser.add_argument("--preempted", type=int, default=2)
    for name, kind in (("folder", Path), ("address", str), ("head", int)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.address is not None:
        watch = Watch(said.head, said.address, said.nodes, said.preempted)
        print(json.dumps(drive(said.folder, watch, said.chunks, said.seconds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), said.nodes, said.chunks, said.seconds, said.preempted), indent=2))


if __name__ == "__main__":
    main()
