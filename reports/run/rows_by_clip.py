"""The rows of the clips table by clip, read when they are asked for: a million of them take no more memory than their
names do."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from .data_set import DataSet, PartGone, counting, read_again

GROUPS_HELD = 4
"""Row groups that stay in memory, some 30 MB each: clips are mostly asked for in the order in which they lie there."""

ROW_BITS = 32


class RowsByClip(Mapping[str, dict[str, Any]]):
    """Rows of a data set that has one for each clip, as plain values with None for null.

    Args:
        table: lists the data set: at first, and again whenever another run has joined some of its parts.
    """

    def __init__(self, table: Callable[[], DataSet]) -> None:
        self._table = table
        self._group = lru_cache(GROUPS_HELD)(self._read)
        read_again(self._list)

    def _list(self) -> None:
        self._data = data = self._table()
        self._places: dict[str, int] = {}
        """Of each clip, the number of its row group, and in the lower bits that of the row within it."""
        self._groups = [(part, number) for part in data.parts for number in range(part.groups)]
        self._group.cache_clear()
        for at, (part, number) in enumerate(self._groups):
            clip = data.group(part, number, ["clip"])["clip"]
            keep = counting(clip, part.stale).to_pylist()
            self._places.update((name, at << ROW_BITS | row) for row, name in enumerate(clip.to_pylist()) if keep[row])

    def __getitem__(self, clip: str) -> dict[str, Any]:
        try:
            place = self._places[clip]
            group = self._group(place >> ROW_BITS)
        except PartGone:
            read_again(self._list)
            place = self._places[clip]
            group = self._group(place >> ROW_BITS)
        row = place & ((1 << ROW_BITS) - 1)
        return {name: values[row] for name, values in group.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _read(self, at: int) -> dict[str, list[Any]]:
        part, number = self._groups[at]
        return self._data.group(part, number).to_pydict()
