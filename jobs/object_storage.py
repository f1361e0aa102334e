"""Recordings and results on object storage such as S3, through fsspec. Work itself needs files: a recording is brought
into a staging folder when its turn comes, and goes from there when it is finished; a result is uploaded in one piece.

Object stores show an upload under its name only when it is complete, so there is never half a result. Which results
are there is told by empty stand-ins in the staging folder's `out`, so that all else works as on a disk.
"""

import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from os import environ
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.callbacks import Callback
from fsspec.core import url_to_fs

from ..models.errors import VidsharpError
from ..pipeline.errors import MediaError, OutputError
from ..pipeline.fingerprint import Source, beginning_digest, digest_of, state_key
from ..pipeline.workspace import file_stem
from .clips import RECORDING_SUFFIXES, REPORT_FOLDER, WORK_FOLDER, Clip, each_once, found_in
from .config import ProcessConfig, UsageError
from .run_record import without_secrets
from .storage import Storage, url_of

AHEAD = 2
"""Recordings that are brought here before their turn, side by side."""
PREVIEWS_MAX = 300
"""Of earlier runs' previews at most so many are brought here: a page has no room for more."""


class StorageError(VidsharpError, OSError):
    """Object storage does not answer, or refuses."""


@dataclass(frozen=True)
class _Place:
    """An object, or all objects below a prefix."""

    url: str
    fs: Any
    path: str
    """As `fs` calls it, without the scheme."""

    @classmethod
    def of(cls, url: str) -> "_Place":
        try:
            fs, path = url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            scheme = url.partition(":")[0]
            raise UsageError(
                f"{scheme}:// needs a package that is not installed: for s3://, pip install 'vidsharp[s3]' ({error})"
            ) from error
        except ValueError as error:
            raise UsageError(f"{url} cannot be read: {_one_line(error)}") from error
        return cls(url.rstrip("/"), fs, path.rstrip("/"))

    def __truediv__(self, relative: str) -> "_Place":
        return _Place(f"{self.url}/{relative}", self.fs, f"{self.path}/{relative}")

    def below(self) -> dict[str, Mapping[str, Any]]:
        """What is known of all objects below, by relative path."""
        with suppress(FileNotFoundError):
            found = self.fs.find(self.path, detail=True)
            return {name.removeprefix(self.path).lstrip("/"): info for name, info in found.items()}
        return {}


