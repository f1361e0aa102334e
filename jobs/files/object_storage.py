"""Recordings and results on object storage such as S3, through fsspec. Work itself needs files: a recording is brought
into a staging folder when its turn comes, and goes from there when it is finished; a result is uploaded in one piece.

Object stores show an upload under its name only when it is complete, so there is never half a result. Which results
are there is told by empty stand-ins in the staging folder's `out`, so that all else works as on a disk.
"""

import hashlib
import logging
import secrets
import shutil
import time
from collections.abc import Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ...pipeline.fingerprint import Seen, Source, digest_of, read_source
from ...pipeline.workspace import file_stem
from ..config import ProcessConfig, UsageError
from ..engine.node import Needed
from ..processing.run_lock import ALL, file_name, shard_of
from ..processing.run_record import record_name
from .bucket_lease import BucketLease
from .clips import REPORT_FOLDER, WORK_FOLDER, Clip, each_once, found_in, real_path
from .far_recording import FarRecording
from .far_work import FOLDER, FarWork, work_left
from .find_objects import Found, check_objects_spared, found_objects
from .object_place import Place, StorageError, reading, writing
from .output_paths import path_below
from .publication import HeldLease, Mark, ReachedOutput, Upload
from .report_guard import check_report
from .staging import file_state, nodes_apart, staging_folder, stand_in
from .storage import Storage, url_of

log = logging.getLogger("vidsharp")

AHEAD = 2
"""Recordings that are brought here before their turn, side by side."""
PREVIEWS_MAX = 300
"""Of earlier runs' previews at most so many are brought here: a page has no room for more."""


