"""The main job: recordings in, sharpened recordings and tables out, on the actors of one machine or of a cluster."""

import logging
import time
from collections import deque
from collections.abc import Container, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from filelock import FileLock, Timeout

from ...models.errors import VidsharpError
from ...models.nets.catalogue import check_model, chroma_of, look_of
from ...models.wording import counted
from ...pipeline.atomic import make_folder
from ...pipeline.encoders import check_encoder_name
from ...pipeline.errors import MediaError, OutputError, disk_sentence
from ...pipeline.plan import Chunk
from ...pipeline.recording import silence
from ...pipeline.sample import ALL, by_chunk, sample, usual_count
from ...pipeline.sharpen_chunk import DEFAULT_MEMORY_BYTES, ChunkTask
from ...pipeline.workspace import Workspace
from ..config import ProcessConfig, UsageError
from ..engine.actor import MadeOtherwise, Prepared, PrepareTask
from ..engine.actors import POLL_S, ActorPool, Answer
from ..engine.engines import open_engine
from ..engine.measure_task import MeasureTask
from ..engine.pool import actors_that_fit, plan_pool
from ..engine.protocol import Engine
from ..engine.schedule import MAX_RETRIES, Schedule, Work
from ..files.clips import REPORT_FOLDER, WORK_FOLDER, Clip, printable
from ..files.earlier_run import source_columns, standing
from ..files.open_storage import open_storage
from ..files.output_paths import check_inside, check_names_apart, check_output_folder
from ..files.report_folder import ClipRows, ReportFolder
from ..files.storage import Storage, url_of
from .clip_work import ClipWork, encoder_choice, failed_row
from .join_clip import FinalNames, changed, join_clip
from .made_with import what_counts
from .progress import NoWatcher, Watcher
from .report_job import write_page
from .run_record import recorded
from .run_rows import RunRows

log = logging.getLogger("vidsharp")

NODES_EVERY_S = 5.0
"""How often the driver looks for machines that have joined."""
LOOKED_FOR = 5
"""Recordings of each folder that are looked for on each node before it gets work."""
WAIT_WARNING_S = 60.0
"""How long a run is without any actor before it says so, and says it again."""


@dataclass(frozen=True)
class ProcessResult:
    """The outcome of a run."""

    report: Path
    """The folder with the tables."""
    page: Path | None
    """The HTML report, where one was asked for and could be written."""
    shown: str
    """Where people find the page, or else the tables; a URL where the output is on object storage (the paths are then
    of the staging folder, which is removed when all is finished)."""
    rows: tuple[dict[str, Any], ...]
    """The `clips` rows of this run's clips."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many files of the folders were not taken as recordings, by ending."""

    def count(self, status: str) -> int:
        """Clips that ended as `done`, `resumed`, `skipped` or `failed`."""
        return sum(row["status"] == status for row in self.rows)


def process(config: ProcessConfig, watcher: Watcher | None = None) -> ProcessResult:
    """Sharpens recordings. Finished clips are skipped, unfinished ones resume from their finished chunks.

    One clip's failure is a row in the tables and stops no other.

    Raises:
        UsageError: nothing to do, or the output folder cannot be used.
        ModelError, CheckpointError, EncoderError, DeviceError, ClusterError: what was asked for is not there.
        OutputError: the tables cannot be written.
    """
    silence()
    asked = config
    check_model(config.model)
    chosen = {"look": look_of(config.model, config.look), "chroma": chroma_of(config.model, config.chroma)}
    storage = open_storage(replace(config, **chosen))
    clips, config = storage.find(), storage.config
    if config.encoder:
        check_encoder_name(config.encoder)
    work_root = config.out.absolute() / WORK_FOLDER
    try:
        check_output_folder(config.out.absolute())
        make_folder(config.out.absolute())  # on its own, so that an error names the folder that was asked for
        make_folder(work_root)
        lock = FileLock(work_root / "lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(
            f"another vidsharp is writing to {url_of(asked.out) or asked.out}; wait for it, or choose another --out"
        ) from error
    except OutputError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(disk_sentence(error, config.out)) from error
    try:
        check_names_apart(clips, work_root)
        storage.begin()
        run = _Run(storage, clips, work_root, watcher or NoWatcher())
        try:
            with recorded(run.report.folder, asked, run.rows.clips):
                return run.run()
        finally:
            try:
                storage.save_report(run.report.folder)
            except OutputError as error:  # the record of the run: what it ended with matters more
                log.error("%s", error)
    finally:
        with suppress(OSError):  # the disk may have become read-only, or the folder be gone
            (work_root / "lock").unlink()  # while it is held: who waits for it must not get a deleted file
        lock.release()
        with suppress(OSError):
            work_root.rmdir()  # unless it still holds work
        storage.close()


