"""The benchmark's sources: a list under version, checked file by file against the data at hand."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import DataError

Kind = Literal["clip", "pan", "screen"]
Group = Literal["faces", "rooms", "screens", "motion"]
GROUPS: tuple[Group, ...] = get_args(Group)
LIST = Path(__file__).with_name("sources.toml")
INPUTS = Path(__file__).with_name("inputs.json")
"""Digests of all recordings of seed 0, as they were first made."""


@dataclass(frozen=True)
class BenchmarkSource:
    """One scene to measure on; scenes are the unit of all statistics."""

    name: str
    group: Group
    kind: Kind
    """A clip; a slow pan over a photo; or a screen that code draws, which has no file."""
    size: tuple[int, int]
    """(width, height) of its sharp pictures, even."""
    origin: str
    """Where it comes from, for whoever wants the same file."""
    file: str | None = None
    """Its path below the data folder."""
    sha256: str | None = None
    start: int = 0
    """Pictures of the clip that are skipped."""
    crop: tuple[int, int, int, int] | None = None
    """(left, top, width, height) of the part of the picture that is taken; None: all of it."""
    hold: int = 1
    """How many times each picture is shown, where a recording has few a second."""
    seed: int = 0
    """Of a drawn screen."""


@dataclass(frozen=True)
class Look:
    """One picture of a real soft recording that has no original."""

    name: str
    file: str
    """Its path below the data folder."""
    shown: str
    """What it is, for captions."""
    start: int = 0
    """Pictures that are skipped."""


@cache
def _list() -> dict[str, Any]:
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def benchmark_version() -> int:
    """The version of the list; figures of different versions do not compare."""
    return int(_list()["version"])


@cache
def benchmark_sources() -> tuple[BenchmarkSource, ...]:
    """All sources, in the list's order."""
    entries: list[dict[str, Any]] = _list()["source"]
    tuples = ({key: tuple(entry[key]) for key in ("size", "crop") if key in entry} for entry in entries)
    return tuple(BenchmarkSource(**{**entry, **given}) for entry, given in zip(entries, tuples, strict=True))


def benchmark_looks() -> tuple[Look, ...]:
    """Sources that are only looked at, in the list's order."""
    return tuple(Look(**entry) for entry in _list()["look"])


def is_set_aside(file: Path) -> bool:
    """Whether a file may never be trained on, by its name: it is measured on, or shows the same people and places."""
    return any(fnmatchcase(file.name, pattern) for pattern in _list()["set_aside"])


def other_inputs(digests: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Recordings that are not those that this version was first measured on, as `source level/seed`.

    Args:
        digests: of each source by `level/seed`, as `Recording.digest` has them. What was not measured then is not told.
    """
    first: dict[str, dict[str, str]] = json.loads(INPUTS.read_text(encoding="utf-8"))
    return [
        f"{source} {key}"
        for source, found in digests.items()
        for key, digest in found.items()
        if first.get(source, {}).get(key, digest) != digest
    ]


def check_sources(data: Path, sources: Sequence[BenchmarkSource]) -> None:
    """Raises DataError unless every file of the sources lies below `data` as the list says, byte for byte."""
    if not data.is_dir():
        raise DataError(f"There is no folder '{data}'; the benchmark needs the files that {LIST.name} names.")
    missing = [source.file for source in sources if source.file and not (data / source.file).is_file()]
    if missing:
        raise DataError(
            f"'{data}' lacks {len(missing)} of the benchmark's files, such as {missing[0]}; {LIST.name} says where "
            "each comes from, and --groups leaves groups out."
        )
    for source in sources:
        if source.file and _sha256(data / source.file) != source.sha256:
            raise DataError(
                f"'{data / source.file}' is not the file that version {benchmark_version()} of the benchmark measures "
                f"on; its origin is {source.origin}."
            )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"The benchmark's file '{path}' cannot be read: {error.strerror or error}.") from error
