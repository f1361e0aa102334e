"""What thousands of clips cost the driver: the whole job with simulated actors, which answer at once.

    python benchmarks/speed/many_clips.py --clips 10000

Prints time and peak memory of the driver as JSON: planning and scheduling, tables, page. Media are neither read nor
written; the plans, rows, previews, tables and the page are real.
"""

import argparse
import base64
import json
import os
import tempfile
import time
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine.actor import Prepared, PrepareTask
from vidsharp.jobs.engine.actors import WorkResult
from vidsharp.jobs.processing import join_clip, process_job
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.jobs.processing.run_rows import RunRows
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.encoder import resolve_encoder
from vidsharp.pipeline.mux import MuxResult
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.probe import ClipInfo, Colour
from vidsharp.pipeline.workspace import Workspace

FRAMES = 250
"""In each chunk: 10 s at 25 fps."""
PICTURE_CHARS = 40_000


class Actors:
    """In the place of `ActorPool`."""

    def __init__(self, chunks: int, actors: int) -> None:
        self._chunks = chunks
        self._preview = preview()
        self._about: dict[str, Any] = {f"actor-{number}": None for number in range(actors)}
        self._ready: list[WorkResult] = []

    def names(self) -> list[str]:
        return list(self._about)

    ready = names

    def idle(self) -> list[str]:
        return [name for name, about in self._about.items() if about is None]

    @property
    def busy(self) -> bool:
        return bool(self._ready)

    def grow(self, actors: int) -> None:
        pass

    def prepare(self, name: str, task: PrepareTask, about: Any) -> None:
        chunks = tuple(_chunk(index) for index in range(self._chunks))
        Workspace(task.folder, task.key).begin(task.clip, chunks)
        info = _info(task.path)
        self._answer(name, about, Prepared(info, resolve_encoder(task.encoder, info), chunks, "a stub"))

    def sharpen(self, name: str, task: Any, measure: Any, about: Any) -> None:
        workspace = Workspace(task.folder, task.key)
        if task.chunk.index == 0:
            workspace.preview_file(task.chunk.name).write_text(self._preview)
        measured = [index for index in range(task.chunk.frames) if measure is not None and index in measure.frames]
        self._answer(name, about, _record(task.chunk, measured))

    def _answer(self, name: str, about: Any, value: Any) -> None:
        self._about[name] = about
        self._ready.append(WorkResult(name, about, value))

    def answers(self, timeout_s: float) -> list[WorkResult]:
        ready, self._ready = self._ready, []
        for answer in ready:
            self._about[answer.actor] = None
        return ready

    def frames_done(self) -> list[Any]:
        return []

    def stop(self) -> None:
        pass


def preview() -> str:
    """Of the size and form of a real one."""

    def picture() -> str:
        return "data:image/webp;base64," + base64.b64encode(os.urandom(PICTURE_CHARS * 3 // 4)).decode()

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


def memory_mib(name: str) -> int:
    """`VmRSS`: what the process has now; `VmHWM`: the most it had."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) // 1024


def timed(spent: dict[str, float], name: str, function: Any) -> Any:
    """The function, adding its time to `spent`."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            spent[name] = spent.get(name, 0) + time.perf_counter() - began

    return wrapper


def main() -> None:
    parser = argparse.ArgumentParser(description="What thousands of clips cost the driver")
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--chunks", type=int, default=6, help="of 10 s, in each clip")
    parser.add_argument("--actors", type=int, default=32)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), said.clips, said.chunks, said.actors), indent=2))


def measure(folder: Path, clips: int, chunks: int, actors: int) -> dict[str, Any]:
    """Runs the job twice over simulated clips: once to do them, once to find that all are done."""
    (folder / "in").mkdir()
    for number in range(clips):
        (folder / "in" / f"call-{number:06d}.mp4").write_bytes(b"%d" % number)
    config = ProcessConfig((folder / "in",), folder / "out")
    spent: dict[str, float] = {}
    machines = mock.Mock(nodes=lambda: [{"CPU": 4.0}] * actors)
    at_start, watcher = memory_mib("VmRSS"), Clocks(clips)
    run = process_job._Run
    with (
        mock.patch.object(process_job, "ActorPool", side_effect=[Actors(chunks, actors)]),
        mock.patch.object(process_job, "open_engine", return_value=nullcontext(machines)),
        mock.patch.object(join_clip, "mux_clip", _mux),
        mock.patch.object(run, "_sort_out", timed(spent, "find and plan", run._sort_out)),
        mock.patch.object(RunRows, "write", timed(spent, "tables", RunRows.write)),
        mock.patch.object(run, "_page", timed(spent, "page", run._page)),
    ):
        began = time.perf_counter()
        result = process_job.process(config, watcher)
        whole_s, peak = time.perf_counter() - began, memory_mib("VmHWM")
        assert result.count("done") == clips, result.rows[0]
        first = {name: round(seconds, 1) for name, seconds in spent.items()}
        began = time.perf_counter()
        assert process_job.process(config).count("skipped") == clips
        again_s = time.perf_counter() - began
    assert result.page is not None
    return {
        "clips": clips,
        "chunks": clips * chunks,
        "run_s": round(whole_s, 1),
        "ms_per_clip": round(1000 * (whole_s - sum(first.values())) / clips, 2),
        "of_which_s": first,
        "again_s": round(again_s, 1),
        "memory_mib": {"at start": at_start, **{f"{n} clips": mib for n, mib in watcher.mib.items()}, "peak": peak},
        "peak_with_again_mib": memory_mib("VmHWM"),
        "page_bytes": result.page.stat().st_size,
    }


if __name__ == "__main__":
    main()
