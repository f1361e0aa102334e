"""The end of a clip, in a worker: its chunks become one file, its rows wait, and the file gets its name."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...models.errors import VidsharpError
from ...models.nets.catalogue import student_name
from ...pipeline.atomic import make_folder, publish
from ...pipeline.errors import MediaError
from ...pipeline.file_provenance import FileProvenance, encoder_words
from ...pipeline.fingerprint import check_unchanged, read_source
from ...pipeline.mux import MuxResult, mux_clip
from ...pipeline.part import WHOLE_CLIP
from ...pipeline.sharpen import has_chroma
from ...pipeline.workspace import Workspace
from ..config import ProcessConfig
from ..files.earlier_run import source_columns
from ..files.output_paths import check_inside
from ..files.previews import keep_preview
from ..files.report_folder import ClipRows, keep_rows, rows_kept_in
from .clip_work import ClipWork, best_preview, finished_rows
from .copy_clip import copied_rows, copy_recording
from .final_names import name_in

if TYPE_CHECKING:  # which imports what talks to object storage
    from ..files.far_recording import FarRecording
    from ..files.far_work import FarWork
    from ..files.publication import Upload


@dataclass(frozen=True)
class RunFacts:
    """What all joins of a run have to know of it."""

    config: ProcessConfig
    """Without inputs, of which there may be a million, and without hooks, which may hold secrets."""
    out: Path
    """The output folder, absolute."""
    report: Path
    """The folder of the run's report."""
    device: str
    settings: Mapping[str, Any]
    """As `settings`."""
    versions: Mapping[str, Any]
    counts: Mapping[str, Any]
    """As `fingerprint_settings`."""


@dataclass(frozen=True)
class Mixed:
    """A clip that was joined, as another container than its own: how, and the file's name, which is the driver's to
    say: it alone knows all names of the run."""

    joined: MuxResult
    seconds: float
    """How long it took."""
    temporary: Path
    final: Path | None = None


@dataclass(frozen=True)
class Joined:
    """A clip that was joined, and whose file is where it belongs."""

    rows: ClipRows
    preview: str | None = None
    """Its preview, where the worker does not see the report's folder."""


class ChunksMissing(VidsharpError, RuntimeError):
    """Chunks that were done are no longer there, or not whole: they have to be done again."""


class TooLarge(VidsharpError, RuntimeError):
    """The joined file has more bytes than the clip's result may have."""


