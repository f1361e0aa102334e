"""The end of a clip that is sharp already: its recording is copied as it is, every packet and every byte."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...pipeline.atomic import make_folder
from ...pipeline.container import own_muxer
from ...pipeline.errors import OutputError, disk_sentence
from ...pipeline.probe import rotation
from ...reports.run.rows import ClipRow
from ..files.clips import file_size
from ..files.report_folder import ClipRows
from .clip_work import ClipWork

NOTE = "sharp already, so it was copied as it is"
_PIECE = 1 << 24
"""Bytes at a time, between which a worker is seen to get on."""


def copy_recording(recording: Path, target: Path, on_piece: Callable[[], None]) -> None:
    """Copies a recording with its times.

    Args:
        on_piece: called for each piece that is written; what it raises ends the work.

    Raises:
        OutputError: it cannot be read or written.
    """
    make_folder(target.parent)
    try:
        with recording.open("rb") as source, target.open("wb") as copy:
            while piece := source.read(_PIECE):
                copy.write(piece)
                on_piece()
        shutil.copystat(recording, target)
    except OSError as error:
        raise OutputError(disk_sentence(error, target), target) from error


def copied_rows(work: ClipWork, out: str, wall_s: float, made: Mapping[str, Any]) -> ClipRows:
    """The rows of a clip that was copied."""
    info, size = work.info, file_size(work.clip.path)
    row = ClipRow(
        clip=work.clip.name,
        status="copied",
        note=NOTE,
        out=out,
        container=own_muxer(info.container, info.path.suffix) or info.container,
        codec=info.codec,
        width=info.width,
        height=info.height,
        pix_fmt=info.pix_fmt,
        rotation=rotation(info.display_matrix),
        frames=work.copied,
        source_fps=float(info.frame_rate),
        wall_s=wall_s,
        bytes_in=size,
        bytes_out=size,
        audio_streams=info.audio_streams,
        retries=work.retries,
        **made,
    )
    return ClipRows(vars(row), [], [])
