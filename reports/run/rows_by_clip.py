"""The rows of the clips table by clip, read when they are asked for: a million of them take no more memory than their
names do."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa

from .data_set import DataSet, counting

GROUPS_HELD = 8
"""Row groups that stay in memory: clips are mostly asked for in the order in which they lie there."""


class RowsByClip(Mapping[str, dict[str, Any]]):
    """Rows of a data set that has one for each clip, as plain values with None for null."""

    def __init__(self, data: DataSet) -> None:
        self._data = data
        self._places: dict[str, tuple[int, int]] = {}
        self._group = lru_cache(GROUPS_HELD)(self._read)
        groups = [(part, number) for part in data.parts for number in range(part.groups)]
        self._groups = groups
        for at, (part, number) in enumerate(groups):
            clip = data.group(part, number, ["clip"])["clip"]
            keep = counting(clip, part.stale).to_pylist()
            self._places.update((name, (at, row)) for row, name in enumerate(clip.to_pylist()) if keep[row])

    def __getitem__(self, clip: str) -> dict[str, Any]:
        at, row = self._places[clip]
        group = self._group(at)
        return {name: group.column(i)[row].as_py() for i, name in enumerate(group.schema.names)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _read(self, at: int) -> pa.RecordBatch:
        part, number = self._groups[at]
        return self._data.group(part, number).combine_chunks().to_batches()[0]
