"""What thousands of clips cost the driver: the whole job with simulated actors, which answer at once.

    python benchmarks/speed/many_clips.py --clips 10000
    TMPDIR=/dev/shm python benchmarks/speed/many_clips.py --clips 1000000 --picture-chars 50 --no-sync

Prints CPU time and memory of the driver as JSON: scheduling, tables, page, and the same command again. Media are
neither read nor written; plans, records, joins, rows, previews, tables and the page are real. What actors would do is
done here, too, and its time is left out, as is that of importing pandas, Arrow and the page (`imports`), which each
run spends once.
"""

import argparse
import base64
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine import planned_engine
from vidsharp.jobs.engine.actor import Prepared, PrepareTask
from vidsharp.jobs.engine.pool import Crew
from vidsharp.jobs.engine.work_result import WorkResult
from vidsharp.jobs.notifying.metrics import WORKERS
from vidsharp.jobs.processing import join_clip, process_job
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.jobs.processing.run_rows import RunRows
from vidsharp.pipeline import atomic
from vidsharp.pipeline.chunk_record import ChunkDone, ChunkRecord
from vidsharp.pipeline.encoder import resolve_encoder
from vidsharp.pipeline.fingerprint import Fingerprint, read_source
from vidsharp.pipeline.mux import MuxResult
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.probe import ClipInfo, Colour
from vidsharp.pipeline.workspace import Workspace

FRAMES = 250
"""In each chunk: 10 s at 25 fps."""


class Actors:
    """In the place of `ActorPool`."""

    def __init__(self, chunks: int, actors: int, preview: str) -> None:
        self.chunks = chunks
        self._preview = preview
        self._about: dict[str, Any] = {f"actor-{number}": None for number in range(actors)}
        self._ready: list[WorkResult] = []
        self.cpu_s = 0.0
        """What the actors took."""

    def names(self) -> list[str]:
        return list(self._about)

    ready = names

    def devices(self) -> set[str]:
        return {"cpu"}

    def device(self, name: str) -> str:
        return "cpu"

    def node(self, name: str) -> str:
        return "node"

    def idle(self) -> list[str]:
        return [name for name, about in self._about.items() if about is None]

    @property
    def busy(self) -> bool:
        return bool(self._ready)

    def fit(self, wanted: Any) -> None:
        pass

    def crew(self) -> Crew:
        return Crew(dict.fromkeys(WORKERS.values, 0), 0, 0.0)

    def prepare(self, name: str, task: PrepareTask, about: Any) -> None:
        def plan() -> Prepared:
            chunks = tuple(_chunk(index) for index in range(self.chunks))
            Workspace(task.folder, task.key, "a stub").begin(task.clip, chunks)
            info, source = _info(task.path), read_source(task.path, task.seen)
            return Prepared(info, resolve_encoder(task.encoder, info), chunks, "a stub", Fingerprint.of(source))

        self._answer(name, about, plan)

    def sharpen(self, name: str, task: Any, measure: Any, about: Any, *afar: Any) -> None:
        def work() -> ChunkDone:
            workspace = Workspace(task.folder, task.key, task.provenance_digest)
            if task.chunk.index == 0:
                workspace.preview_file(task.chunk.name).write_text(self._preview)
            frames = range(task.chunk.frames)
            record = _record(task.chunk, [index for index in frames if measure is not None and index in measure.frames])
            workspace.chunk_file(task.chunk.name).write_bytes(b"")
            workspace.save_record(task.chunk.name, record)
            return record.outline

        self._answer(name, about, work)

    def do(self, name: str, task: Any, about: Any) -> None:
        self._answer(name, about, lambda: task(lambda: None))

    def _answer(self, name: str, about: Any, work: Callable[[], Any]) -> None:
        began = time.process_time()
        answer = WorkResult(name, about, work())
        self.cpu_s += time.process_time() - began
        self._about[name] = about
        self._ready.append(answer)

    def answers(self, timeout_s: float) -> list[WorkResult]:
        ready, self._ready = self._ready, []
        for answer in ready:
            self._about[answer.actor] = None
        return ready

    def frames_done(self) -> list[Any]:
        return []

    def stop(self) -> None:
        pass


