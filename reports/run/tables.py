"""The tables of a run: their columns, how rows become frames, and how the rows of several runs merge."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow.csv import WriteOptions, write_csv

CLIP_COLUMNS: Mapping[str, str] = {
    "clip": "string",
    "status": "string",
    "error": "string",
    "note": "string",
    "out": "string",
    "container": "string",
    "codec": "string",
    "encoder": "string",
    "width": "Int64",
    "height": "Int64",
    "pix_fmt": "string",
    "rotation": "Int64",
    "duration_s": "Float64",
    "frames": "Int64",
    "frames_lost": "Int64",
    "chunks": "Int64",
    "source_fps": "Float64",
    "model": "string",
    "device": "string",
    "look": "Float64",
    "strength": "Float64",
    "chroma": "string",
    "wall_s": "Float64",
    "fps": "Float64",
    "model_fps": "Float64",
    "decode_s": "Float64",
    "model_s": "Float64",
    "encode_s": "Float64",
    "mux_s": "Float64",
    "measure_s": "Float64",
    "reused_share": "Float64",
    "measured": "Int64",
    "ssim_input": "Float64",
    "psnr_input": "Float64",
    "sharpness_before": "Float64",
    "sharpness_after": "Float64",
    "flicker_before": "Float64",
    "flicker_after": "Float64",
    "flicker_ref": "Float64",
    "ssim_ref_before": "Float64",
    "ssim_ref_after": "Float64",
    "psnr_ref_before": "Float64",
    "psnr_ref_after": "Float64",
    "bytes_in": "Int64",
    "bytes_out": "Int64",
    "audio_streams": "Int64",
    "retries": "Int64",
    "finished_at": "string",
    "settings": "string",
    "versions": "string",
    "source": "string",
    "fingerprint": "string",
    "key": "string",
}
"""One row for each clip. A figure that does not apply, or was not measured, is null, never 0.

`look` is 0 (natural) to 1 (crisp), null where the student has only one. `chroma` is `keep` or `restore`, null where the
pictures are grey or the student makes colour itself. `measured` is how many frames the quality
figures are means over; `settings` and `versions` are JSON objects of what the clip was made with; `finished_at` is
ISO 8601, UTC. `source` is where the recording was, and `fingerprint` what it is known by elsewhere: digests of its
content and of its beginning.
"""

CHUNK_COLUMNS: Mapping[str, str] = {
    "clip": "string",
    "chunk": "Int64",
    "start_s": "Float64",
    "frames": "Int64",
    "frames_lost": "Int64",
    "reused": "boolean",
    "retries": "Int64",
    "began_at": "Float64",
    "wall_s": "Float64",
    "decode_s": "Float64",
    "model_s": "Float64",
    "measure_s": "Float64",
    "encode_s": "Float64",
    "wait_s": "Float64",
    "reused_share": "Float64",
    "bytes": "Int64",
    "node": "string",
    "actor": "string",
    "errors": "string",
}
"""One row for each chunk. A reused chunk keeps the times and the actor of the run that computed it. `began_at` is Unix
time."""

FRAME_COLUMNS: Mapping[str, str] = {
    "clip": "string",
    "frame": "Int64",
    "time_s": "Float64",
    "ssim_input": "Float64",
    "psnr_input": "Float64",
    "sharpness_before": "Float64",
    "sharpness_after": "Float64",
    "change_before": "Float64",
    "change_after": "Float64",
    "change_ref": "Float64",
    "ssim_ref_before": "Float64",
    "ssim_ref_after": "Float64",
    "psnr_ref_before": "Float64",
    "psnr_ref_after": "Float64",
}
"""One row for each measured frame, counted from 0 within its clip. `change` is the mean |x_t − x_{t−1}| of luma in
8-bit steps, and null where the frame before was not seen; `ref` is the sharp original, where there is one."""


_FORMULA = re.compile(r"^[=+\-@\t\r]")


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a frame with exactly `columns` and their nullable types; what a row does not say is null."""
    records = list(rows)
    return pd.DataFrame(
        {name: pd.array([record.get(name) for record in records], dtype=dtype) for name, dtype in columns.items()}
    )


def merged(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The rows of `new`, and those of `old` whose clip is not in `new`; by clip, with its chunks or frames in order."""
    kept = old.loc[~old["clip"].isin(new["clip"]), :]
    parts = [part for part in (kept, new) if len(part)]
    both: pd.DataFrame = pd.concat(parts, ignore_index=True) if parts else new
    order = [name for name in ("clip", "chunk", "frame") if name in both.columns]
    return both.sort_values(by=order, ignore_index=True)


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """The table as a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as UTF-8 CSV; nulls are empty, texts in quotes. Text that a spreadsheet would take for a formula, which
    may run programs or call addresses, gets an apostrophe in front, which the spreadsheet takes for "this is text".

    Arrow writes it: a million rows take pandas half a minute.
    """
    text = [name for name, kind in frame.dtypes.items() if pd.api.types.is_string_dtype(kind)]
    shown = frame.assign(**{name: frame[name].str.replace(_FORMULA, r"'\g<0>", regex=True) for name in text})
    buffer = io.BytesIO()
    buffer.write(f"{','.join(frame.columns)}\n".encode())
    write_csv(pa.Table.from_pandas(shown, preserve_index=False), buffer, WriteOptions(include_header=False))
    return buffer.getvalue()


def from_parquet(data: bytes, columns: Mapping[str, str]) -> pd.DataFrame:
    """A table read back with the types it was written with; columns that an older version lacked are null."""
    read = pd.read_parquet(io.BytesIO(data))
    missing = pd.Series(pd.NA, index=read.index)  # as columns throughout: a row as a dict takes ten times the memory
    return pd.DataFrame({name: read.get(name, missing).astype(dtype) for name, dtype in columns.items()})  # pyright: ignore


def rows(frame: pd.DataFrame) -> Sequence[dict[str, Any]]:
    """The rows as plain values, with None for null."""
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
