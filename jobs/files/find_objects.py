"""The recordings that a URL names: objects in a bucket, and what each of them would be called on a disk."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..config import UsageError
from ..recording_suffixes import RECORDING_SUFFIXES
from .clips import Clip, NothingFound
from .object_place import Place, reading, version
from .output_paths import path_below


@dataclass(frozen=True, slots=True)
class Found:
    """A recording that was found in a bucket. There may be a million: what they share is kept once."""

    _given: Place
    _url: str = field(repr=False)
    """Of `_given`, as it has to be opened."""
    _name: str
    """Below that; empty where it is the recording."""
    version: str
    """See `version`."""
    bytes: int

    @property
    def place(self) -> Place:
        """Where it is."""
        return self._given / self._name if self._name else self._given

    @property
    def url(self) -> str:
        """As it has to be opened."""
        return f"{self._url}/{self._name}" if self._name else self._url


def found_objects(
    url: str, folder: Path, out: Place | None, pass_over: Callable[[str], None]
) -> Iterator[tuple[Clip, Found]]:
    """The recordings that a URL names, in order.

    Args:
        url: of an object, or of all below a prefix.
        folder: where each of them would lie on a disk.
        out: where results go; it is not searched.
        pass_over: told of every object that is not taken as a recording.

    Raises:
        UsageError: there is nothing, or its name can be none of a file.
        StorageError: the storage does not answer.
    """
    given, url = Place.of(url), url.rstrip("/")
    with reading(given.url):
        if given.fs.isfile(given.path):
            name = PurePosixPath(given.path).name
            path = path_below(folder, name)
            if path is None:
                raise UsageError(f"{given.url} has a name that no file can have; give it another")
            yield Clip(path, Path(name)), _found(given, url, "", given.fs.info(given.path))
            return
        nothing = True
        for name, info in given.below():
            if nothing and out is not None and out.path == given.path:
                raise UsageError(f"--out {given.url} is where the recordings themselves are; choose another")
            nothing = False
            place = given / name
            path = path_below(folder, name)
            hidden = any(part.startswith(".") for part in name.split("/"))
            ours = out is not None and str(place).startswith(f"{out}/")
            if ours or (hidden and path) or not name or name.endswith("/"):
                continue  # as on a disk; a name that ends so is what some tools make for an empty folder
            if path and PurePosixPath(name).suffix.lower() in RECORDING_SUFFIXES:
                yield Clip(path, Path(name)), _found(given, url, name, info)
            else:
                pass_over(place.url)
    if nothing:
        raise NothingFound(f"{given.url} does not exist, or nothing is there")


def _found(given: Place, url: str, name: str, info: Mapping[str, Any]) -> Found:
    return Found(given, url, name, version(info), info["size"])


def check_objects_spared(clips: Iterable[Clip], sources: Mapping[str, Found], out: Place) -> None:
    """Checks that no result would be written over an object that the run reads.

    Args:
        sources: of the clips that are objects, by name.
        out: where results go.

    Raises:
        UsageError: one would.
    """
    given = {str(source.place): name for name, source in sources.items()}
    for clip in clips:
        target = out / clip.relative.as_posix()
        name = given.get(str(target))
        if name == clip.name:
            raise UsageError(f"{target.url} would be written over itself; choose another --out")
        if name is not None:
            own = sources[clip.name].place.url if clip.name in sources else clip.path
            raise UsageError(
                f"the result of {own} would be written over {target.url}, which this command reads; choose another "
                "--out"
            )
