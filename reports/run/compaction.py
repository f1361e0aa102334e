"""Compaction: many small parts of a table become few, without the rows that do not count any more.

Killed at any step, no row is lost and none counts twice: a new part is whole before those that it replaces go, and
where both are there, the new one's rows count, as its name comes later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from .data_set import DataSet, Part
from .parts import write_part

PART_ROWS: Mapping[str, int] = {"clips": 50_000, "chunks": 250_000, "frames": 500_000}
"""Rows of a part, by table, from which on it is let alone: some 30 to 100 MB in memory."""


def compact(folder: Path, columns: Mapping[str, str], part_rows: int) -> None:
    """Joins small parts, and those with rows that do not count. Others may write parts meanwhile, or read.

    Args:
        folder: with the parts of one table.
        columns: of the table, as `CLIP_COLUMNS`.
        part_rows: about so many rows go into one part, which takes no more memory than these do.

    Raises:
        OutputError: a part cannot be written.
    """
    data = DataSet(folder, columns)
    if not data.paths or data.paths[0].parent != folder:
        return
    open_parts = [part for part in data.parts if part.stale is not None or part.rows < part_rows // 2]
    for group in _groups(open_parts, part_rows):
        if len(group) == 1 and group[0].stale is None:
            continue
        rows = [batch for part in group for batch in data.of(part)]
        if rows:
            write_part(folder, pa.concat_tables(rows))
        for part in group:
            with suppress(FileNotFoundError):  # another run has joined it, too
                part.path.unlink()


def _groups(parts: Iterable[Part], part_rows: int) -> Iterator[Sequence[Part]]:
    """Parts that are joined into one: as many as have that many rows together. A part is never divided, as all rows of
    a clip have to stay together."""
    group: list[Part] = []
    for part in parts:
        if group and sum(each.rows for each in group) + part.rows > part_rows:
            yield group
            group = []
        group.append(part)
    if group:
        yield group
