"""The end of a clip that is sharp already: its recording is copied as it is, every packet and every byte."""

import shutil
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from threading import Event
from typing import Any

from ...pipeline.atomic import make_folder
from ...pipeline.container import own_muxer
from ...pipeline.errors import MediaError, OutputError, disk_sentence
from ...pipeline.probe import rotation
from ...reports.run.rows import ClipRow
from ..engine.pool import PoolPlan
from ..files.clips import file_size
from ..files.output_paths import check_inside
from ..files.report_folder import ClipRows, ReportFolder, keep_rows
from ..files.storage import Storage
from .clip_work import ClipWork
from .join_clip import FinalNames, changed, made_with

NOTE = "sharp already, so it was copied as it is"
_PIECE = 1 << 24
"""Bytes at a time, between which a run may be ended."""


def copy_clip(
    work: ClipWork,
    storage: Storage,
    counts: Mapping[str, Any],
    names: FinalNames,
    report: ReportFolder,
    plan: PoolPlan,
    stop: Event,
) -> ClipRows:
    """Copies a clip; arguments and errors as of `join_clip`."""
    began = time.monotonic()
    temporary = work.workspace.joined_file(work.clip.path.suffix)
    make_folder(work.workspace.folder)
    try:
        with work.clip.path.open("rb") as source, temporary.open("wb") as target:
            while piece := source.read(_PIECE):
                if stop.is_set():
                    raise CancelledError
                target.write(piece)
        shutil.copystat(work.clip.path, temporary)
    except OSError as error:
        raise OutputError(disk_sentence(error, temporary), temporary) from error
    if sentence := changed(work, storage.key(work.clip, counts)):
        raise MediaError(sentence, work.clip.path)
    final = names.out / work.clip.relative
    check_inside(names.out, final)
    make_folder(final.parent)
    out = names.name(final)
    rows = ClipRows(_row(work, out, time.monotonic() - began, made_with(work, storage, counts, plan)), [], [])
    # Before the name: killed between the two, nobody would know whose file that is.
    keep_rows(work.workspace.folder, rows)
    storage.publish(temporary, final)
    names.owners[out] = work.clip.name
    return rows


def _row(work: ClipWork, out: str, wall_s: float, made: Mapping[str, Any]) -> dict[str, Any]:
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
    return vars(row)