class ObjectStorage(Storage):
    """Some inputs, the output, or all of them are URLs.

    Raises:
        UsageError: a URL means nothing here.
    """

    def __init__(self, config: ProcessConfig) -> None:
        out = url_of(config.out)
        self._url = out or ""
        self._out = Place.of(out) if out else None
        self._token = secrets.token_hex(8)
        """In the metadata of all results of this run."""
        name = hashlib.sha256((out or str(config.out.absolute())).encode()).hexdigest()[:16]
        if config.shard is not None:  # several may run on this machine
            name += f"-{config.shard.index}-of-{config.shard.count}"
        self._staging = staging_folder(config) / name
        self._brought = (config.scratch.absolute() / name if config.scratch else self._staging) / "in"
        self._inputs = self._brought / secrets.token_hex(4)
        """The run's own: what one has left that was killed may be half."""
        super().__init__(replace(config, out=self._staging / "out") if out else config)
        self._sources: dict[str, Found] = {}
        self._fetching: dict[str, Future[None]] = {}
        self._threads = ThreadPoolExecutor(AHEAD, thread_name_prefix="fetch")
        self._stopping = False
        self._saved: dict[Path, tuple[int, int] | None] = {}
        self._unsaved: dict[Path, None] = {}
        self._marks: dict[str, Place] = {}
        """By the name of a clip's workspace: see `Mark`."""
        self._begun: set[str] = set()
        """Results that an earlier run has begun to publish, and that do not count."""
        self._left: set[str] = set()
        """Workspaces whose clips have work in the bucket from an earlier run."""
        self._lease: BucketLease | None = None
        self._held: HeldLease | None = None

    @property
    def nodes_apart(self) -> bool:
        return self._out is not None and nodes_apart(self.config)

    @property
    def work_root(self) -> Path:
        return self._inputs / WORK_FOLDER if self.nodes_apart else super().work_root

    def find(self) -> tuple[Clip, ...]:
        shown = [url_of(given) or str(given) for given in self.config.inputs]
        clips: list[Clip] = []
        for given in self.config.inputs:
            url = url_of(given)
            if url:
                found_here = found_objects(url, self._inputs, self._out, self.passed_over.add)
                clips += [self._take(*found) for found in found_here]
            else:
                clips += found_in(given, real_path(self.config.out), self.passed_over.add)
        found = each_once(clips, self.config.out, shown)
        if self._out is not None:
            check_objects_spared(found, self._sources, self._out)
        # An object that is in the output folder, too, has a stand-in there.

        def recordings() -> Iterator[Path]:
            yield from (clip.path for clip in found if clip.name not in self._sources)
            inside = (self._in_output(source.place) for source in self._sources.values())
            yield from (path for path in inside if path is not None)

        self._spare(found, recordings)
        return found

    def _in_output(self, source: Place) -> Path | None:
        """The stand-in of an object in the output folder; None of others."""
        if self._out is None or not str(source).startswith(f"{self._out}/"):
            return None
        return path_below(self.config.out, str(source).removeprefix(f"{self._out}/"))

    def _take(self, clip: Clip, found: Found) -> Clip:
        other = self._sources.setdefault(clip.name, found).place
        if other.path != found.place.path:
            raise UsageError(
                f"{other.url} and {found.place.url} would both be written to {clip.name}; "
                "process them with different --out folders"
            )
        return clip

    def begin(self) -> None:
        if self._out is None:
            super().begin()
            self._begin_here()
            return
        probe = self._out / f"{WORK_FOLDER}/run"
        with writing(self._out.url):  # what may not be written is known before the work
            probe.fs.pipe_file(probe.path, b"")
            probe.fs.rm_file(probe.path)
        if self._out.is_s3:
            shard = self.config.shard or ALL
            self._lease = BucketLease(self._out / WORK_FOLDER, shard, self._out.url)
            self._held = HeldLease(f"{WORK_FOLDER}/{file_name(shard)}", self._lease.owner)
        self._begin_here()
        self._bring_report()

    def _begin_here(self) -> None:
        """Removes what a killed run has left, as soon as no other one can be at work."""
        shutil.rmtree(self._brought, ignore_errors=True)
        self._inputs.mkdir(parents=True)

    def look(self) -> None:
        self._inputs.mkdir(parents=True)
        if self._out is not None:
            self.config.out.mkdir(parents=True)
            self._bring_report()

    def size(self, clip: Clip) -> int | None:
        return self._sources[clip.name].bytes if clip.name in self._sources else super().size(clip)

    def state(self, clip: Clip) -> Hashable:
        return self._sources[clip.name].version if clip.name in self._sources else super().state(clip)

    def far(self, clip: Clip) -> bool:
        return clip.name in self._sources

    def _bring_report(self) -> None:
        """Makes the staging folder's `out` what the output is: its tables, and stand-ins for the results."""
        assert self._out is not None
        out = self.config.out
        with reading(self._out.url):
            there = set(self._safe(name for name, _ in self._out.below()))
            ours = [name for name in there if name.startswith(f"{WORK_FOLDER}/")]
            self._left = work_left(ours)
            marks = [name for name in ours if not name.startswith(f"{FOLDER}/")]
            found = {PurePosixPath(name).name: self._out / name for name in marks}
            self._marks = {name: mark for name, mark in found.items() if shard_of(name) is None and name != "run"}
            self._take_over()
            for old in out.iterdir():
                if old.is_file():
                    old.unlink()
                elif old.name != WORK_FOLDER:
                    shutil.rmtree(old)
            report = sorted(name for name in there if name.startswith(f"{REPORT_FOLDER}/"))
            tables = [name for name in report if name.endswith((".parquet", f"/{record_name(self.config.shard)}"))]
            previews = [name for name in report if name.startswith(f"{REPORT_FOLDER}/previews/")]
            for name in (*tables, *previews[:PREVIEWS_MAX]):
                file = out / name
                file.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):  # it is gone since it was listed
                    self._out.fs.get_file((self._out / name).path, str(file))
                    self._saved[file] = file_state(file)
        if not self.config.overwrite:
            taken = (name.removeprefix(f"{REPORT_FOLDER}/") for name in report)
            check_report(out / REPORT_FOLDER, taken, f"{self._out.url}/{REPORT_FOLDER}")
        for name in there.difference(report, ours, self._begun):
            stand_in(out / name)

    def _take_over(self) -> None:
        """Takes over what a driver that was killed had published, and its tables do not tell of. Of what other storages
        than S3 have, only its own machine knows the rows: elsewhere it is done again."""
        assert self._out is not None
        shard = self.config.shard
        for name, place in self._marks.items():
            workspace = self.config.out / WORK_FOLDER / name
            try:
                mark = Mark.read(place)
            except FileNotFoundError:
                continue  # another shard's, whose tables tell of it since the listing
            if mark.token is None:
                self._begun |= set() if workspace.is_dir() else {mark.out}
            elif (shard is None or shard.has(mark.clip)) and mark.published(self._out):
                mark.hand_rows_on(workspace)

    def _safe(self, names: Iterable[str]) -> Iterator[str]:
        """The names of objects in the output folder that mean a file of the staging folder's `out`."""
        for name in names:
            if path_below(self.config.out, name) is not None:
                yield name
            elif not name.endswith("/"):
                log.warning("%s/%s is left alone: no file of the folder can be called so", self._out, name)

    def seen(self, clip: Clip) -> Seen:
        if clip.name not in self._sources:
            return super().seen(clip)
        found = self._sources[clip.name]
        content = digest_of(found.version.encode())
        return Seen(found.place.url, content, found.bytes, content)

    def source(self, clip: Clip) -> Source:
        if clip.name not in self._sources:
            return super().source(clip)
        place = self._sources[clip.name].place
        return replace(read_source(clip.path, self.seen(clip)), beginning=place.beginning)

    def recording(self, clip: Clip) -> FarRecording | None:
        found = self._sources.get(clip.name)
        return found and FarRecording(found.url, found.version, found.bytes, clip.path, self._inputs)

    def work(self, workspace: str) -> FarWork | None:
        keeps = self.nodes_apart
        if self._out is None or not (keeps or workspace in self._left):
            return None
        return FarWork(self._url, workspace, self._inputs, keeps, self._held)

    def clear_work(self, workspace: str) -> None:
        if workspace in self._left and (work := self.work(workspace)) is not None:
            work.clear(patient=False)
            self._left.discard(workspace)

    def output(self, lock: Path) -> Needed | None:
        if not self.nodes_apart:
            return lock
        return None if self._held is None else ReachedOutput(self._url, self._held)

    def fetch(self, waiting: Iterable[Clip], at_most: int) -> None:
        soon = (clip for clip, _ in zip(waiting, range(AHEAD), strict=False))
        for clip in soon:
            if clip.name in self._sources and clip.name not in self._fetching and len(self._fetching) < at_most:
                self._fetching[clip.name] = self._threads.submit(self._fetch, clip)

    def _fetch(self, clip: Clip) -> None:
        recording = self.recording(clip)
        assert recording is not None, "others need not be brought"
        recording.bring(self._stop)

    def _stop(self) -> None:
        if self._stopping:
            raise StorageError("the run has ended")

    def fetched(self, clip: Clip) -> bool:
        if clip.name not in self._sources:
            return True
        future = self._fetching.get(clip.name)
        if future is None or not future.done():
            return False
        future.result()
        return True

    def wait(self, timeout_s: float) -> None:
        coming = [future for future in self._fetching.values() if not future.done()]
        if coming:
            wait(coming, timeout_s, FIRST_COMPLETED)
        else:
            time.sleep(timeout_s)  # for a clip that is being joined, and makes room

    def upload(self, workspace: str, final: Path) -> Upload | None:
        if self._out is None:
            return None
        self._check_lease()
        name, mark = final.relative_to(self.config.out).as_posix(), f"{WORK_FOLDER}/{workspace}"
        self._marks[workspace] = self._out / mark
        replaces = final.exists() or name in self._begun
        return Upload(self._url, name, mark, self._token, replaces, self._held)

    def published(self, final: Path) -> None:
        if self._out is not None:
            stand_in(final)

    def _check_lease(self) -> None:
        if self._lease is not None:
            self._lease.check()

    def save_report(self, files: Iterable[Path], clips: Iterable[str] = ()) -> None:
        if self._out is None:
            return
        self._check_lease()
        self._unsaved.update(dict.fromkeys(files))
        with writing(self._out.url):
            while self._unsaved:  # what could not be saved is tried again the next time
                self._save(next(iter(self._unsaved)))
            for name in map(file_stem, clips):
                if (mark := self._marks.pop(name, None)) is not None:
                    with suppress(FileNotFoundError):  # its worker has not come so far
                        mark.fs.rm_file(mark.path)

    def _save(self, file: Path) -> None:
        """Brings a file of the report up to date in the bucket: also one that others replace meanwhile, or remove."""
        state, place = file_state(file), self._place(file)
        if state is None and file in self._saved:
            place.fs.rm_file(place.path)
            del self._saved[file]
        elif state is not None and self._saved.get(file) != state:
            try:
                place.fs.put_file(str(file), place.path)
                self._saved[file] = state
            except FileNotFoundError:  # of the file, or of the bucket
                if file.exists():
                    raise
        del self._unsaved[file]

    def _place(self, file: Path) -> Place:
        assert self._out is not None
        return self._out / file.relative_to(self.config.out).as_posix()

    def close(self) -> None:
        self._stopping = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._brought, ignore_errors=True)
        if self.config.scratch is not None:
            with suppress(OSError):  # an unfinished run of another kind
                self._brought.parent.rmdir()
        if self._lease is not None:
            self._lease.release()
        if not (self.config.out / WORK_FOLDER).exists() or self._out is None:
            shutil.rmtree(self._staging, ignore_errors=True)

    def shown(self, path: Path) -> str:
        return self._place(path).url if self._out is not None else str(path)