class ObjectStorage(Storage):
    """Some inputs, the output, or all of them are URLs.

    Raises:
        UsageError: a URL means nothing here.
    """

    def __init__(self, config: ProcessConfig) -> None:
        out = url_of(config.out)
        self._out = _Place.of(out) if out else None
        name = hashlib.sha256((out or str(config.out.absolute())).encode()).hexdigest()[:16]
        self._staging = (config.staging or _cache() / "staging").absolute() / name
        self._inputs = self._staging / "in"
        super().__init__(replace(config, out=self._staging / "out") if out else config)
        self._sources: dict[str, tuple[_Place, Mapping[str, Any]]] = {}
        self._fetching: dict[str, tuple[Path, Future[None]]] = {}
        self._threads = ThreadPoolExecutor(AHEAD, thread_name_prefix="fetch")
        self._stopping = False
        self._saved: dict[Path, tuple[int, int]] = {}
        self._marks: dict[str, _Place] = {}
        """By the name of a clip's workspace, what says that its result is ours while no table does."""

    def find(self) -> tuple[Clip, ...]:
        shown = [url_of(given) or str(given) for given in self.config.inputs]
        clips: list[Clip] = []
        for given in self.config.inputs:
            url = url_of(given)
            clips += self._found(_Place.of(url)) if url else found_in(given, self.config.out.resolve())
        return each_once(clips, self.config.out, shown)

    def _found(self, given: _Place) -> Iterator[Clip]:
        with _reading(given.url):
            objects = given.below()
            if not objects:
                raise UsageError(f"{given.url} does not exist, or nothing is there")
            alone = "" in objects or (len(objects) == 1 and given.fs.isfile(given.path))
        if alone:
            name = PurePosixPath(given.path).name
            yield self._clip(name, given, next(iter(objects.values())))
            return
        if self._out is not None and self._out.path == given.path:
            raise UsageError(f"--out {given.url} is where the recordings themselves are; choose another")
        for name, info in sorted(objects.items()):
            parts = name.split("/")
            if any(part.startswith(".") or not part for part in parts):
                continue  # hidden, as on a disk; and no `..` leaves the staging folder
            place = given / name
            ours = self._out is not None and place.path.startswith(f"{self._out.path}/")
            if PurePosixPath(name).suffix.lower() in RECORDING_SUFFIXES and not ours:
                yield self._clip(name, place, info)

    def _clip(self, name: str, source: _Place, info: Mapping[str, Any]) -> Clip:
        clip = Clip(self._inputs / name, Path(name))
        other, _ = self._sources.setdefault(clip.name, (source, info))
        if other.path != source.path:
            raise UsageError(
                f"{other.url} and {source.url} would both be written to {clip.name}; "
                "process them with different --out folders"
            )
        if self._out is not None and (self._out / name).path == source.path:
            raise UsageError(f"{source.url} would be written over itself; choose another --out")
        return clip

    def begin(self) -> None:
        shutil.rmtree(self._inputs, ignore_errors=True)
        self._inputs.mkdir(parents=True)
        if self._out is None:
            return
        out = self.config.out
        probe = self._out / f"{WORK_FOLDER}/run"
        with _writing(self._out.url):  # what may not be written is known before the work
            probe.fs.pipe_file(probe.path, b"")
            probe.fs.rm_file(probe.path)
            there = self._out.below()
            marks = [name for name in there if name.startswith(f"{WORK_FOLDER}/")]
            self._marks = {PurePosixPath(name).name: self._out / name for name in marks}
            # What another machine's run has left no longer counts: it is done again.
            begun = {_text(mark) for name, mark in self._marks.items() if not (out / WORK_FOLDER / name).is_dir()}
            for old in out.iterdir():
                if old.is_file():
                    old.unlink()
                elif old.name != WORK_FOLDER:
                    shutil.rmtree(old)
            report = [name for name in there if name.startswith(f"{REPORT_FOLDER}/")]
            tables = [name for name in report if name.endswith((".parquet", "/run.json"))]
            previews = [name for name in report if name.startswith(f"{REPORT_FOLDER}/previews/")]
            for name in (*tables, *previews[:PREVIEWS_MAX]):
                file = out / name
                file.parent.mkdir(parents=True, exist_ok=True)
                self._out.fs.get_file((self._out / name).path, str(file))
                self._saved[file] = _state(file)
        for name in there.keys() - set(report) - set(marks) - begun:
            if ".." not in name.split("/"):
                _stand_in(out / name)

    def key(self, clip: Clip, settings: Mapping[str, Any]) -> str:
        if clip.name not in self._sources:
            return super().key(clip, settings)
        return state_key(_version(self._sources[clip.name][1]), settings)

    def source(self, clip: Clip) -> Source:
        if clip.name not in self._sources:
            return super().source(clip)
        place, info = self._sources[clip.name]

        def beginning(count: int) -> str:
            if clip.path.exists():
                return beginning_digest(clip.path, count)
            with _reading(place.url, MediaError):
                return digest_of(place.fs.cat_file(place.path, start=0, end=count))

        return Source(without_secrets(place.url), digest_of(_version(info).encode()), info["size"], beginning)

    def fetch(self, waiting: Iterable[Clip], at_most: int) -> None:
        soon = (clip for clip, _ in zip(waiting, range(AHEAD), strict=False))
        for clip in soon:
            if clip.name in self._sources and clip.name not in self._fetching and len(self._fetching) < at_most:
                self._fetching[clip.name] = clip.path, self._threads.submit(self._fetch, clip)

    def _fetch(self, clip: Clip) -> None:
        source, info = self._sources[clip.name]
        temporary = clip.path.with_name(f".{hashlib.sha256(clip.name.encode()).hexdigest()[:16]}.part")
        try:
            with _reading(source.url, MediaError):
                clip.path.parent.mkdir(parents=True, exist_ok=True)
                source.fs.get_file(source.path, str(temporary), callback=_Stopper(self))
                if _version(source.fs.info(source.path)) != _version(info):
                    raise MediaError(f"{source.url} has changed since this run began; run the same command again")
                temporary.replace(clip.path)
        finally:
            temporary.unlink(missing_ok=True)

    def fetched(self, clip: Clip) -> bool:
        if clip.name not in self._sources:
            return True
        _, future = self._fetching.get(clip.name, (None, None))
        if future is None or not future.done():
            return False
        future.result()
        return True

    def wait(self, timeout_s: float) -> None:
        coming = [future for _, future in self._fetching.values() if not future.done()]
        if coming:
            wait(coming, timeout_s, FIRST_COMPLETED)
        else:
            time.sleep(timeout_s)  # for a clip that is being joined, and makes room

    def publish(self, temporary: Path, final: Path) -> None:
        if self._out is None:
            super().publish(temporary, final)
            return
        name = final.relative_to(self.config.out).as_posix()
        workspace = temporary.parent.name
        mark = self._marks[workspace] = self._out / f"{WORK_FOLDER}/{workspace}"
        target = self._out / name
        with _writing(target.url):
            mark.fs.pipe_file(mark.path, name.encode("utf-8", "surrogateescape"))
            target.fs.put_file(str(temporary), target.path)
            if target.fs.info(target.path)["size"] != temporary.stat().st_size:
                raise OutputError(f"{target.url} came out shorter than it is; run the same command again")
        temporary.unlink()
        _stand_in(final)

    def release(self, clip: str) -> None:
        path, _ = self._fetching.pop(clip, (None, None))
        if path is not None:
            path.unlink(missing_ok=True)

    def save_report(self, folder: Path, clips: Iterable[str] = ()) -> None:
        if self._out is None:
            return
        there = {file: _state(file) for file in folder.rglob("*") if file.is_file()}
        with _writing(self._out.url):
            for file in self._saved.keys() - there.keys():
                self._out.fs.rm_file(self._place(file).path)
                del self._saved[file]
            for file, state in there.items():
                if self._saved.get(file) != state:
                    self._out.fs.put_file(str(file), self._place(file).path)
                    self._saved[file] = state
            for name in self._marks.keys() & set(map(file_stem, clips)):
                mark = self._marks.pop(name)
                mark.fs.rm_file(mark.path)

    def _place(self, file: Path) -> _Place:
        assert self._out is not None
        return self._out / file.relative_to(self.config.out).as_posix()

    def close(self) -> None:
        self._stopping = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._inputs, ignore_errors=True)
        if not (self.config.out / WORK_FOLDER).exists() or self._out is None:
            shutil.rmtree(self._staging, ignore_errors=True)

    def shown(self, path: Path) -> str:
        return self._place(path).url if self._out is not None else str(path)


