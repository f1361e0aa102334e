"""A table as one file beside its parts, for those who want to open it: CSV, and Parquet."""

from pathlib import Path

from pyarrow import parquet

from ...pipeline.atomic import written_whole
from .data_set import DataSet
from .parts import GROUP_ROWS, Kind
from .tables import csv_heading, csv_lines


def write_single(data: DataSet, path: Path, kind: Kind) -> None:
    """Writes a table's rows that count, in the order of its parts, a few at a time, whole or not at all.

    Raises:
        OutputError: it cannot be written; what was there before is still there.
    """
    with written_whole(path) as temporary:
        (_write_csv if kind == "csv" else _write_parquet)(data, temporary)


def _write_csv(data: DataSet, path: Path) -> None:
    with path.open("wb") as file:
        file.write(csv_heading(data.schema.names))
        for rows in data.batches():
            file.write(csv_lines(rows))


def _write_parquet(data: DataSet, path: Path) -> None:
    with parquet.ParquetWriter(path, data.schema, compression="zstd") as writer:
        for rows in data.batches():
            writer.write_table(rows, GROUP_ROWS)
