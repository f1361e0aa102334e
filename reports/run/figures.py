"""The figures of all clips of a run, as columns: few bytes for each clip, however many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute
STATUSES = ("done", "resumed", "copied", "skipped", "failed")
FINISHED = STATUSES[:4]
STAGES = ("decode_s", "model_s", "measure_s", "encode_s", "mux_s")
_COLUMNS = (
    *("frames", "frames_lost", "duration_s", "source_fps", "fps", "bytes_in", "bytes_out", "retries", *STAGES),
    *("ssim_input", "sharpness_before", "sharpness_after"),
    *("ssim_ref_before", "ssim_ref_after", "psnr_ref_before", "psnr_ref_after"),
)


class TableRows(Protocol):
    """The rows of a table, read some thousand at a time, those of a clip together and in order; `DataSet` is one."""

    def batches(self, names: Sequence[str] | None = None, clips: pa.Array | None = None) -> Iterator[pa.Table]:
        """The rows.

        Args:
            names: of the columns wanted; None for all.
            clips: only rows of these; None for all.
        """
        ...


@dataclass(frozen=True)
class Figures:
    """Figures of clips. All arrays have one entry for each clip, in the order of the table."""

    clips: pa.ChunkedArray
    """Their names."""
    status: np.ndarray
    """int8: the place in `STATUSES`; -1 for none of them."""
    noted: np.ndarray
    """bool: whether the clip has a remark."""
    columns: dict[str, np.ndarray]
    """float64; NaN where a clip has no such figure."""

    def __len__(self) -> int:
        return len(self.status)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    @property
    def finished(self) -> np.ndarray:
        """bool"""
        return (self.status >= 0) & (self.status < len(FINISHED))

    @property
    def ssim_gain(self) -> np.ndarray:
        """SSIM to the sharp original, after less before."""
        return self["ssim_ref_after"] - self["ssim_ref_before"]

    @property
    def psnr_gain(self) -> np.ndarray:
        """PSNR to the sharp original, after less before."""
        return self["psnr_ref_after"] - self["psnr_ref_before"]

    @property
    def sharpness_ratio(self) -> np.ndarray:
        """Sharpness after over before."""
        before = self["sharpness_before"]
        return self["sharpness_after"] / np.where(before == 0, np.nan, before)

    def worst(self, count: int) -> np.ndarray:
        """The places of the clips to look at first, at most so many, as `worst_first` has them; of equals those that
        come first in the table."""
        gain, moved = self.ssim_gain, self["ssim_input"]
        measure = np.where(np.isnan(gain), moved, gain)
        keys = (
            self.status != STATUSES.index("failed"),
            -np.nan_to_num(self["frames_lost"]),
            np.isnan(measure),
            np.isnan(gain),
            np.nan_to_num(measure),
        )
        return np.lexsort(keys[::-1])[:count]


def figures_of(clips: TableRows) -> Figures:
    """The figures in a table of `CLIP_COLUMNS`."""
    names: list[pa.ChunkedArray] = []
    status, noted = [np.zeros(0, np.int8)], [np.zeros(0, bool)]
    columns = {name: [np.zeros(0)] for name in _COLUMNS}
    for rows in clips.batches(["clip", "status", "note", *_COLUMNS]):
        names.append(rows["clip"])
        places = pc.index_in(rows["status"], value_set=pa.array(STATUSES))
        status.append(places.fill_null(-1).to_numpy().astype(np.int8))
        noted.append(pc.is_valid(rows["note"]).to_numpy())
        for name, values in columns.items():
            values.append(rows[name].cast(pa.float64()).to_numpy())
    chunks = [chunk for name in names for chunk in name.chunks]
    return Figures(
        clips=pa.chunked_array(chunks, pa.string()),
        status=np.concatenate(status),
        noted=np.concatenate(noted),
        columns={name: np.concatenate(columns.pop(name)) for name in _COLUMNS},
    )
