"""The main job: recordings in, sharpened recordings and tables out, on the actors of one machine or of a cluster."""

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from ...models.errors import GpuLost, VidsharpError
from ...models.nets.catalogue import check_model, chroma_of, look_of
from ...models.wording import counted
from ...pipeline.encoders import check_encoder_name
from ...pipeline.errors import MediaError, OutputError
from ...pipeline.recording import silence
from ...pipeline.workspace import Workspace
from ..config import ProcessConfig
from ..engine.actor import MadeOtherwise, Prepared
from ..engine.actors import POLL_S, ActorPool, WorkResult
from ..engine.engines import open_engine
from ..engine.gpu_trial import plan_run
from ..engine.protocol import Engine
from ..engine.schedule import MAX_RETRIES, Work
from ..exit_code import another_run_helps
from ..files.clips import REPORT_FOLDER, Clip, printable
from ..files.earlier_run import clip_state, part_of, source_columns
from ..files.open_storage import open_storage
from ..files.output_paths import check_inside, check_names_apart
from ..files.report_folder import ClipRows, ReportFolder
from ..files.storage import Storage, url_of
from ..notifying.clip_hooks import ClipHooks
from ..notifying.hooks import hooks_of
from .clip_states import ClipStates
from .clip_work import ClipWork, encoder_choice, failed_row
from .copy_clip import copy_clip
from .imports_ahead import import_ahead
from .join_clip import FinalNames, TooLarge, changed, join_clip
from .node_watch import NodeWatch, must_see
from .process_result import ProcessResult
from .progress import NoWatcher, Watcher
from .run_lock import RunLock
from .run_record import RunTotals, recorded
from .run_rows import RunRows
from .run_settings import fingerprint_settings
from .worker_tasks import chunk_task, measure_task, measured_frames, prepare_task

log = logging.getLogger("vidsharp")


