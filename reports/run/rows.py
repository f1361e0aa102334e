"""The rows of a run's tables: each column is declared here, with its type and its meaning, and nowhere else.

A figure that does not apply, or was not measured, is null, never 0. `docs/tables.md` says all this for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args, get_type_hints

from ..templates.markdown import markdown_table

_DTYPES = {str: "string", int: "Int64", float: "Float64", bool: "boolean"}
"""pandas' nullable types."""


_WRITTEN = "Unix time at which the row was written: where parts differ about a clip, the latest rows count"


def column(meaning: str) -> Any:
    """A column that may be null."""
    return field(default=None, metadata={"meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class ClipRow:
    """A row of the `clips` table: one for each clip."""

    clip: str = field(metadata={"meaning": "path of the recording below its INPUT"})
    status: str = field(metadata={"meaning": "`done`, `resumed`, `copied`, `skipped` or `failed`"})
    error: str | None = column("why it failed")
    note: str | None = column("what could not be kept, and what else one should know")
    out: str | None = column("path of the result in the output folder")
    container: str | None = column("of the result, as FFmpeg's muxer is called")
    codec: str | None = column("of the result's pictures")
    encoder: str | None = column("FFmpeg's encoder that wrote them")
    width: int | None = column("of the result, in pixels")
    height: int | None = column("of the result, in pixels")
    pix_fmt: str | None = column("of the result, in FFmpeg's words")
    rotation: int | None = column("degrees by which players turn the pictures")
    duration_s: float | None = column("from the first picture to the end of the last")
    frames: int | None = column("pictures of the result")
    frames_lost: int | None = column("pictures that the recording announces and that do not decode")
    chunks: int | None = column("how many pieces of work it was")
    source_fps: float | None = column("frame rate that the recording declares")
    model: str | None = column("the student, as it was asked for")
    device: str | None = column("what it ran on: `cpu`, `cuda` or `cuda:N`")
    look: float | None = column("0 (natural) to 1 (crisp); null where the student has only one look")
    strength: float | None = column("out = in + strength · (student − in)")
    chroma: str | None = column("`keep` or `restore`; null where pictures are grey or the student makes colour itself")
    start_s: float | None = column("where `--start` has the result begin in the recording; null: at its beginning")
    end_s: float | None = column("where `--end` has it end; null: at the recording's end")
    wall_s: float | None = column("from its plan to its finished file")
    fps: float | None = column("pictures that this run computed, by `wall_s`")
    model_fps: float | None = column("the same, by `model_s`")
    decode_s: float | None = column("decoding, summed over the chunks that this run computed")
    model_s: float | None = column("the student's work, summed likewise")
    encode_s: float | None = column("encoding, summed likewise")
    mux_s: float | None = column("joining the chunks and reading the result back")
    measure_s: float | None = column("measuring, summed likewise")
    reused_share: float | None = column("share of the pixels copied from the picture before, mean over pictures")
    measured: int | None = column("frames that the quality figures below are means over")
    ssim_input: float | None = column("SSIM of the result to the recording")
    psnr_input: float | None = column("PSNR of the result to the recording, in dB")
    sharpness_before: float | None = column("sharpness of the recording")
    sharpness_after: float | None = column("sharpness of the result")
    flicker_before: float | None = column("mean `change_before` of its frames")
    flicker_after: float | None = column("mean `change_after` of its frames")
    flicker_ref: float | None = column("mean `change_ref` of its frames")
    ssim_ref_before: float | None = column("SSIM of the recording to the sharp original")
    ssim_ref_after: float | None = column("SSIM of the result to the sharp original")
    psnr_ref_before: float | None = column("PSNR of the recording to the sharp original, in dB")
    psnr_ref_after: float | None = column("PSNR of the result to the sharp original, in dB")
    bytes_in: int | None = column("size of the recording")
    bytes_out: int | None = column("size of the result")
    audio_streams: int | None = column("how many were copied")
    retries: int | None = column("pieces of work that were tried again")
    finished_at: str | None = column("ISO 8601, UTC")
    settings: str | None = column("JSON object of the settings that it was made with")
    versions: str | None = column("JSON object of the versions that it was made with")
    source: str | None = column("where the recording was")
    fingerprint: str | None = column("what the recording is known by elsewhere: digests of its content and beginning")
    key: str | None = column("digest of the recording's content and the settings")
    written_at: float | None = column(_WRITTEN)


@dataclass(frozen=True, kw_only=True)
class ChunkRow:
    """A row of the `chunks` table: one for each piece of work. A reused one has the times and the process of the run
    that computed it."""

    clip: str = field(metadata={"meaning": "as in `clips`"})
    chunk: int = field(metadata={"meaning": "its place in the clip, from 0"})
    start_s: float | None = column("when its first picture is shown, by the recording's clock")
    frames: int | None = column("pictures that came out")
    frames_lost: int | None = column("pictures that are announced and do not decode")
    reused: bool | None = column("whether an earlier run had finished it")
    retries: int | None = column("how often it was tried again")
    began_at: float | None = column("Unix time, by the clock of its node")
    wall_s: float | None = column("from its first packet to its finished file")
    core_s: float | None = column("time of cores that its process took, all threads together")
    decode_s: float | None = column("decoding; it overlaps with the student and the encoder")
    model_s: float | None = column("the student's work")
    measure_s: float | None = column("measuring")
    encode_s: float | None = column("encoding")
    wait_s: float | None = column("time that the encoder waited for pictures")
    reused_share: float | None = column("share of the pixels copied from the picture before, mean over pictures")
    bytes: int | None = column("size of its file")
    node: str | None = column("name of the machine that computed it")
    actor: str | None = column("number of the process that computed it")
    errors: str | None = column("what the decoder refused, the first few")
    written_at: float | None = column(_WRITTEN)


@dataclass(frozen=True, kw_only=True)
class FrameRow:
    """A row of the `frames` table: one for each measured frame. `ref` is the sharp original, where there is one."""

    clip: str = field(metadata={"meaning": "as in `clips`"})
    frame: int = field(metadata={"meaning": "its place in the clip, from 0"})
    time_s: float | None = column("when it is shown, by the recording's clock")
    ssim_input: float | None = column("SSIM of the frame after to the frame before")
    psnr_input: float | None = column("PSNR of the frame after to the frame before, in dB")
    sharpness_before: float | None = column("sharpness as decoded")
    sharpness_after: float | None = column("sharpness as the student made it")
    change_before: float | None = column(
        "mean |x_t − x_{t−1}| of luma in 8-bit steps, as decoded; null where the frame before was not seen"
    )
    change_after: float | None = column("the same, as the student made it")
    change_ref: float | None = column("the same, of the sharp original")
    ssim_ref_before: float | None = column("SSIM of the frame before to the sharp original")
    ssim_ref_after: float | None = column("SSIM of the frame after to the sharp original")
    psnr_ref_before: float | None = column("PSNR of the frame before to the sharp original, in dB")
    psnr_ref_after: float | None = column("PSNR of the frame after to the sharp original, in dB")
    written_at: float | None = column(_WRITTEN)


def dtypes_of(row: type) -> Mapping[str, str]:
    """The names of a table's columns and their pandas types, in order."""
    hints = get_type_hints(row)
    kinds = {each.name: {hints[each.name], *get_args(hints[each.name])} & _DTYPES.keys() for each in fields(row)}
    return {name: _DTYPES[kind] for name, (kind,) in kinds.items()}


def columns_in_words(row: type) -> str:
    """A Markdown table of a table's columns: their names, types and meanings."""
    meanings = {each.name: each.metadata["meaning"] for each in fields(row)}
    cells = [[f"`{name}`", dtype, meanings[name]] for name, dtype in dtypes_of(row).items()]
    return markdown_table(["column", "type", "meaning"], cells, text_columns=3)
