"""One clip on its way through the job: what is known of it, and the rows that the tables get at its end."""

import json
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...models.nets.catalogue import called
from ...models.wording import counted
from ...pipeline.chunk_record import ChunkDone, ChunkRecord
from ...pipeline.encoder import EncoderChoice
from ...pipeline.encoder_plan import EncoderPlan
from ...pipeline.fingerprint import Fingerprint, Seen
from ...pipeline.mux import MuxResult
from ...pipeline.original import Original
from ...pipeline.plan import Chunk, PtsRange
from ...pipeline.probe import ClipInfo, rotation
from ...pipeline.rate_choice import NO_CHOICE, RateChoice
from ...pipeline.sharpen import has_chroma
from ...pipeline.workspace import Workspace
from ...reports.run.rows import ChunkRow, ClipRow, FrameRow
from ...reports.run.tables import clip_figures
from ..config import ProcessConfig
from ..files.clips import Clip, file_size
from ..files.report_folder import ClipRows


@dataclass
class ClipWork:
    """A clip between its first and its last step."""

    clip: Clip
    workspace: Workspace
    info: ClipInfo
    encoder: EncoderPlan
    chunks: tuple[Chunk, ...]
    reused: frozenset[int]
    """Chunks that an earlier run had finished."""
    began: float
    """By the driver's clock."""
    sample: Sequence[Container[int]]
    """For each chunk, which of its frames are measured."""
    seen: Seen
    """The recording, as it was when the run began."""
    fingerprint: Fingerprint
    """What it is."""
    done: dict[int, ChunkDone] = field(default_factory=dict)
    """Chunks that are done, by index."""
    records: Mapping[int, ChunkRecord] = field(default_factory=dict)
    """Their records, where the clip is joined; the driver has none, which may be of millions of pictures."""
    original: Original | None = None
    provenance_digest: str | None = None
    """The digest of what makes its pictures, as its plan says."""
    device: str = "cpu"
    """What makes them: that on which it was planned."""
    retries: int = 0
    """Pieces of its work that were tried again."""
    plans: int = 0
    """How often it was planned before."""
    at_work: dict[int, int] = field(default_factory=dict)
    """Frames done of the chunks that actors are working on."""
    rate: RateChoice = NO_CHOICE
    """How its encoder's quality was chosen, where that was asked for."""
    copied: int | None = None
    """The number of its pictures, where it is sharp already and is copied."""
    notes: tuple[str, ...] = ()
    """Sentences for its row, from its plan."""
    outdated: bool = False
    """Whether no actor is left that makes pictures as its plan says: it is planned again once none is at work on it."""

    @property
    def complete(self) -> bool:
        return len(self.done) == len(self.chunks)

    @property
    def too_large(self) -> bool:
        """Whether its chunks already have more bytes than all of them may have."""
        room = self.rate.max_bytes
        return room is not None and sum(chunk.bytes for chunk in self.done.values()) > room

    @property
    def frames_expected(self) -> int:
        return sum(chunk.frames for chunk in self.chunks)

    @property
    def frames_done(self) -> int:
        return sum(chunk.frames for chunk in self.done.values()) + sum(self.at_work.values())

    @property
    def within(self) -> PtsRange:
        """The pictures of the recording that are taken."""
        return self.chunks[0].start_pts, self.chunks[-1].end_pts

    def in_order(self) -> list[ChunkRecord]:
        return [self.records[chunk.index] for chunk in self.chunks]

    def chunk_files(self) -> list[Path]:
        return [self.workspace.chunk_file(chunk.name) for chunk in self.chunks]


def finished_rows(
    work: ClipWork,
    config: ProcessConfig,
    device: str,
    out: str,
    joined: MuxResult,
    *,
    mux_s: float,
    wall_s: float,
    bytes_out: int,
    made_with: Mapping[str, Any],
) -> ClipRows:
    """The rows of a clip that came through. Times of stages are sums over the chunks that this run computed."""
    info, records = work.info, work.in_order()
    fresh = [record for record in records if record.index not in work.reused]
    frames = sum(record.frames for record in records)
    fresh_frames = sum(record.frames for record in fresh)
    model_s = sum(record.model_s for record in fresh)
    lost = sum(record.frames_lost for record in records)
    frame_rows = _frame_rows(work)
    first, last = _span(records)
    sharpens = config.strength > 0
    notes = [*joined.notes, *([work.rate.said] if work.rate.said else []), *work.notes, *_not_on_gpu(records)]
    if config.end is not None and work.within[1] is None:
        notes.append(f"the recording ends before --end {config.end:g}")
    if lost:
        notes.append(f"{counted(lost, 'picture')} of the recording cannot be decoded; their time stays empty")
    if config.reference is not None and work.original is None:
        notes.append("the reference folder holds nothing at its path, so it is compared with its input only")
    if work.original is not None and (alone := _without_reference(frame_rows)):
        notes.append(f"{alone} of its {len(frame_rows)} measured pictures could not be compared with the reference")
    if info.dolby_vision:
        notes.append("the Dolby Vision layer is left out (it describes the old pictures); the base picture is kept")
    if info.alpha:
        notes.append("its transparency is left out")
    row = ClipRow(
        clip=work.clip.name,
        status="resumed" if work.reused else "done",
        note="; ".join(notes) or None,
        out=out,
        container=joined.muxer,
        codec=joined.codec,
        encoder=work.encoder.name,
        width=info.width,
        height=info.height,
        pix_fmt=info.pix_fmt,
        rotation=rotation(info.display_matrix),
        duration_s=float((last - first) * info.time_base) if records else None,
        frames=frames,
        frames_lost=lost,
        chunks=len(records),
        source_fps=float(info.frame_rate),
        model=called(config.model),
        device=device,
        look=config.look,
        strength=config.strength,
        chroma=config.chroma if has_chroma(info) else None,
        start_s=config.part.start_s,
        end_s=config.part.end_s,
        wall_s=wall_s,
        fps=fresh_frames / wall_s if fresh_frames else None,
        model_fps=fresh_frames / model_s if sharpens and fresh_frames and model_s else None,
        decode_s=sum(record.decode_s for record in fresh) if fresh else None,
        model_s=model_s if fresh and sharpens else None,
        encode_s=sum(record.encode_s for record in fresh) if fresh else None,
        mux_s=mux_s,
        measure_s=sum(record.measure_s for record in fresh) if fresh and config.measure != "off" else None,
        **clip_figures(frame_rows),
        reused_share=_reused_share(records) if sharpens else None,
        bytes_in=file_size(work.clip.path),
        bytes_out=bytes_out,
        audio_streams=info.audio_streams,
        retries=work.retries,
        **made_with,
    )
    return ClipRows(vars(row), [_chunk_row(work, record) for record in records], frame_rows)