def preview(picture_chars: int) -> str:
    """Of the form of a real one, with pictures of that size."""

    def picture() -> str:
        return "data:image/webp;base64," + base64.b64encode(os.urandom(picture_chars * 3 // 4)).decode()

    pictures = {name: picture() for name in ("before", "after", "spot_before", "spot_after")}
    return json.dumps({"frame": 7, "time_s": 0.28, "moved": 1.0, "width": 1280, "height": 720,
                       "spot": [0, 0, 480, 270], "pictures": pictures})  # fmt: skip


def _chunk(index: int) -> Chunk:
    mark = PacketMark(index * FRAMES, index * FRAMES, index * FRAMES, 4000)
    return Chunk(index, index * FRAMES, (index + 1) * FRAMES, mark, None, (index + 1) * FRAMES, FRAMES)


def _record(chunk: Chunk, measured: list[int]) -> ChunkRecord:
    figures = {"ssim_input": 0.987, "psnr_input": 41.2, "sharpness_before": 3.1, "sharpness_after": 4.2,
               "change_before": 0.8, "change_after": 0.9}  # fmt: skip
    return ChunkRecord(
        index=chunk.index, frames_expected=FRAMES, pts=tuple(range(chunk.index * FRAMES, (chunk.index + 1) * FRAMES)),
        durations=(1,) * FRAMES, reorder_depth=2, bytes=0, errors=(), began_at=time.time(), decode_s=0.3, model_s=2.0,
        measure_s=0.1, encode_s=1.0, wait_s=0.1, wall_s=2.5, node="node", actor="1", attempt=1,
        measured=tuple({"index": index, **figures} for index in measured), reused_share=0.4,
    )  # fmt: skip


def _info(path: Path) -> ClipInfo:
    return ClipInfo(
        path=path, container="mov,mp4", stream_index=0, codec="h264", time_base=Fraction(1, 25),
        frame_rate=Fraction(25), width=1280, height=720, pix_fmt="yuv420p", sample_aspect_ratio=None,
        colour=Colour(1, 1, 1, 1), chroma_location="left", interlaced=False,
        bottom_field_first=False, display_matrix=None, mastering=None,
        light_level=None, dolby_vision=False, alpha=False, duration_s=60.0, audio_streams=1,
    )  # fmt: skip


def _mux(info: ClipInfo, records: Any, files: Any, target: Path, *_: Any) -> MuxResult:
    target.write_bytes(b"joined")
    return MuxResult("mp4", "mp4", "h264", ())


class Clocks(NoWatcher):
    """Memory when so many clips have ended."""

    def __init__(self, clips: int) -> None:
        self._at = {max(1, clips * part // 10) for part in (1, 5, 10)}
        self._ended = 0
        self.mib: dict[int, int] = {}

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        self._ended += 1
        if self._ended in self._at:
            self.mib[self._ended] = memory_mib("VmRSS")


def no_sync(path: Path) -> None:
    """In the place of `sync`."""


def memory_mib(name: str) -> int:
    """`VmRSS`: what the process has now; `VmHWM`: the most it had."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) // 1024


def timed(spent: dict[str, float], name: str, function: Any) -> Any:
    """The function, adding the CPU time that it takes to `spent`."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        began = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[name] = spent.get(name, 0) + time.process_time() - began

    return wrapper


def main() -> None:
    parser = argparse.ArgumentParser(description="What thousands of clips cost the driver")
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--chunks", type=int, default=6, help="of 10 s, in each clip")
    parser.add_argument("--actors", type=int, default=32)
    parser.add_argument("--picture-chars", type=int, default=40_000, help="of each of a preview's four pictures")
    parser.add_argument("--no-sync", action="store_true", help="do not wait for the disk: a clip waits 20 times")
    said = parser.parse_args()
    waits = mock.patch.object(atomic, "sync", no_sync) if said.no_sync else nullcontext()
    with waits, tempfile.TemporaryDirectory() as folder:
        pool = Actors(said.chunks, said.actors, preview(said.picture_chars))
        print(json.dumps(measure(Path(folder), said.clips, pool), indent=2))


def measure(folder: Path, clips: int, pool: Actors) -> dict[str, Any]:
    """Runs the job twice over simulated clips: once to do them, once to find that all are done."""
    for number in range(clips):
        team = folder / "in" / f"team-{number // 1000:03d}"
        team.mkdir(parents=True, exist_ok=True)
        (team / f"call-{number:06d}.mp4").write_bytes(b"%d" % number)
    config = ProcessConfig((folder / "in",), folder / "out")
    spent: dict[str, float] = {}
    timed(spent, "imports", import_module)("vidsharp.jobs.processing.report_job")
    machines = mock.Mock(nodes=lambda: [{"CPU": 4.0}] * len(pool.names()))
    at_start, watcher = memory_mib("VmRSS"), Clocks(clips)
    run = process_job._Run
    with (
        mock.patch.object(process_job, "empty_pool", return_value=pool),
        mock.patch.object(planned_engine, "open_engine", return_value=nullcontext(machines)),
        mock.patch.object(join_clip, "mux_clip", _mux),
        mock.patch.object(process_job, "sort_some", timed(spent, "sort out", process_job.sort_some)),
        mock.patch.object(RunRows, "write", timed(spent, "tables", RunRows.write)),
        mock.patch.object(run, "_page", timed(spent, "page", run._page)),
    ):
        began = time.process_time()
        result = process_job.process(config, watcher)
        whole_s, peak = time.process_time() - began - pool.cpu_s, memory_mib("VmHWM")
        assert result.count("done") == clips, result.rows[0]
        first = dict(spent)
        print(
            f"{clips} clips done in {whole_s:.0f} s of the driver's CPU time; most memory {peak} MiB", file=sys.stderr
        )
        began, clock = time.process_time(), time.perf_counter()
        assert process_job.process(config).count("skipped") == clips
        again = {"cpu_s": time.process_time() - began, "wall_s": time.perf_counter() - clock}
    assert result.page is not None
    return {
        "clips": clips,
        "chunks": clips * pool.chunks,
        "driver_ms_per_clip": round(1000 * (whole_s - first["page"]) / clips, 2),
        "of_which_s": {name: round(seconds, 1) for name, seconds in {"all": whole_s, **first}.items()},
        "actors_s": round(pool.cpu_s, 1),
        "again": {name: round(seconds, 1) for name, seconds in again.items()},
        "memory_mib": {"at start": at_start, **{f"{n} clips": mib for n, mib in watcher.mib.items()}, "peak": peak},
        "peak_with_again_mib": memory_mib("VmHWM"),
        "page_bytes": result.page.stat().st_size,
    }


if __name__ == "__main__":
    main()