class _Stopper(Callback):
    """Ends a transfer between two of its parts when the run ends."""

    def __init__(self, storage: ObjectStorage) -> None:
        super().__init__()
        self._storage = storage

    def relative_update(self, inc: int = 1) -> None:
        if self._storage._stopping:
            raise StorageError("the run has ended")


def _version(info: Mapping[str, Any]) -> str:
    """What tells an object from the same name's other contents: its entity tag, else its time, and its size."""
    times = ("LastModified", "last_modified", "mtime", "updated", "created")
    tag = info.get("ETag") or info.get("etag") or next((info[name] for name in times if name in info), None)
    return f"{tag} {info['size']}"


def _text(place: _Place) -> str:
    return place.fs.cat_file(place.path).decode("utf-8", "surrogateescape")


def _stand_in(file: Path) -> None:
    with suppress(OSError):  # a name that no disk takes is no result of ours
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def _state(file: Path) -> tuple[int, int]:
    state = file.stat()
    return state.st_size, state.st_mtime_ns


def _cache() -> Path:
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vidsharp"


@contextmanager
def _reading(url: str, as_error: type[VidsharpError] = StorageError) -> Iterator[None]:
    try:
        yield
    except VidsharpError:
        raise
    except Exception as error:  # each storage has errors of its own
        raise as_error(f"{url} cannot be read: {_one_line(error)}") from error


@contextmanager
def _writing(url: str) -> Iterator[None]:
    try:
        yield
    except VidsharpError:
        raise
    except Exception as error:
        raise OutputError(f"{url} cannot be written: {_one_line(error)}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
