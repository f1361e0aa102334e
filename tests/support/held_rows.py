"""Tables in memory that are read as those on disk are."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from vidsharp.reports.run.parts import fitted, schema_of


class HeldRows:
    """The rows of a frame, a few at a time."""

    def __init__(self, frame: pd.DataFrame, columns: Mapping[str, str], together: int = 7) -> None:
        self._table = fitted(pa.Table.from_pandas(frame, preserve_index=False), schema_of(columns))
        self._together = together

    def batches(self, names: Sequence[str] | None = None, clips: pa.Array | None = None) -> Iterator[pa.Table]:
        """As those of a `DataSet`."""
        for begin in range(0, len(self._table), self._together):
            rows = self._table.slice(begin, self._together)
            rows = rows if clips is None else rows.filter(pc.is_in(rows["clip"], value_set=clips))  # pyright: ignore
            if len(rows):
                yield rows.select(names or rows.column_names)