def _not_on_gpu(records: Sequence[ChunkRecord]) -> list[str]:
    """A sentence for each reason why pictures were decoded on the CPU where a GPU was to do it."""
    reasons = Counter(record.not_on_gpu for record in records if record.not_on_gpu is not None)
    return [
        f"decoded on the CPU: {why}"
        if count == len(records)
        else f"{counted(count, 'chunk')} of {len(records)} decoded on the CPU: {why}"
        for why, count in reasons.items()
    ]


def _without_reference(frame_rows: Sequence[Mapping[str, Any]]) -> int:
    """How many measured pictures lack the figures that any picture of the reference's own size has."""
    return sum(row.get("psnr_ref_before") is None for row in frame_rows)


def failed_row(clip: Clip, config: ProcessConfig, sentence: str, size: int | None) -> dict[str, Any]:
    """The row of a clip that did not come through.

    Args:
        size: of its recording, in bytes.
    """
    return vars(
        ClipRow(
            clip=clip.name,
            status="failed",
            error=sentence,
            model=called(config.model),
            look=config.look,
            strength=config.strength,
            chroma=config.chroma,
            bytes_in=size,
        )
    )


def encoder_choice(config: ProcessConfig, on_gpu: tuple[str, ...] = ()) -> EncoderChoice:
    """What a run's settings say of the encoder.

    Args:
        on_gpu: the encoders of its GPU. Bounds of size or quality are met with those of the CPU.
    """
    offered = on_gpu if config.wish.bounds_nothing else ()
    return EncoderChoice(config.encoder, config.crf, config.preset, dict(config.encoder_options), offered)


def _chunk_row(work: ClipWork, record: ChunkRecord) -> dict[str, Any]:
    return vars(
        ChunkRow(
            clip=work.clip.name,
            chunk=record.index,
            start_s=float(record.pts[0] * work.info.time_base) if record.pts else None,
            frames=record.frames,
            frames_lost=record.frames_lost,
            reused=record.index in work.reused,
            retries=record.attempt - 1,
            began_at=record.began_at,
            wall_s=record.wall_s,
            core_s=record.core_s,
            decode_s=record.decode_s,
            model_s=record.model_s,
            measure_s=record.measure_s if record.measured else None,
            encode_s=record.encode_s,
            wait_s=record.wait_s,
            reused_share=record.reused_share,
            bytes=record.bytes,
            node=record.node,
            actor=record.actor,
            errors="; ".join(record.errors) or None,
        )
    )


def _frame_rows(work: ClipWork) -> list[dict[str, Any]]:
    """The measured frames, numbered within the clip: what chunks have lost is not counted."""
    rows: list[dict[str, Any]] = []
    start = 0
    for record in work.in_order():
        for figures in record.measured:
            measured = dict(figures)
            index = measured.pop("index")
            time_s = float(record.pts[index] * work.info.time_base)
            rows.append(vars(FrameRow(clip=work.clip.name, frame=start + index, time_s=time_s, **measured)))
        start += record.frames
    return rows


def best_preview(work: ClipWork) -> str | None:
    """The preview of the chunk whose picture the student changed most, None where no chunk has one."""
    best: dict[str, Any] | None = None
    start = 0
    for record, chunk in zip(work.in_order(), work.chunks, strict=True):
        try:
            preview = json.loads(work.workspace.preview_file(chunk.name).read_bytes())
            if best is None or preview["moved"] > best["moved"]:
                best = {**preview, "frame": start + preview["frame"]}
        except (OSError, ValueError, KeyError):
            pass  # a chunk of which nothing was measured has none
        start += record.frames
    return None if best is None else json.dumps(best)


def _reused_share(records: Sequence[ChunkRecord]) -> float | None:
    """Mean over the pictures of all chunks that say it."""
    said = [(record.reused_share, record.frames) for record in records if record.reused_share is not None]
    frames = sum(count for _, count in said)
    return sum(share * count for share, count in said) / frames if frames else None


def _span(records: Sequence[ChunkRecord]) -> tuple[int, int]:
    """The first picture's time and the last one's end, in ticks."""
    filled = [record for record in records if record.frames]
    return (filled[0].pts[0], filled[-1].pts[-1] + filled[-1].durations[-1]) if filled else (0, 0)
