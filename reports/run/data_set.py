"""A table as a data set: the rows that count, out of all its parts, read a few at a time.

Parts are never changed, so a clip that is done again has rows in several of them. Those that were written last count;
of equals, those of the part whose name comes last. That is said here and nowhere else.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from pyarrow import parquet

from .parts import WRITTEN_AT, fitted, parts_in, schema_of

log = logging.getLogger("vidsharp")
pc: Any = pyarrow.compute
"""Its functions are made at run time, where type checkers do not see them."""
TRIES = 5
"""So often a table is read, where other runs join its parts meanwhile."""
Made = TypeVar("Made")


class PartGone(Exception):
    """A part has gone since the folder was listed, because another run has joined it with others."""


@dataclass(frozen=True)
class Part:
    """A part as it is read."""

    path: Path
    rows: int
    groups: int
    """Row groups."""
    stale: pa.Array | None = None
    """Clips whose rows here do not count any more; None where all do."""


class DataSet:
    """The rows of one table.

    What is read is what lay in the folder when the object was made. A part that cannot be read is left out, and the log
    says so.

    Raises (all that read):
        PartGone: list the folder again; `read_again` does.

    Args:
        folder: with the parts; where it has none, the file beside it with its name and `.parquet` is the only one: so
            were tables written once.
        columns: of the table, as `CLIP_COLUMNS`.
    """

    def __init__(self, folder: Path, columns: Mapping[str, str]) -> None:
        self.folder = folder
        self.schema = schema_of(columns)
        self._needed = [*columns][:2]
        self.whole = folder.with_name(f"{folder.name}.parquet")
        self.paths = parts_in(folder) or [path for path in (self.whole,) if path.is_file()]

    @cached_property
    def parts(self) -> Sequence[Part]:
        """The parts that can be read."""
        found = [part for path in self.paths if (part := self._part(path)) is not None]
        return _with_stale(found) if len(found) > 1 else found

    @property
    def rows(self) -> int:
        """How many count."""
        return sum(part.rows if part.stale is None else sum(map(len, self.of(part, ["clip"]))) for part in self.parts)

    def batches(self, names: Sequence[str] | None = None, clips: pa.Array | None = None) -> Iterator[pa.Table]:
        """The rows that count, in the order of parts, as tables of at most some thousand rows.

        Args:
            names: of the columns wanted; None for all.
            clips: only rows of these; None for all.
        """
        for part in self.parts:
            yield from self.of(part, names, clips)

    def table(self, names: Sequence[str] | None = None, clips: pa.Array | None = None) -> pa.Table:
        """All rows that count at once."""
        found = [*self.batches(names, clips)]
        return pa.concat_tables(found) if found else self._wanted(names).empty_table()

    def frame(self) -> pd.DataFrame:
        """All rows that count, with pandas' nullable types."""
        return self.table().to_pandas()

    def group(self, part: Part, number: int, names: Sequence[str] | None = None) -> pa.Table:
        """All rows of one row group, those that do not count, too."""
        schema = self._wanted(names)
        with _opened(part.path) as file:
            there = set(file.schema_arrow.names)
            read = file.read_row_group(number, columns=[name for name in schema.names if name in there])
        return fitted(read, schema)

    def of(self, part: Part, names: Sequence[str] | None = None, clips: pa.Array | None = None) -> Iterator[pa.Table]:
        """As `batches`, of one part."""
        for number in range(part.groups):
            if part.stale is None and clips is None:
                yield self.group(part, number, names)
                continue
            clip = self.group(part, number, ["clip"])["clip"]
            keep = counting(clip, part.stale)
            if clips is not None:
                keep = pc.and_(keep, pc.is_in(clip, value_set=clips))
            if pc.any(keep).as_py():
                yield self.group(part, number, names).filter(keep)

    def _part(self, path: Path) -> Part | None:
        try:
            with _opened(path) as file:
                meta, there = file.metadata, file.schema_arrow.names
            if missing := set(self._needed) - set(there):
                raise ValueError(f"it has no column {', '.join(sorted(missing))}")
        except (OSError, ValueError) as error:  # Arrow's errors are one of these
            log.warning("%s cannot be read and is left out: %s", path, error)
            return None
        return Part(path, meta.num_rows, meta.num_row_groups)

    def _wanted(self, names: Sequence[str] | None) -> pa.Schema:
        if names is None:
            return self.schema
        return pa.schema([self.schema.field(name) for name in names])


def read_again(read: Callable[[], Made]) -> Made:
    """What `read`, which lists the folder each time, makes of a table whose parts other runs may be joining."""
    for _ in range(TRIES - 1):
        with suppress(PartGone):
            return read()
    return read()


def counting(clips: pa.ChunkedArray, stale: pa.Array | None) -> pa.Array:
    """Which rows of a part count.

    Args:
        clips: of the rows.
        stale: of the part.
    """
    if stale is None:
        return pa.repeat(True, len(clips))
    return pc.invert(pc.is_in(clips, value_set=stale)).combine_chunks()


@contextmanager
def _opened(path: Path) -> Iterator[parquet.ParquetFile]:
    try:
        file = parquet.ParquetFile(path)
    except FileNotFoundError as error:
        raise PartGone(path) from error
    with file:
        yield file


def _with_stale(parts: Sequence[Part]) -> list[Part]:
    """The parts, each with the clips of which another one has later rows."""
    written = [_written(part) for part in parts]
    clips = pa.chunked_array([found["clip"].combine_chunks() for found in written]).combine_chunks()
    codes = clips.dictionary_encode().indices.to_numpy()
    at = np.concatenate([found["written_at_max"].to_numpy() for found in written])
    part_of = np.repeat(np.arange(len(parts)), [len(found) for found in written])
    at = np.where(np.isnan(at), -np.inf, at)
    # The last of each clip's entries, in the order of (time, part).
    order = np.lexsort((part_of, at, codes))
    last = np.append(codes[order][1:] != codes[order][:-1], True) if len(order) else np.zeros(0, bool)
    stale = np.ones(len(codes), bool)
    stale[order[last]] = False
    return [
        replace(part, stale=clips.filter(pa.array(mine))) if np.any(mine) else part
        for number, part in enumerate(parts)
        for mine in [stale & (part_of == number)]
    ]


def _written(part: Part) -> pa.Table:
    """The clips of a part, and when each one's rows were written."""
    found = []
    with _opened(part.path) as file:
        names = [name for name in ("clip", WRITTEN_AT) if name in file.schema_arrow.names]
        for number in range(part.groups):
            rows = file.read_row_group(number, columns=names)
            at = rows[WRITTEN_AT].cast(pa.float64()) if WRITTEN_AT in names else pa.nulls(len(rows), pa.float64())
            found.append(_latest(pa.table({"clip": rows["clip"].cast(pa.string()), WRITTEN_AT: at})))
    if not found:
        return pa.table({"clip": pa.array([], pa.string()), "written_at_max": pa.array([], pa.float64())})
    whole = pa.concat_tables(found).rename_columns(["clip", WRITTEN_AT])
    return _latest(whole)


def _latest(rows: pa.Table) -> pa.Table:
    return rows.group_by("clip").aggregate([(WRITTEN_AT, "max")]).select(["clip", "written_at_max"])