@dataclass(frozen=True)
class JoinTask:
    """A clip whose chunks are all done. Joining it again, after a process that died at it, comes to the same."""

    run: RunFacts
    work: ClipWork
    """Without records: those are read here."""
    elapsed_s: float
    """Since the work on the clip began."""
    attempt: int = 0
    named: Mixed | None = None
    """The file that is there already and waited for its name."""
    upload: "Upload | None" = None
    """How the file gets to its place, where it has not but to be renamed."""
    far: "FarRecording | None" = None
    """Where the recording has to be brought from first."""
    far_work: "FarWork | None" = None
    """Where chunks are that are not in the workspace."""

    def __call__(self, on_packet: Callable[[], None]) -> Joined | Mixed:
        """
        Raises:
            ChunksMissing: as it says.
            MediaError: the recording has changed meanwhile, or its packets cannot be read.
            OutputError: the result cannot be written.
            StorageError: as `Upload`.
            TooLarge: as it says.
        """
        began = time.monotonic()
        folder = self.work.workspace.folder
        if (rows := rows_kept_in(folder)) is not None:
            return Joined(rows)  # a process that died before it could say so has done it
        if self.attempt and self.upload is not None and (done := self.upload.published()) is not None:
            return Joined(ClipRows(**done))  # likewise, on a node whose disk is another
        if self.far_work is not None:
            self.far_work.make_room()
        if self.far is not None:
            self.far.bring(on_packet)
        if self.work.copied is not None:
            return self._copy(on_packet)
        if self.named is not None and self.named.temporary.exists():
            made, final = self.named, self.named.final
        else:
            joined, temporary = self._join(on_packet)
            made = Mixed(joined, time.monotonic() - began, temporary)
            final = self.run.out / self.work.clip.relative
            if joined.muxer != joined.own_muxer:
                if self.named is None:
                    return made
                final = self.named.final
        assert final is not None, "the driver has named it"
        return self._end(made, final, self.elapsed_s + time.monotonic() - began, on_packet)

    @property
    def _workspace(self) -> Workspace:
        return Workspace(self.work.workspace.folder, self.work.workspace.key, self.work.provenance_digest)

    @cached_property
    def _whole(self) -> ClipWork:
        """The clip with its records."""
        records = self._workspace.done(self.work.chunks)
        if len(records) < len(self.work.chunks):
            place = self.far_work or self._workspace.folder
            raise ChunksMissing(f"{len(self.work.chunks) - len(records)} of its chunks are no longer in {place}")
        return replace(self.work, records=records)

    def _join(self, on_packet: Callable[[], None]) -> tuple[MuxResult, Path]:
        if self.far_work is not None:
            self.far_work.bring_chunks(self._workspace, self.work.chunks, on_packet)
        work, temporary = self._whole, self._temporary()
        made = self._provenance()
        joined = mux_clip(work.info, work.in_order(), work.chunk_files(), temporary, on_packet, work.within, made)
        size, most = temporary.stat().st_size, work.rate.max_file_bytes
        if most is not None and size > most:
            raise TooLarge(f"{work.clip.path}: {size} bytes are more than --max-growth allows, {most}")
        return joined, temporary

    def _temporary(self) -> Path:
        """The file that this attempt writes; those of earlier ones go."""
        workspace = self.work.workspace
        for left in workspace.joined_files():
            left.unlink(missing_ok=True)
        return workspace.joined_file(self.work.clip.path.suffix, self.attempt)

    def _provenance(self) -> FileProvenance:
        """What the file says of its making."""
        run, work = self.run, self.work
        config = run.config
        chroma = config.chroma if has_chroma(work.info) else None
        return FileProvenance(
            version=run.versions["vidsharp"] or "",
            student=f"{student_name(config.model)} sha256:{run.counts['model']}",
            strength=f"{config.strength:g}",
            look=None if config.look is None else f"{config.look:g}",
            chroma=f"{chroma} sha256:{run.counts['chroma']}" if chroma == "restore" else chroma,
            part=None if config.part == WHOLE_CLIP else str(config.part),
            encoder=encoder_words(work.encoder),
            source=work.fingerprint.content,
        )

    def _check_unchanged(self) -> None:
        check_unchanged(self.work.clip.path, self.work.seen)
        if read_source(self.work.clip.path, self.work.seen).content != self.work.fingerprint.content:
            raise MediaError(
                f"{self.work.clip.path} was written to while it was worked on; run the same command again when it is "
                "whole",
                self.work.clip.path,
            )

    def _copy(self, on_packet: Callable[[], None]) -> Joined:
        began = time.monotonic()
        temporary, final = self._temporary(), self.run.out / self.work.clip.relative
        copy_recording(self.work.clip.path, temporary, on_packet)
        self._make_room(final)
        wall_s = time.monotonic() - began
        rows = copied_rows(self.work, name_in(self.run.out, final), wall_s, self._made_with())
        return self._publish(rows, temporary, final, on_packet)

    def _end(self, made: Mixed, final: Path, wall_s: float, on_part: Callable[[], None]) -> Joined:
        run, work = self.run, self._whole
        self._make_room(final)
        rows = finished_rows(
            work,
            run.config,
            run.device,
            name_in(run.out, final),
            made.joined,
            mux_s=made.seconds,
            wall_s=wall_s,
            bytes_out=made.temporary.stat().st_size,
            made_with=self._made_with(),
        )
        preview = best_preview(work)
        if self.far_work is not None and self.far_work.keeps:
            return replace(self._publish(rows, made.temporary, final, on_part), preview=preview)
        with suppress(OSError):  # the clip is finished without it, too
            keep_preview(run.report, work.clip.name, preview)
        return self._publish(rows, made.temporary, final, on_part)

    def _make_room(self, final: Path) -> None:
        self._check_unchanged()
        check_inside(self.run.out, final)
        if self.upload is None:
            make_folder(final.parent)

    def _made_with(self) -> dict[str, Any]:
        """The columns of a finished clip's row that tell of its making and of its recording."""
        run = self.run
        return {
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": json.dumps(run.settings),
            "versions": json.dumps(run.versions),
            **source_columns(self.work.seen, self.work.fingerprint, run.counts),
        }

    def _publish(self, rows: ClipRows, temporary: Path, final: Path, on_part: Callable[[], None]) -> Joined:
        folder = self.work.workspace.folder
        # Before the name: killed between the two, nobody would know whose file that is.
        keep_rows(folder, rows)
        if self.upload is None:
            publish(temporary, final)
        else:
            self.upload(temporary, on_part)
            temporary.unlink()
            rows = rows_kept_in(folder) or rows
        self.work.workspace.clear_chunks()  # here, where others do the same: the driver would do it for all
        if self.far_work is not None:
            self.far_work.clear()
        return Joined(rows)
