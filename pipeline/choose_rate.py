"""The encoder's quality for a clip, chosen by trials on a few of its sharpened pictures, as Av1an and ab-av1 do it.

A target is met on the pictures that are tried. A size is foreseen from them and then held: where a clip's chunks, or
its whole file, come out larger all the same, the clip is planned again, one notch tighter (`tightened`). All of it
depends on the recording, the student and the encoder alone: each machine chooses alike.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .encoder import EncoderChoice, resolve_encoder
from .encoder_plan import EncoderPlan
from .encoders import formats_taken
from .errors import EncoderError
from .foreseen import foreseen_bytes, foreseen_xpsnr
from .monotone_search import last_at_least
from .plan import Chunk, PacketTiming, PtsRange, plan_chunks
from .probe import ClipInfo
from .quality_scale import quality_scale
from .rate_choice import RateChoice, RateWish
from .sharpen_chunk import ChunkTask, sharpen_chunk
from .trial_encode import Trial, try_encoder

if TYPE_CHECKING:  # torch stays out of processes that only plan and join
    from ..models.enhance import Enhancer

LOSSLESS = (EncoderChoice("ffv1"), EncoderChoice("libx264", options={"qp": "0"}))
"""Of what the pictures wait in that are tried, the first that takes them: FFV1 knows no `yuvj420p`."""
PIECES = 4
"""Pieces of a clip that are tried, evenly spread."""
PIECE_PICTURES = 48
"""Of a piece, up to 1080p; of larger pictures fewer, since they wait on disk without loss."""
FEWEST_PICTURES = 12
NEAR_DB = 0.1
"""A quality that is better by no more than this is not searched further."""
ROOM = 0.9
"""Part of the size that is foreseen to be used: pieces are not the clip."""
NOTCH = 0.06
"""Part of an encoder's scale by which a clip that came out too large is tightened."""
OVERHEAD_BYTES = 4096
"""Of a file around its packets, beyond what the recording's has: tags, and headers of the codec. Of small files, a
quarter of the room for pictures at most."""


@dataclass(frozen=True)
class Recording:
    """What of a recording the choice depends on."""

    info: ClipInfo
    timeline: Sequence[PacketTiming]
    chunks: Sequence[Chunk]
    within: PtsRange
    bytes: int
    """The size of the file."""

    @property
    def frames(self) -> int:
        """Pictures that are taken of it."""
        return sum(chunk.frames for chunk in self.chunks)

    def room(self, max_growth: float) -> int:
        """The bytes that the result may have, no more than so many times the recording's, or the part's that is taken
        of it: its pictures' share of the pictures, and its time's share of all else."""
        video = sum(packet.size for packet in self.timeline)
        shown = max(1, sum(packet.shown for packet in self.timeline))
        return int(max_growth * (video * self.frames / shown + self._others))

    def room_for_video(self, max_growth: float) -> int:
        """The bytes of these that are left for its pictures, where all else takes as many as in the recording."""
        return int(self.room(max_growth) - self._others)

    @property
    def _others(self) -> float:
        """Bytes of all but the pictures, of what is taken."""
        begin, length_s, tick = self.info.start, self.info.duration_s, self.info.time_base
        first, last = (None if pts is None else float(pts * tick - begin) for pts in self.within)
        share = 1.0
        if length_s:
            share = min(1.0, max(0.0, (length_s if last is None else last) - (first or 0.0)) / length_s)
        return share * (self.bytes - sum(packet.size for packet in self.timeline))

    def pieces(self) -> list[PtsRange]:
        """The ranges of pictures that are tried; none where pictures have no times."""
        shown = sorted(packet.pts for packet in self.timeline if packet.shown and packet.pts is not None)
        first, end = self.within
        shown = [pts for pts in shown if (first is None or pts >= first) and (end is None or pts < end)]
        length = _piece_length(self.info.width * self.info.height)
        if not shown:
            return []
        if len(shown) <= PIECES * length:
            return [self.within]
        starts = [round((number + 0.5) * len(shown) / PIECES - length / 2) for number in range(PIECES)]
        return [(shown[start], shown[start + length]) for start in starts if shown[start] < shown[start + length]]


def pictures_tried(frames: int, pixels: int) -> int:
    """How many of a clip's pictures, which have so many pixels each, are tried."""
    return min(frames, PIECES * _piece_length(pixels))