class _Run:
    """The state of one call of `process`: what waits, what is under way, what is done."""

    def __init__(self, storage: Storage, clips: Sequence[Clip], work_root: Path, watcher: Watcher) -> None:
        self.storage = storage
        self.config = config = storage.config
        self.clips = clips
        self.out = config.out.absolute()
        self.work_root = work_root
        self.watcher = watcher
        self.encoder = encoder_choice(config)
        self.report = ReportFolder(self.out / REPORT_FOLDER)
        self.rows = RunRows(self.report, storage)
        self.settings = what_counts(config)
        self.names = FinalNames(self.out, {clip.name for clip in clips}, config.overwrite, storage.inputs)
        self.earlier: dict[str, dict[str, Any]] = {}
        self.to_prepare: deque[tuple[Clip, Workspace, int]] = deque()
        self.preparing: set[str] = set()
        self.schedule = Schedule()
        self.under_way: dict[str, ClipWork] = {}
        self.joining: dict[Future[ClipRows], ClipWork] = {}
        self.stop = Event()
        """Has a join that is under way end soon: its chunks stay."""
        self.had_actors_at = time.monotonic()
        self.look_for_nodes_at = self.had_actors_at + NODES_EVERY_S

    def run(self) -> ProcessResult:
        self.rows.adopt(self.work_root)
        self.watcher.run_started(len(self.clips))
        self._sort_out()
        try:
            if self.to_prepare:
                with open_engine(self.config.engine, self.config.address) as engine:
                    self._work(engine)
        finally:
            self.rows.write()
        page = self._page()
        rows = tuple(self.rows.clips[clip.name] for clip in self.clips)
        shown = self.storage.shown(page or self.report.folder)
        return ProcessResult(self.report.folder, page, shown, rows, dict(self.storage.passed_over.by_ending))

    def _page(self) -> Path | None:
        try:
            if not self.config.page:
                return None
            page = write_page(self.report)
            self.storage.save_report(self.report.folder)
            return page
        except OutputError as error:  # `vidsharp report` makes it later; the run's result stands
            log.error("%s", error)
            return None

    # Before any work: what is finished, what cannot be done.

    def _sort_out(self) -> None:
        self.earlier = self.report.earlier()
        self.names.owners.update({row["out"]: name for name, row in self.earlier.items() if row["out"]})
        for clip in self.clips:
            try:
                check_inside(self.out, self.out / clip.relative)
                workspace = Workspace.of(self.work_root, clip.name, self.storage.key(clip, self.settings))
                row = self.earlier.get(clip.name, {})
                self._sort(clip, row, workspace)
            except (MediaError, OutputError) as error:
                self._fail(clip, str(error))
        unmeasured = sum(
            row["status"] == "skipped" and row["ssim_ref_after"] is None for row in self.rows.clips.values()
        )
        if self.config.reference is not None and unmeasured:
            clips = counted(unmeasured, "clip was", "clips were")
            log.warning("%s finished without a reference; --overwrite does them again, and measures them", clips)

    def _sort(self, clip: Clip, row: dict[str, Any], workspace: Workspace) -> None:
        if not self.config.overwrite:
            source = self.storage.source(clip)
            found = standing(clip, self.out, row, workspace, source, self.settings)
            if found == "finished":
                workspace.clear()  # which a run was doing when it was killed
                columns = source_columns(source, self.settings, row)
                self._end(ClipRows({**row, "status": "skipped", **columns}), None)
                return
            if found == "clash":
                whose = row.get("source") or "one that has had its name"
                self._refuse(
                    clip,
                    f"{self.storage.shown(self.out / row['out'])} was made of another recording, {whose}; choose "
                    f"another --out for {source.place}, or say --overwrite to replace it",
                )
                return
            if found == "foreign":
                self._fail(
                    clip,
                    f"{self.storage.shown(self.out / clip.relative)} exists and was not made by vidsharp; "
                    "remove it, choose another --out, or say --overwrite",
                )
                return
        # Chunks that are there are of an unfinished run, also with --overwrite: finished clips leave none.
        self.to_prepare.append((clip, workspace, 0))

    # The work.

    def _work(self, engine: Engine) -> None:
        plan = plan_pool(engine.nodes(), self.config.device, self.config.workers)
        self.plan = plan
        pool = ActorPool(
            *(engine, plan, self.config.model, self.config.strength, self._must_see(), self.config.stall_seconds),
            look=self.config.look,
            chroma=self.config.chroma,
        )
        log.debug("%d actors with %d threads each on %s", plan.actors, plan.threads, plan.device)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mux") as muxer:
            try:
                while self.to_prepare or self.preparing or self.under_way or self.joining:
                    self._look_for_nodes(engine, pool)
                    self.storage.fetch((clip for clip, *_ in self.to_prepare), at_most=len(pool.names()) + 2)
                    self._dispatch(pool)
                    if self.to_prepare and not pool.busy:
                        self.storage.wait(POLL_S)
                    for answer in pool.answers(POLL_S if pool.busy else 0):
                        self._take(answer, muxer)
                    self._collect_joined(wait=not pool.busy)
                    self._show_progress(pool)
            finally:
                self.stop.set()
                muxer.shutdown(wait=True, cancel_futures=True)
                pool.stop()

    def _must_see(self) -> Sequence[Sequence[Path]]:
        """What every node needs at the driver's paths: see `check_sees`. The lock proves that its output folder is
        this one."""
        groups: dict[Path, list[Path]] = {self.work_root: [self.work_root / "lock"]}
        for clip, _, _ in self.to_prepare:
            group = groups.setdefault(clip.path.parents[len(clip.relative.parts) - 1], [])
            if len(group) < LOOKED_FOR and clip.path.exists():
                group.append(clip.path)
        if self.config.reference is not None:
            originals = (self._original(clip) for clip, _, _ in islice(self.to_prepare, LOOKED_FOR))
            groups[self.config.reference] = [path for path in originals if path is not None]
        return [group for group in groups.values() if group]

    def _look_for_nodes(self, engine: Engine, pool: ActorPool) -> None:
        """Machines that join get actors, too, and where there is none with room, the log says so.

        Raises:
            ClusterError: as `Engine.nodes`.
        """
        now = time.monotonic()
        if now < self.look_for_nodes_at:
            return
        self.look_for_nodes_at = now + NODES_EVERY_S
        nodes = engine.nodes()
        if self.config.workers is None:
            pool.grow(actors_that_fit(self.plan, nodes))
        if pool.ready():
            self.had_actors_at = now
        elif now - self.had_actors_at > WAIT_WARNING_S:
            self.had_actors_at = now
            needs = counted(self.plan.threads, "CPU") + (" and a GPU" if self.plan.gpus else "")
            way_out = " (--device cpu needs no GPU)" if self.plan.gpus else ""
            log.warning("no node has %s free for a sharpening process; waiting for one%s", needs, way_out)

    def _dispatch(self, pool: ActorPool) -> None:
        for actor in pool.idle():
            work = self.schedule.next_for(actor, [other for other in pool.ready() if other != actor])
            if work is not None:
                clip = self.under_way[work.clip]
                clip.at_work[work.chunk.index] = 0
                task = ChunkTask(
                    info=clip.info,
                    chunk=work.chunk,
                    encoder=clip.encoder,
                    folder=clip.workspace.folder,
                    key=clip.workspace.key,
                    memory_bytes=(self.config.memory_mb or 0) * 1024**2 or DEFAULT_MEMORY_BYTES,
                    attempt=work.retries + 1,
                    provenance_digest=clip.provenance_digest,
                )
                pool.sharpen(actor, task, self._measure(clip, work.chunk.index), work)
            elif self._next_is_here():
                clip, workspace, tries = self.to_prepare.popleft()
                self.preparing.add(clip.name)
                task = PrepareTask(
                    path=clip.path,
                    clip=clip.name,
                    folder=workspace.folder,
                    key=workspace.key,
                    chunk_seconds=self.config.chunk_seconds,
                    encoder=self.encoder,
                    original=self._original(clip),
                )
                pool.prepare(actor, (task,), (clip, workspace, tries))

    def _next_is_here(self) -> bool:
        """Whether the next clip can be prepared. Those that cannot be had have failed."""
        while self.to_prepare:
            clip, *_ = self.to_prepare[0]
            try:
                return self.storage.fetched(clip)
            except MediaError as error:
                self.to_prepare.popleft()
                self._fail(clip, str(error))
        return False

    def _original(self, clip: Clip) -> Path | None:
        original = self.config.reference and self.config.reference.absolute() / clip.relative
        return original if original and original.exists() else None

    def _sample(self, chunks: Sequence[Chunk]) -> Sequence[Container[int]]:
        """For each chunk, which of its frames are measured."""
        counts = [chunk.frames for chunk in chunks]
        wanted = self.config.measure
        if wanted == "off":
            return [()] * len(chunks)
        if wanted == "every":
            return [ALL] * len(chunks)
        frames = sum(counts)
        return by_chunk(sample(frames, usual_count(frames) if wanted == "auto" else wanted), counts)

    def _measure(self, clip: ClipWork, index: int) -> MeasureTask | None:
        if not clip.sample[index]:
            return None
        original = clip.original.of(clip.chunks[index]) if clip.original else None
        return MeasureTask(clip.sample[index], original, preview=self.config.page)

    def _take(self, answer: Answer, muxer: ThreadPoolExecutor) -> None:
        if isinstance(answer.about, Work):
            self._take_chunk(answer, answer.about)
        else:
            self._take_prepared(answer, *answer.about)
        for work in [work for work in self.under_way.values() if work.complete]:
            del self.under_way[work.clip.name]
            joining = muxer.submit(
                join_clip, work, self.storage, self.settings, self.names, self.report, self.plan, self.stop
            )
            self.joining[joining] = work

    def _take_prepared(self, answer: Answer, clip: Clip, workspace: Workspace, tries: int) -> None:
        self.preparing.discard(clip.name)
        if answer.error is not None:
            if answer.permanent or tries >= MAX_RETRIES:
                self._fail(clip, answer.sentence)
            else:
                about = {"clip": clip.name, "actor": answer.actor}
                log.warning("%s: %s; trying again", clip.name, answer.sentence, extra=about)
                self.to_prepare.appendleft((clip, workspace, tries + 1))
            return
        prepared: Prepared = answer.value
        work = ClipWork(
            clip=clip,
            workspace=workspace,
            info=prepared.info,
            encoder=prepared.encoder,
            chunks=prepared.chunks,
            records=dict(prepared.done),
            reused=frozenset(prepared.done),
            began=time.monotonic(),
            sample=self._sample(prepared.chunks),
            original=prepared.original,
            provenance_digest=prepared.provenance_digest,
            retries=tries,
        )
        self.under_way[clip.name] = work
        self.schedule.add(clip.name, [chunk for chunk in prepared.chunks if chunk.index not in prepared.done])
        self.watcher.clip_started(clip.name, work.frames_expected, work.frames_done)

    def _take_chunk(self, answer: Answer, work: Work) -> None:
        clip = self.under_way.get(work.clip)
        if clip is None:
            return  # its clip has failed meanwhile
        clip.at_work.pop(work.chunk.index, None)
        about = {"clip": work.clip, "chunk": work.chunk.index, "actor": answer.actor}
        if answer.error is None:
            clip.records[work.chunk.index] = answer.value
            log.debug("%s: %s: done", work.clip, work.chunk.name, extra={**about, "node": answer.value.node})
            return
        if isinstance(answer.error, MadeOtherwise) and self._pass_on(clip, work, answer.actor):
            return
        again = None if answer.permanent else self.schedule.retry(work, answer.actor)
        if again is None:
            self.schedule.drop(work.clip)
            del self.under_way[work.clip]
            tried = f" (tried {work.retries + 1} times)" if work.retries else ""
            self._give_up(clip, answer.sentence + tried)
            return
        clip.retries += 1
        log.warning("%s: %s: %s; trying again", work.clip, work.chunk.name, answer.sentence, extra=about)

    def _pass_on(self, clip: ClipWork, work: Work, actor: str) -> bool:
        """Leaves a chunk to an actor that makes pictures as the clip's plan says. Where none is left, and no chunk of
        the old plan is at work any more, the clip is planned again; False where that has been tried often enough."""
        if actor not in work.tried_on or clip.at_work:
            self.schedule.pass_on(work, actor)
            return True
        if clip.retries >= MAX_RETRIES:
            return False
        self.schedule.drop(work.clip)
        del self.under_way[work.clip]
        self.to_prepare.appendleft((clip.clip, clip.workspace, clip.retries + 1))
        return True

    def _show_progress(self, pool: ActorPool) -> None:
        for work, frames in pool.frames_done():
            clip = self.under_way.get(work.clip)
            if clip is not None and work.chunk.index in clip.at_work:
                clip.at_work[work.chunk.index] = frames
        for name, clip in self.under_way.items():
            self.watcher.clip_moved(name, clip.frames_done)

    # The end of a clip.

    def _collect_joined(self, *, wait: bool) -> None:
        if wait and self.joining and not self.to_prepare and not self.schedule.waiting:
            wait_for(self.joining, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in [future for future in self.joining if future.done()]:
            work = self.joining.pop(future)
            error = future.exception()
            if error is None:
                self._end(future.result(), work.workspace.folder)
            elif isinstance(error, VidsharpError):
                self._give_up(work, str(error))
            else:
                log.debug("joining %s", work.clip.name, exc_info=error, extra={"clip": work.clip.name})
                self._fail(work.clip, f"its chunks could not be joined: {type(error).__name__}: {error}")

    def _give_up(self, work: ClipWork, sentence: str) -> None:
        with suppress(MediaError):  # a recording that is gone; what it was found by says so
            sentence = changed(work, self.storage.key(work.clip, self.settings)) or sentence
        self._fail(work.clip, sentence)

    def _fail(self, clip: Clip, sentence: str) -> None:
        # The result of an earlier run stays where it is, and stays known as ours, and as that recording's.
        row = self.earlier.get(clip.name, {})
        kept = {name: row.get(name) for name in ("out", "source", "fingerprint")}
        self._end(ClipRows({**failed_row(clip, self.config, printable(sentence)), **kept}), None)

    def _refuse(self, clip: Clip, sentence: str) -> None:
        row = failed_row(clip, self.config, printable(sentence))
        self.storage.release(clip.name)
        self.watcher.clip_ended(clip.name, row["status"], row["error"], None)
        self.rows.refuse(row)

    def _end(self, rows: ClipRows, workspace: Path | None) -> None:
        row = rows.clip
        self.storage.release(row["clip"])
        self.watcher.clip_ended(row["clip"], row["status"], row.get("error"), row.get("fps"))
        self.rows.add(rows, workspace)
