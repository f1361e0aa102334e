"""Parts of a table: Parquet files that are written once and never changed, each with all rows of some clips.

Several runs and machines may write parts into one folder: each part has a name of its own.
"""

import io
import secrets
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...pipeline.atomic import make_folder, written_whole

if TYPE_CHECKING:  # who only looks for parts does not wait for pandas and Arrow
    import pyarrow as pa

GROUP_ROWS = 8192
"""Rows that are read together, at most: a few MB."""
WRITTEN_AT = "written_at"
SHEET_ROWS = 1_048_575
"""Rows of the largest table that a spreadsheet opens, below its heading. Larger ones are written as single files only
when that is asked for."""
Kind = Literal["csv", "parquet"]
"""Of a single file."""
ORDER = ("clip", "chunk", "frame")
"""Columns by which a table's rows are in order, as far as it has them."""


def parts_in(folder: Path) -> list[Path]:
    """The parts of a table, in the order of their names; none where the folder is not there."""
    return sorted(folder.glob("part-*.parquet"))


def new_part(folder: Path) -> Path:
    """A name for a part that no other writer uses; later ones come later in the order of names, as clocks agree."""
    return folder / f"part-{time.time_ns():020d}-{secrets.token_hex(4)}.parquet"


def write_part(folder: Path, rows: "pa.Table") -> Path:
    """Writes rows as another part of the table in `folder`, in order.

    Raises:
        OutputError: it cannot be written.
    """
    path = new_part(folder)
    write_new_part(path, part_bytes(in_order(rows)))
    return path


def write_new_part(path: Path, data: bytes) -> None:
    """Writes a part that is there already as bytes. Until it is whole it lies beside the table's folder: whoever reads
    that meanwhile, with whatever program, finds whole parts only.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(path.parent)
    with written_whole(path, beside=path.parent.with_suffix(".parquet")) as temporary:
        temporary.write_bytes(data)


def part_bytes(rows: "pa.Table") -> bytes:
    """Rows as a Parquet file."""
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(rows, buffer, row_group_size=GROUP_ROWS, compression="zstd")
    return buffer.getvalue()


def in_order(rows: "pa.Table") -> "pa.Table":
    """The rows by clip, and by chunk or frame within it."""
    return rows.sort_by([(name, "ascending") for name in ORDER if name in rows.column_names])


def schema_of(columns: Mapping[str, str]) -> "pa.Schema":
    """Arrow's types for columns in pandas' words. The schema tells pandas of its nullable types, too."""
    return _schema_of(tuple(columns.items()))


@cache
def _schema_of(columns: tuple[tuple[str, str], ...]) -> "pa.Schema":
    import pandas as pd
    import pyarrow as pa

    empty = pd.DataFrame({name: pd.array([], dtype=dtype) for name, dtype in columns})  # pyright: ignore
    schema = pa.Schema.from_pandas(empty, preserve_index=False)
    # pandas 3 says large strings, which others read as well, but Arrow does not mix them with plain ones.
    fields = [field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field for field in schema]
    return pa.schema(fields, schema.metadata)


def fitted(rows: "pa.Table", schema: "pa.Schema") -> "pa.Table":
    """Rows of any version's part with exactly this version's columns; those that it lacks are null.

    Raises:
        pa.ArrowInvalid, pa.ArrowNotImplementedError: a column holds something else.
    """
    import pyarrow as pa

    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
