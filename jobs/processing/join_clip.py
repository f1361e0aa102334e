"""The end of a clip: its chunks become one file, its rows wait in its workspace, and the file gets its name."""

import json
import time
from collections.abc import Collection, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from ...models.errors import VidsharpError
from ...models.nets.catalogue import student_name
from ...pipeline.atomic import make_folder
from ...pipeline.errors import MediaError, ResultRefused
from ...pipeline.file_provenance import FileProvenance, encoder_words
from ...pipeline.mux import MuxResult, mux_clip
from ...pipeline.part import WHOLE_CLIP
from ...pipeline.sharpen import has_chroma
from ..engine.pool import PoolPlan
from ..files.clips import Clip, printable
from ..files.earlier_run import source_columns
from ..files.known_files import KnownFiles
from ..files.output_paths import check_inside
from ..files.report_folder import ClipRows, ReportFolder, keep_rows
from ..files.storage import Storage
from .clip_work import ClipWork, best_preview, finished_rows
from .run_settings import settings, versions


class TooLarge(VidsharpError, RuntimeError):
    """The joined file has more bytes than the clip's result may have."""


@dataclass(frozen=True)
class FinalNames:
    """The names of results."""

    out: Path
    """The output folder, absolute."""
    clips: Collection[str]
    """Names of all clips of the run."""
    overwrite: bool
    inputs: KnownFiles = field(default_factory=KnownFiles)
    """What the run reads."""
    owners: dict[str, str] = field(default_factory=dict)
    """Whose result a file is, that this or an earlier run has made: its name in the output folder, and the clip's."""

    def path(self, clip: Clip, joined: MuxResult) -> Path:
        """The recording's own name; with `.mkv` where its container could not take the result.

        Raises:
            OutputError: what was not made by vidsharp has that name.
        """
        path = self.out / clip.relative
        if joined.muxer == joined.own_muxer:
            return path
        # `call.avi` and `call.mkv` may lie side by side, as may `call.webm` or a file that is none of ours.
        for other in (path.with_suffix(".mkv"), path.with_name(f"{path.name}.mkv")):
            name = self.name(other)
            owner = self.owners.get(name, clip.name if self.overwrite or not other.exists() else None)
            if name not in self.clips and owner == clip.name and self.inputs.find(other) is None:
                return other
        if self.inputs.find(other):
            raise ResultRefused(f"{path.name}.mkv is a recording of this run itself; choose another --out", path)
        raise ResultRefused(f"{path.name}.mkv exists and was not made by vidsharp; remove it, or say --overwrite", path)

    def name(self, path: Path) -> str:
        """The name that the tables have of a file in the output folder."""
        return printable(path.relative_to(self.out).as_posix())


def changed(work: ClipWork, key: str) -> str | None:
    """The sentence for a recording that is no longer what this run found at its beginning.

    Args:
        key: the recording's, as it is now.
    """
    if key == work.workspace.key:
        return None
    return f"{work.clip.path} was written to while it was worked on; run the same command again when it is whole"


def join_clip(
    work: ClipWork,
    storage: Storage,
    counts: Mapping[str, Any],
    names: FinalNames,
    report: ReportFolder,
    plan: PoolPlan,
    stop: Event,
) -> ClipRows:
    """Joins a clip whose chunks are all done. Killed at any step, the next run continues from there.

    Args:
        counts: the settings in the recording's key: see `fingerprint_settings`.
        stop: set by another thread to have it end soon; the next run joins the chunks then.

    Raises:
        CancelledError: `stop` was set.
        MediaError: the recording has changed meanwhile, or its packets cannot be read.
        OutputError: the result cannot be written, or what was not made by vidsharp has its name.
        TooLarge: it is larger than it may be.
    """

    def go_on() -> None:
        if stop.is_set():
            raise CancelledError

    began = time.monotonic()
    config = storage.config
    temporary = work.workspace.joined_file(work.clip.path.suffix)
    made = _provenance(work, storage, counts)
    joined = mux_clip(work.info, work.in_order(), work.chunk_files(), temporary, go_on, work.within, made)
    if sentence := changed(work, storage.key(work.clip, counts)):
        raise MediaError(sentence, work.clip.path)
    size, most = temporary.stat().st_size, work.rate.max_file_bytes
    if most is not None and size > most:
        raise TooLarge(f"{work.clip.path}: {size} bytes are more than --max-growth allows, {most}")
    final = names.path(work.clip, joined)
    check_inside(names.out, final)
    make_folder(final.parent)
    out = names.name(final)
    now = time.monotonic()
    rows = finished_rows(
        work,
        config,
        plan.device,
        out,
        joined,
        mux_s=now - began,
        wall_s=now - work.began,
        bytes_out=size,
        made_with=made_with(work, storage, counts, plan),
    )
    with suppress(OSError):  # the clip is finished without it, too
        report.keep_preview(work.clip.name, best_preview(work))
    # Before the name: killed between the two, nobody would know whose file that is.
    keep_rows(work.workspace.folder, rows)
    storage.publish(temporary, final)
    names.owners[out] = work.clip.name
    return rows


def made_with(work: ClipWork, storage: Storage, counts: Mapping[str, Any], plan: PoolPlan) -> dict[str, Any]:
    """The columns of a finished clip's row that tell of its making and of its recording.

    Raises:
        MediaError: the recording cannot be read.
    """
    return {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": json.dumps(settings(storage.config, plan, counts)),
        "versions": json.dumps(versions()),
        **source_columns(storage.source(work.clip), counts),
    }


def _provenance(work: ClipWork, storage: Storage, counts: Mapping[str, Any]) -> FileProvenance:
    """What the file says of its making."""
    config = storage.config
    chroma = config.chroma if has_chroma(work.info) else None
    return FileProvenance(
        version=versions()["vidsharp"] or "",
        student=f"{student_name(config.model)} sha256:{counts['model']}",
        strength=f"{config.strength:g}",
        look=None if config.look is None else f"{config.look:g}",
        chroma=f"{chroma} sha256:{counts['chroma']}" if chroma == "restore" else chroma,
        part=None if config.part == WHOLE_CLIP else str(config.part),
        encoder=encoder_words(work.encoder),
        source=storage.source(work.clip).content,
    )