def process(
    config: ProcessConfig, watcher: Watcher | None = None, take: Callable[[Clip], bool] = lambda _: True
) -> ProcessResult:
    """Sharpens recordings. Finished clips are skipped, unfinished ones resume from their finished chunks.

    One clip's failure is a row in the tables and stops no other.

    Args:
        take: which of the recordings that are found are this run's.

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
    lock = RunLock(config.out, url_of(asked.out) or asked.out)
    try:
        check_names_apart(clips, lock.work_root)
        storage.begin()
        run = _Run(storage, [*filter(take, clips)], {clip.name for clip in clips}, lock, watcher or NoWatcher())
        try:
            with recorded(run.report.folder, asked, run.rows.clips, run.totals):
                return run.run()
        finally:
            try:
                storage.save_report(run.report.folder)
            except OutputError as error:  # the record of the run: what it ended with matters more
                log.error("%s", error)
    finally:
        lock.release()
        storage.close()


class _Run:
    """The state of one call of `process`: what waits, what is under way, what is done."""

    def __init__(
        self, storage: Storage, clips: Sequence[Clip], names: Collection[str], lock: RunLock, watcher: Watcher
    ) -> None:
        self.storage = storage
        self.config = config = storage.config
        self.clips = clips
        self.out = config.out.absolute()
        self.lock = lock
        self.work_root = lock.work_root
        self.watcher = watcher
        self.encoder = encoder_choice(config)
        self.report = ReportFolder(self.out / REPORT_FOLDER)
        self.rows = RunRows(self.report, storage)
        self.settings = fingerprint_settings(config)
        self.names = FinalNames(self.out, names, config.overwrite, storage.inputs)
        self.earlier: dict[str, dict[str, Any]] = {}
        self.states = ClipStates()
        self.totals = RunTotals()
        self.hooks = ClipHooks(hooks_of(config), lambda name: storage.shown(self.out / name))
        self.stop = Event()
        """Has a join that is under way end soon: its chunks stay."""

    def run(self) -> ProcessResult:
        self.rows.adopt(self.work_root)
        self.watcher.run_started(len(self.clips))
        try:
            with self.hooks:
                self._sort_out()
                if self.states.to_prepare:
                    with open_engine(self.config.engine, self.config.address) as engine:
                        self._work(engine)
        finally:
            self.rows.write()
        page = self._page()
        rows = tuple(self.rows.clips[clip.name] for clip in self.clips)
        shown = self.storage.shown(page or self.report.folder)
        passed_over = dict(self.storage.passed_over.by_ending)
        return ProcessResult(self.report.folder, page, shown, rows, passed_over, self.totals.run_again)

    def _page(self) -> Path | None:
        try:
            if not self.config.page:
                return None
            from .report_job import write_page

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
                self._fail(clip, str(error), error)
        rows = self.rows.clips.values()
        unmeasured = sum(row["status"] == "skipped" and row["ssim_ref_after"] is None for row in rows)
        if self.config.reference is not None and unmeasured:
            clips = counted(unmeasured, "clip was", "clips were")
            log.warning("%s finished without a reference; --overwrite does them again, and measures them", clips)

    def _sort(self, clip: Clip, row: dict[str, Any], workspace: Workspace) -> None:
        if not self.config.overwrite:
            source = self.storage.source(clip)
            found = clip_state(clip, self.out, row, workspace, source, self.settings, self.config.part)
            if found == "finished":
                workspace.clear()  # which a run was doing when it was killed
                columns = source_columns(source, self.settings, row)
                self._end(ClipRows({**row, "status": "skipped", **columns}), None)
                return
            if found in ("clash", "other part"):
                whose = f"another recording, {row.get('source') or 'one that has had its name'}"
                what, other = (source.place, whose) if found == "clash" else (self.config.part, part_of(row))
                self._refuse(
                    clip,
                    f"{self.storage.shown(self.out / row['out'])} was made of {other}; choose another --out for "
                    f"{what}, or say --overwrite to replace it",
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
        self.states.to_prepare.append((clip, workspace, 0))

    # The work.

    def _work(self, engine: Engine) -> None:
        seen = must_see(self.lock.file, [clip for clip, *_ in self.states.to_prepare], self.config)
        self.plan = plan = plan_run(engine, self.config, seen)
        pool = ActorPool(
            *(engine, plan, self.config.model, self.config.strength, seen, self.config.stall_seconds),
            look=self.config.look,
            chroma=self.config.chroma,
        )
        log.debug("%d actors with %d threads each on %s", plan.actors, plan.threads, plan.device)
        nodes = NodeWatch(engine, plan, grows=self.config.workers is None)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mux") as muxer:
            try:
                while self.states.any_left:
                    nodes.look(pool)
                    self.storage.fetch((clip for clip, *_ in self.states.to_prepare), at_most=len(pool.names()) + 2)
                    self._dispatch(pool)
                    if self.states.to_prepare and not pool.busy:
                        self.storage.wait(POLL_S)
                    for answer in pool.answers(POLL_S if pool.busy else 0):
                        self._take(answer, muxer)
                        import_ahead(page=self.config.page)
                    self._collect_joined(wait=not pool.busy)
                    self._show_progress(pool)
                    self.hooks.collect()
            finally:
                self.stop.set()
                muxer.shutdown(wait=True, cancel_futures=True)
                pool.stop()

    def _dispatch(self, pool: ActorPool) -> None:
        for actor in pool.idle():
            work = self.states.schedule.next_for(actor, [other for other in pool.ready() if other != actor])
            if work is not None:
                clip = self.states.under_way[work.clip]
                clip.at_work[work.chunk.index] = 0
                measure = measure_task(self.config, clip, work.chunk.index)
                pool.sharpen(actor, chunk_task(self.config, clip, work), measure, work)
            elif self._next_is_here():
                clip, workspace, tries = self.states.to_prepare.popleft()
                self.states.preparing.add(clip.name)
                tighter = clip.name in self.states.tighter
                task = prepare_task(self.config, clip, workspace, self.encoder, tighter=tighter)
                pool.prepare(actor, task, (clip, workspace, tries))

    def _next_is_here(self) -> bool:
        """Whether the next clip can be prepared. Those that cannot be had have failed."""
        while self.states.to_prepare:
            clip, *_ = self.states.to_prepare[0]
            try:
                return self.storage.fetched(clip)
            except MediaError as error:
                self.states.to_prepare.popleft()
                self._fail(clip, str(error), error)
        return False

    def _take(self, answer: WorkResult, muxer: ThreadPoolExecutor) -> None:
        if isinstance(answer.about, Work):
            self._take_chunk(answer, answer.about)
        else:
            self._take_prepared(answer, *answer.about)
        self.states.give_up_too_large()
        self.states.plan_outdated_again()
        for work in self.states.take_complete():
            end = join_clip if work.copied is None else copy_clip
            about = (self.storage, self.settings, self.names, self.report, self.plan, self.stop)
            self.states.joining[muxer.submit(end, work, *about)] = work

    def _take_prepared(self, answer: WorkResult, clip: Clip, workspace: Workspace, tries: int) -> None:
        self.states.preparing.discard(clip.name)
        if answer.error is not None:
            if answer.permanent or tries >= MAX_RETRIES:
                self._fail(clip, answer.sentence, answer.error)
            else:
                about = {"clip": clip.name, "actor": answer.actor}
                log.warning("%s; trying again", answer.sentence, extra=about)
                self.states.to_prepare.appendleft((clip, workspace, tries + 1))
            return
        self.states.tighter.discard(clip.name)
        prepared: Prepared = answer.value
        work = self.states.begin(clip, workspace, prepared, measured_frames(self.config, prepared.chunks), tries)
        if work.copied is None:
            self.watcher.clip_started(clip.name, work.frames_expected, work.frames_done)

    def _take_chunk(self, answer: WorkResult, work: Work) -> None:
        clip = self.states.under_way.get(work.clip)
        if clip is None:
            return  # its clip has failed meanwhile
        clip.at_work.pop(work.chunk.index, None)
        if clip.outdated:
            return
        about = {"clip": work.clip, "chunk": work.chunk.index, "actor": answer.actor}
        if answer.error is None:
            clip.records[work.chunk.index] = answer.value
            log.debug("done", extra={**about, "node": answer.value.node})
            return
        if isinstance(answer.error, MadeOtherwise) and self.states.pass_on(clip, work, answer.actor):
            return
        gpu_lost = isinstance(answer.error, GpuLost)
        again = None if answer.permanent else self.states.schedule.retry(work, answer.actor, gpu_lost=gpu_lost)
        if again is None:
            self.states.drop(work.clip)
            tried = f" (tried {work.attempt} times)" if work.attempt > 1 else ""
            self._give_up(clip, answer.sentence + tried, answer.error)
            return
        clip.retries += 1
        log.warning("%s; trying again", answer.sentence, extra=about)

    def _show_progress(self, pool: ActorPool) -> None:
        self.states.note_progress(pool.frames_done())
        for name, clip in self.states.under_way.items():
            self.watcher.clip_moved(name, clip.frames_done)

    # The end of a clip.

    def _collect_joined(self, *, wait: bool) -> None:
        if wait and self.states.joining and not self.states.to_prepare and not self.states.schedule.waiting:
            wait_for(self.states.joining, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in [future for future in self.states.joining if future.done()]:
            work, error = self.states.joining.pop(future), future.exception()
            if error is None:
                self._end(future.result(), work.workspace.folder)
            elif isinstance(error, TooLarge):
                self.states.plan_tighter(work)
            elif isinstance(error, VidsharpError):
                self._give_up(work, str(error), error)
            else:
                log.debug("joining", exc_info=error, extra={"clip": work.clip.name})
                self._fail(work.clip, f"its chunks could not be joined: {type(error).__name__}: {error}")

    def _give_up(self, work: ClipWork, sentence: str, error: BaseException | None) -> None:
        with suppress(MediaError):  # a recording that is gone; what it was found by says so
            sentence = changed(work, self.storage.key(work.clip, self.settings)) or sentence
        self._fail(work.clip, sentence, error)

    def _fail(self, clip: Clip, sentence: str, error: BaseException | None = None) -> None:
        self.totals.run_again |= another_run_helps(error)
        # The result of an earlier run stays where it is, and stays known as ours, and as that recording's.
        row = self.earlier.get(clip.name, {})
        kept = {name: row.get(name) for name in ("out", "source", "fingerprint", "start_s", "end_s")}
        self._end(ClipRows({**failed_row(clip, self.config, printable(sentence)), **kept}), None)

    def _refuse(self, clip: Clip, sentence: str) -> None:
        row = failed_row(clip, self.config, printable(sentence))
        self.storage.release(clip.name)
        self.watcher.clip_ended(clip.name, row["status"], row["error"], None)
        self.hooks.end(ClipRows(row), lambda rows: self.rows.refuse(rows.clip))

    def _end(self, rows: ClipRows, workspace: Path | None) -> None:
        row = rows.clip
        self.storage.release(row["clip"])
        self.watcher.clip_ended(row["clip"], row["status"], row.get("error"), row.get("fps"))
        self.totals.add(row, rows.chunks)
        self.hooks.end(rows, lambda rows: self.rows.add(rows, workspace))
