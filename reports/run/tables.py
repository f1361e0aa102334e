"""The tables of a run: their columns, how rows become tables, and tables as Parquet and CSV.

pandas and Arrow are imported where there are tables: who only names columns does not wait for them.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .parts import schema_of
from .rows import ChunkRow, ClipRow, FrameRow, dtypes_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CLIP_COLUMNS, CHUNK_COLUMNS, FRAME_COLUMNS = map(dtypes_of, (ClipRow, ChunkRow, FrameRow))
"""The columns of each table and their pandas types, in order."""

_FORMULA = r"^[=+\-@\t\r]"


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> "pd.DataFrame":
    """Rows as a frame with exactly `columns` and their nullable types; what a row does not say is null.

    Raises:
        ValueError: a row has another column, or a value of another type.
    """
    import pandas as pd

    records = list(rows)
    check_columns(records, columns)
    return pd.DataFrame(
        {name: pd.array([record.get(name) for record in records], dtype=dtype) for name, dtype in columns.items()}
    )


def arrow_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], **same: Any) -> "pa.Table":
    """As `table`, in Arrow's types.

    Args:
        same: by column, what all rows have there.
    """
    import pyarrow as pa

    check_columns(rows, columns)
    schema = schema_of(columns)
    values = ([same[name]] * len(rows) if name in same else _values(rows, name) for name in schema.names)
    arrays = [_array(each, field.type) for each, field in zip(values, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    try:
        return [*map(itemgetter(name), rows)]  # almost all rows have all columns, and a clip has a hundred rows
    except KeyError:
        return [row.get(name) for row in rows]


def _array(values: Sequence[Any], dtype: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    # Told to make integers, Arrow would cut 1.5 to 1 without a word.
    return pa.array(values).cast(dtype) if pa.types.is_integer(dtype) else pa.array(values, dtype)


def check_columns(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Raises ValueError where a row has another column, such as one that is misspelt."""
    for row in rows:
        if not row.keys() <= columns.keys():
            unknown = ", ".join(sorted(row.keys() - columns.keys()))
            raise ValueError(f"no such columns: {unknown}; they are declared in reports/run/rows.py")


def parquet_bytes(frame: "pd.DataFrame") -> bytes:
    """The table as a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def csv_bytes(frame: "pd.DataFrame") -> bytes:
    """The table as UTF-8 CSV with a heading; see `csv_lines`."""
    import pyarrow as pa

    buffer = io.BytesIO()
    buffer.write(csv_heading(frame.columns))
    buffer.write(csv_lines(pa.Table.from_pandas(frame, preserve_index=False)))
    return buffer.getvalue()


def csv_heading(names: Iterable[str]) -> bytes:
    """The first line of a CSV file."""
    return f"{','.join(names)}\n".encode()


def csv_lines(rows: "pa.Table") -> bytes:
    """Rows as lines of UTF-8 CSV; nulls are empty, texts in quotes. Text that a spreadsheet would take for a formula,
    which may run programs or call addresses, gets an apostrophe in front, which the spreadsheet takes for "this is
    text"."""
    import pyarrow as pa
    import pyarrow.compute
    from pyarrow.csv import WriteOptions, write_csv

    pc: Any = pyarrow.compute
    for i, field in enumerate(rows.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            rows = rows.set_column(i, field.name, pc.replace_substring_regex(rows[i], _FORMULA, r"'\0"))
    buffer = io.BytesIO()
    write_csv(rows, buffer, WriteOptions(include_header=False))
    return buffer.getvalue()


def from_parquet(data: bytes, columns: Mapping[str, str]) -> "pd.DataFrame":
    """A table read back with the types it was written with; columns that an older version lacked are null."""
    import pandas as pd

    read = pd.read_parquet(io.BytesIO(data))
    missing = pd.Series(pd.NA, index=read.index)  # as columns throughout: a row as a dict takes ten times the memory
    return pd.DataFrame({name: read.get(name, missing).astype(dtype) for name, dtype in columns.items()})  # pyright: ignore


def rows(frame: "pd.DataFrame") -> Sequence[dict[str, Any]]:
    """The rows as plain values, with None for null."""
    import pandas as pd

    return [
        {str(name): None if value is pd.NA or pd.isna(value) else value for name, value in record.items()}
        for record in frame.to_dict("records")
    ]


_MEANS = {
    **{name: name for name in ("ssim_input", "psnr_input", "sharpness_before", "sharpness_after")},
    **{f"{name}_ref_{side}": f"{name}_ref_{side}" for name in ("ssim", "psnr") for side in ("before", "after")},
    **{f"flicker_{side}": f"change_{side}" for side in ("before", "after", "ref")},
}
"""Columns of the clips, and of which column of the frames each is the mean."""


def clip_figures(frames: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The quality columns of `CLIP_COLUMNS` from rows of `FRAME_COLUMNS`; null for what no frame has."""
    figures: dict[str, Any] = {"measured": len(frames) or None}
    for column, of in _MEANS.items():
        known = [frame[of] for frame in frames if frame.get(of) is not None]
        figures[column] = sum(known) / len(known) if known else None
    return figures
