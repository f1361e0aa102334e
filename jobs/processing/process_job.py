"""The main job: recordings in, sharpened recordings and tables out, on the actors of one machine or of a cluster."""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ...models.nets.catalogue import AUTO, called
from ...models.wording import counted, one_line
from ...pipeline.encoders import check_encoder_name
from ...pipeline.errors import OutputError
from ...pipeline.fingerprint import StateKeys
from ...pipeline.recording import silence
from ..config import ProcessConfig
from ..engine.actor import MadeOtherwise, NotToDo, Prepared
from ..engine.actors import POLL_S, ActorPool
from ..engine.node import Needed
from ..engine.planned_engine import PlannedEngine
from ..engine.pool import PoolPlan
from ..engine.schedule import Work
from ..engine.tries import MAX_RETRIES
from ..engine.work_result import WorkResult
from ..files.clips import REPORT_FOLDER, Clip, of_shard
from ..files.open_storage import open_storage
from ..files.output_paths import check_names_apart
from ..files.previews import keep_preview
from ..files.report_folder import ReportFolder
from ..files.storage import Storage, url_of
from ..notifying.clip_hooks import ClipHooks
from ..notifying.hooks import hooks_of
from .clip_ends import ClipEnds
from .clip_states import ClipStates, Waiting
from .clip_work import encoder_choice
from .final_names import FinalNames
from .hand_out import HandOut, Side
from .imports_ahead import import_ahead
from .join_clip import ChunksMissing, Joined, Mixed, TooLarge
from .join_queue import JoinWork
from .node_watch import NodeWatch, empty_pool, must_see
from .past_results import PastResults
from .process_result import ProcessResult
from .progress import NoWatcher, Watcher
from .run_lock import RunLock
from .run_metrics import RunMeter
from .run_record import RunTotals, recorded, without_secrets
from .run_rows import RunRows
from .run_settings import fingerprint_settings, with_choices
from .scratch import Scratch
from .sort_clips import sort_some
from .worker_tasks import measured_frames, run_facts

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
    storage = open_storage(with_choices(config))
    clips, config = storage.find(), storage.config
    if config.encoder:
        check_encoder_name(config.encoder)
    lock = RunLock(config.out, url_of(asked.out) or asked.out, config.shard)
    try:
        check_names_apart(clips, lock.work_root)
        storage.begin()
        mine = [*filter(take, of_shard(clips, config.shard))]
        run = _Run(storage, mine, {clip.name for clip in clips}, lock, watcher or NoWatcher())
        try:
            with recorded(run.report.folder, asked, run.rows.counts, run.totals):
                return run.run()
        finally:
            try:
                run.rows.save()
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
        self.asked = self.config = config = storage.config
        self.clips = clips
        self.out = config.out.absolute()
        self.lock = lock
        self.work_root = lock.work_root
        self.watcher = watcher
        self.report = ReportFolder(self.out / REPORT_FOLDER)
        self.rows = RunRows(self.report, storage)
        self.all_names = names
        self.states = ClipStates()
        self.scratch = Scratch(storage, None if config.scratch_gb is None else config.scratch_gb * 1e9)
        self.shown_at = 0.0
        self.totals = RunTotals()
        label = without_secrets(storage.shown(self.out))
        self.meter = RunMeter(label, config.metrics, self.states, self.rows.counts)
        self.hooks = ClipHooks(hooks_of(config), lambda name: storage.shown(self.out / name))

    def run(self) -> ProcessResult:
        self.meter.tell()
        self.rows.adopt(self.work_root)
        self.watcher.run_started(len(self.clips))
        try:
            with self.hooks, PlannedEngine(self.config, lambda: self._needed) as engine:
                self._choose_student(engine)
                self._look_back()
                while self.states.unsorted and not self.states.to_prepare:
                    sort_some(self.states, self.past, self.ends)
                if self.states.to_prepare:
                    self._work(engine)
        except BaseException:
            self.rows.write()
            raise
        finally:
            self.meter.tell()
        self.rows.finish()
        if self.config.reference is not None and self.rows.unmeasured:
            clips = counted(self.rows.unmeasured, "clip was", "clips were")
            log.warning("%s finished without a reference; --overwrite does them again, and measures them", clips)
        page = self._page()
        rows = self.rows.of([clip.name for clip in self.clips])
        shown = self.storage.shown(page or self.report.folder)
        passed_over = dict(self.storage.passed_over.by_ending)
        counts = dict(self.rows.counts)
        return ProcessResult(self.report.folder, page, shown, rows, counts, passed_over, self.totals.run_again)

    def _page(self) -> Path | None:
        try:
            if not self.config.page or self.config.shard is not None:
                return None  # it is of all shards
            from .report_job import write_page

            page = write_page(self.report)
            self.rows.save()
            return page
        except Exception as error:  # the run's result stands, whatever goes wrong with its page
            log.debug("page", exc_info=error)
            log.error("the page could not be made (%s); the same command again makes it", one_line(error))
            return None

    # Before any work: what is finished, what cannot be done.

    def _choose_student(self, engine: PlannedEngine) -> None:
        if str(self.config.model) == AUTO:
            self.config = self.storage.config = with_choices(replace(self.config, model=engine.student()))
        self.settings = fingerprint_settings(self.config)

    @cached_property
    def _needed(self) -> Sequence[Sequence[Needed]]:
        """By every node. Looking costs a request for each recording that is asked about, where these are far."""
        return must_see(self.lock.file, self.clips, self.storage)

    def _look_back(self) -> None:
        earlier = self.report.earlier()
        work_root, keys = self.storage.work_root, StateKeys(self.settings)
        self.past = PastResults(earlier, self.storage, work_root, self.settings, keys)
        told = (self.rows, self.watcher, self.past, self.hooks, self.totals, self.meter)
        self.ends = ClipEnds(self.storage, self.scratch, *told)
        owners = self.report.renamed()
        self.names = FinalNames(self.out, self.all_names, self.config.overwrite, self.storage.inputs, earlier, owners)
        self.states.unsorted.extend(self.clips)

    # The work.

    def _work(self, planned: PlannedEngine) -> None:
        engine, plan = planned.begun()
        if self.asked.model == AUTO and self.config.model != called(AUTO):
            log.info("the student is %s, since GPUs do the work (--model says another one)", self.config.model)
        hand_out = HandOut(
            self.states, self.scratch, self.ends, self.storage, {kind.device: self._side(kind) for kind in plan.kinds}
        )
        pool = empty_pool(engine, plan, self.config, self._needed)
        for kind in plan.kinds:
            log.debug("%d actors with %d threads each on %s", kind.actors, kind.threads, kind.device)
        nodes = NodeWatch(engine, plan, self.config.workers)
        with self.meter.connected(engine, {kind.device: kind.gpus for kind in plan.kinds}):
            try:
                while self.states.any_left:
                    nodes.look(pool, self.states)
                    sort_some(self.states, self.past, self.ends)
                    hand_out.to(pool)
                    if not pool.busy and pool.idle():
                        self._give_up_without_room()
                    for answer in pool.answers(POLL_S if pool.busy else 0):
                        self._take(answer, pool)
                        import_ahead(page=self.config.page)
                    self._show_progress(pool)
                    self.hooks.collect()
                    self.meter.look(pool, nodes.wanted)
                self.scratch.tidy(pool)
            finally:
                pool.stop()

    def _side(self, kind: PoolPlan) -> Side:
        encoder = encoder_choice(self.config, kind.encoders)
        return Side(encoder, run_facts(self.storage, self.report.folder, kind, self.settings))

    def _give_up_without_room(self) -> None:
        """Where nobody is at work, and nobody can be: clips that each wait for the room that another one has."""
        waiting = [*(join.work for join in self.states.joins.waiting), *self.states.under_way.values()]
        if not waiting or self.config.scratch_gb is None:
            return
        work, sentence = waiting[0], f"no node has room for it within --scratch-gb {self.config.scratch_gb:g}"
        self.states.joins.waiting = deque(join for join in self.states.joins.waiting if join.work is not work)
        if work.clip.name in self.states.under_way:
            self.states.drop(work.clip.name)
        self.ends.give_up(work, sentence, OutputError(sentence))

    def _take(self, answer: WorkResult, pool: ActorPool) -> None:
        about = answer.about
        if isinstance(about, JoinWork):
            self._take_joined(answer, about)
            return
        if isinstance(about, Work):
            self._take_chunk(answer, about, pool)
        else:
            self._take_prepared(answer, about)
        # This clip alone: with thousands of workers, thousands of clips are under way.
        name = about.clip if isinstance(about, Work) else about.clip.name
        self.states.give_up_too_large(name)
        self.states.plan_outdated_again(name)
        if (complete := self.states.take_complete(name)) is not None:
            self.states.joins.add(complete)

    def _take_prepared(self, answer: WorkResult, waited: Waiting) -> None:
        clip = waited.clip
        self.states.preparing.pop(clip.name, None)
        if isinstance(answer.error, MadeOtherwise):
            self.states.to_prepare.appendleft(replace(waited, left_by=waited.left_by | {answer.device}))
        elif answer.error is not None:
            tries = None if answer.permanent else waited.tries.after(answer.cause)
            if tries is None:
                self.ends.fail(clip, answer.sentence, answer.error)
            else:
                self.meter.count_retry(answer, clip=clip.name)
                self.states.to_prepare.appendleft(replace(waited, tries=tries, retries=waited.retries + 1))
        elif isinstance(answer.value, NotToDo):
            self.ends.leave(waited, answer.value.state, answer.value.fingerprint)
        else:
            prepared: Prepared = answer.value
            work = self.states.begin(waited, prepared, measured_frames(self.config, prepared.chunks), answer.device)
            if work.copied is None:
                self.watcher.clip_started(clip.name, work.frames_expected, work.frames_done)

    def _take_chunk(self, answer: WorkResult, work: Work, pool: ActorPool) -> None:
        done = answer.error is None
        others = self.states.stragglers.end(answer.actor, work, done=done, now=time.monotonic())
        clip = self.states.under_way.get(work.clip)
        if clip is None:
            return  # its clip has failed meanwhile
        if not others:
            clip.at_work.pop(work.chunk.index, None)
        if clip.outdated or work.chunk.index in clip.done:
            return
        if done:
            for other in others:
                clip.at_work[work.chunk.index] = 0
                pool.end_work(other)
            clip.done[work.chunk.index] = answer.value
            self.meter.count_chunk(answer.value, work.device)
            log.debug("done", extra=answer.log_fields(clip=work.clip, chunk=work.chunk.index))
            return
        if others:
            return  # one of them may do it
        if isinstance(answer.error, MadeOtherwise) and self.states.pass_on(clip, work, answer.actor):
            return
        again = None if answer.permanent else self.states.schedule.retry(work, answer.actor, answer.cause)
        if again is None:
            self.states.drop(work.clip)
            tried = f" (tried {work.attempt} times)" if work.attempt > 1 else ""
            self.ends.give_up(clip, answer.sentence + tried, answer.error)
            return
        clip.retries += 1
        self.meter.count_retry(answer, clip=work.clip, chunk=work.chunk.index)

    def _show_progress(self, pool: ActorPool) -> None:
        now = time.monotonic()
        if now < self.shown_at + min(POLL_S, self.config.stall_seconds / 8):
            return  # turns are many where thousands of workers answer
        self.shown_at = now
        self.states.note_progress(pool.frames_done())
        self.states.stragglers.look(now)
        for name, clip in self.states.under_way.items():
            self.watcher.clip_moved(name, clip.frames_done)

    # The end of a clip.

    def _take_joined(self, answer: WorkResult, join: JoinWork) -> None:
        work, joins = join.work, self.states.joins
        del joins.at_work[work.clip.name]
        try:
            if isinstance(answer.value, Mixed):
                joins.name(join, replace(answer.value, final=self.names.reserve(work.clip)))
                return
        except OutputError as error:
            self.ends.give_up(work, str(error), error)
            return
        if isinstance(answer.value, Joined):
            self.storage.published(join.final(self.out))
            if self.storage.nodes_apart:
                with suppress(OSError):  # the clip is finished without it, too
                    keep_preview(self.report.folder, work.clip.name, answer.value.preview)
            self.ends.end(answer.value.rows, work.workspace.folder)
            return
        missing = isinstance(answer.error, ChunksMissing)
        if isinstance(answer.error, TooLarge):
            self.states.plan_tighter(work)
        elif missing and work.plans < MAX_RETRIES:
            log.warning("%s; planned again", answer.sentence, extra=answer.log_fields(clip=work.clip.name))
            self.states.plan_again(work)
        elif not (answer.permanent or missing) and joins.retry(join, answer.actor, answer.cause):
            self.meter.count_retry(answer, task="joining: ", clip=work.clip.name)
        else:
            if join.named is not None and join.named.final is not None:
                self.names.release(join.named.final)
            sentence = f"its chunks could not be joined: {answer.sentence}"
            self.ends.give_up(work, answer.sentence if answer.permanent else sentence, answer.error)