def used_of(room: int) -> float:
    """The bytes that are foreseen to be used for pictures, of those that they may have."""
    return ROOM * (room - min(OVERHEAD_BYTES, room // 4))


def _piece_length(pixels: int) -> int:
    return min(PIECE_PICTURES, max(FEWEST_PICTURES, PIECE_PICTURES * 1920 * 1080 // max(1, pixels)))


def choose_rate(
    recording: Recording,
    encoder: EncoderPlan,
    wish: RateWish,
    enhancer: "Enhancer",
    folder: Path,
    on_frame: Callable[[], None] = lambda: None,
) -> tuple[EncoderPlan, RateChoice]:
    """The encoder with the quality chosen for a clip, and what is to be known of the choice.

    Args:
        encoder: as resolved; its quality is where the search begins, and where nothing has to change it stays.
        folder: where the pictures lie that are tried.
        on_frame: called for each picture that is sharpened, encoded or compared.

    Raises:
        EncoderError: the encoder has no scale of quality, or on all of it the quality is not reached or the size not
            held.
        MediaError, OutputError, ChunkError: as `sharpen_chunk`.
    """
    scale = quality_scale(encoder.name)
    start = scale.place_in(encoder)
    room, whole = None, None
    if wish.max_growth is not None:
        room, whole = recording.room_for_video(wish.max_growth), recording.room(wish.max_growth)
        if room <= 0:
            raise EncoderError(_not_held(recording.info, wish, "nothing is left for its pictures"))
    files = _sharpened(recording, enhancer, folder, on_frame)
    if not files:
        said = "its quality was not chosen by trials: its pictures have no times, or a format that cannot wait on disk"
        return encoder, RateChoice(room, whole, said)

    compared = wish.target_quality is not None
    chunks = [chunk.frames for chunk in recording.chunks]

    @cache
    def trials(place: int) -> tuple[Trial, ...]:
        plan = scale.at(encoder, place)
        return tuple(try_encoder(plan, recording.info, file, on_frame, compared=compared) for file in files)

    def quality(place: int) -> float:
        return foreseen_xpsnr(trials(place), chunks)

    def share_of(room: int, place: int) -> float:
        return foreseen_bytes(trials(place), chunks) / used_of(room)

    place, said = start, []
    if wish.target_quality is not None:
        found = last_at_least(quality, wish.target_quality, scale.last, start, NEAR_DB)
        if found is None:
            raise EncoderError(
                f"{recording.info.path}: --target-quality {wish.target_quality:g} is not reached by {encoder.name}: at "
                f"its best ({scale.words(0)}) it comes to {quality(0):.1f} dB; ask for less",
                recording.info.path,
            )
        place = found
    if room is not None and share_of(room, place) > 1:
        place = _held(lambda at: share_of(room, at), place, scale.last)
        said.append(f"for --max-growth {wish.max_growth:g}")
    if wish.target_quality is not None:
        pictures = sum(trial.frames for trial in trials(place))
        foreseen = f"{quality(place):.1f} dB XPSNR foreseen from {pictures} pictures"
        said.insert(0, f"for --target-quality {wish.target_quality:g}, {foreseen}")
    choice = RateChoice(room, whole, f"{scale.words(place)} was chosen {', '.join(said)}" if said else None)
    return (encoder if place == start else scale.at(encoder, place)), choice


def tightened(encoder: EncoderPlan, choice: RateChoice, info: ClipInfo) -> tuple[EncoderPlan, RateChoice]:
    """The encoder and the choice for a clip that came out too large.

    Raises:
        EncoderError: it was at the end of its scale.
    """
    scale = quality_scale(encoder.name)
    now = scale.place_in(encoder)
    if now >= scale.last:
        raise EncoderError(
            f"{info.path}: --max-growth is not held even at {encoder.name}'s {scale.words(now)}; allow more, or choose "
            "another --encoder",
            info.path,
        )
    place = min(scale.last, now + max(1, math.ceil(NOTCH * scale.last)))
    return scale.at(encoder, place), replace(choice, said=f"{scale.words(place)} was chosen for --max-growth")


def _held(excess: Callable[[int], float], start: int, last: int) -> int:
    """The first place from `start` on where what is foreseen is at most what is allowed; else the last one."""
    found = last_at_least(lambda back: -math.log2(max(excess(last - back), 1e-9)), 0.0, last - start, last - start)
    return last if found is None else last - found


def _sharpened(recording: Recording, enhancer: "Enhancer", folder: Path, on_frame: Callable[[], None]) -> list[Path]:
    """Files with the pieces' sharpened pictures, without loss."""
    info = recording.info
    choice = next((each for each in LOSSLESS if info.pix_fmt in formats_taken(each.name or "")), None)
    if choice is None:
        return []
    lossless = resolve_encoder(choice, info)
    files = []
    for number, piece in enumerate(recording.pieces()):
        whole = 1 << 62
        planned = plan_chunks(recording.timeline, whole, context=enhancer.context, inside_gops=False, within=piece)
        task = ChunkTask(info, replace(planned[0], index=number), lossless, folder, "trial")
        if sharpen_chunk(task, enhancer, on_frame).frames:
            files.append(folder / f"{task.chunk.name}.nut")
    return files


def _not_held(info: ClipInfo, wish: RateWish, why: str) -> str:
    return f"{info.path}: --max-growth {wish.max_growth:g} cannot be held: {why}; allow more"
