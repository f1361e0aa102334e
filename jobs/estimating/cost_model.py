"""The cost of a run, from measured pieces of its recordings: a pure model, without files, clocks or Ray.

The time of a chunk is a fixed part (decoder and encoder start and end) and a part for each frame; both are measured for
each kind of picture. A kind that was not measured costs, by pixels, what the measured kind most like it costs.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from statistics import fmean, median

AROUND_S = 5.0
"""A run's time before its Ray starts (imports) and after its last clip (tables, page, Ray's end): not measured by the
sample. `time vidsharp process` of one tiny clip, less its start and its chunk, on two shared cores."""

BETWEEN_CLIPS_S = 0.15
"""A worker's wait from one clip to the next, beside reading it: the driver writes tables and hands out work. From
`began_at` and `wall_s` of the chunks of 13 short clips."""

JOIN_READS = 7.0
"""Joining a clip takes so many times as long as reading its packets once: they are read, written and verified.
`mux_s` of the same clips by the time of `read_timeline`."""

GOP = 250
"""Pictures from keyframe to keyframe that encoders choose where nobody says it."""

LEAST_UNCERTAINTY = 0.08
"""However well the pieces agree, a machine is not as fast at all times."""
UNKNOWN_UNCERTAINTY = 0.25
"""Where a single piece was measured, nobody knows how much others differ."""


@dataclass(frozen=True, order=True)
class Kind:
    """Pictures that cost about the same."""

    width: int
    height: int
    codec: str
    """Of the recording."""
    bit_depth: int
    encoder: str
    """Of the result."""

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True)
class Recording:
    """A recording, as far as a run has to work on it."""

    name: str
    kind: Kind
    video_s: float
    chunk_frames: tuple[int, ...]
    """Pictures of each chunk that is still to be done."""
    measured_frames: int
    """Pictures of these that the run measures for its report."""
    look_s: float
    """Probing and planning."""
    read_s: float
    """Of this, reading the packets once."""
    other_bytes: int
    """Of the file, all that is not video: it is copied."""
    trial_frames: int = 0
    """Pictures on which its encoder's quality is tried before."""
    most_video_bytes: float | None = None
    """Of its result, where that has a ceiling."""

    @property
    def frames(self) -> int:
        return sum(self.chunk_frames)


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording that was sharpened to measure it. Times are of wall clock; `core_s`, of all cores."""

    recording: str
    kind: Kind
    frames: int
    wall_s: float
    """All that it took, the fixed part included."""
    frame_s: float
    """For each frame, once the stages are at work, without measuring for the report."""
    frame_core_s: float
    chunk_s: float
    """The fixed part."""
    chunk_core_s: float
    measure_s: float | None
    """For each frame measured for the report."""
    key_bytes: float
    """The first packet written."""
    frame_bytes: float
    """The mean of the others."""
    warm_s: float = 0.0
    """What the first frames of this size took more than later ones, in a new process."""
    trial_frame_s: float | None = None
    """For each picture on which the encoder's quality was tried, where it was; likewise the next one."""
    trial_frame_core_s: float | None = None


@dataclass(frozen=True)
class Cost:
    """The cost of a kind."""

    frame_s: float
    frame_core_s: float
    chunk_s: float
    chunk_core_s: float
    measure_s: float
    key_bytes: float
    frame_bytes: float
    warm_s: float
    pieces: int
    """Measured of this kind; 0 where it is scaled from another."""
    trial_frame_s: float = 0.0
    trial_frame_core_s: float = 0.0

    def chunk(self, frames: float, measured: float) -> float:
        """Seconds of a chunk."""
        return self.chunk_s + frames * self.frame_s + measured * self.measure_s

    def chunk_core(self, frames: float, measured: float) -> float:
        """Core-seconds of a chunk; the metrics take one core."""
        return self.chunk_core_s + frames * self.frame_core_s + measured * self.measure_s

    def chunk_bytes(self, frames: int) -> float:
        """Size of a chunk's pictures."""
        keys = math.ceil(frames / GOP)
        return keys * self.key_bytes + (frames - keys) * self.frame_bytes


@dataclass(frozen=True)
class KindEstimate:
    """The cost of all recordings of one kind."""

    kind: Kind
    recordings: int
    video_s: float
    frames: int
    ms_per_frame: float
    worker_s: float
    core_s: float
    bytes_out: float
    pieces: int
    """0: scaled by pixels from a kind that was measured."""


@dataclass(frozen=True)
class Workload:
    """The cost of a run, whatever the number of its workers."""

    kinds: tuple[KindEstimate, ...]
    """The dearest first."""
    tasks: tuple[float, ...]
    """Seconds of each chunk, in the order of work; a clip's first one includes reading the clip."""
    joins_s: tuple[float, ...]
    """Seconds of joining each clip; one process does it, beside the workers."""
    core_s: float
    bytes_out: float
    uncertainty: float
    """Half the width of the 95 % interval, as a share."""

    @property
    def worker_s(self) -> float:
        """Seconds that workers are busy, all added up."""
        return sum(self.tasks)

    def wall_s(self, workers: int, start_s: float) -> float:
        """The time that a run takes, from the command to its end; 0 if nothing is left to do."""
        if not self.tasks:
            return 0.0
        chunks_s = makespan(self.tasks, workers)
        return AROUND_S + start_s + max(chunks_s + self.joins_s[-1], sum(self.joins_s))


def workload(recordings: Sequence[Recording], pieces: Sequence[Piece]) -> Workload:
    """Adds up a run from measured pieces; at least one, unless there is nothing to do."""
    recordings = [recording for recording in recordings if recording.chunk_frames]
    costs = costs_of({recording.kind for recording in recordings}, pieces)
    by_kind: dict[Kind, list[Recording]] = {}
    tasks: list[float] = []
    for recording in recordings:
        cost, own = costs[recording.kind], by_kind.setdefault(recording.kind, [])
        first_s = recording.look_s + BETWEEN_CLIPS_S + (0 if own else cost.warm_s)
        first_s += recording.trial_frames * cost.trial_frame_s
        for index, frames in enumerate(recording.chunk_frames):
            tasks.append(cost.chunk(frames, _measured(recording, frames)) + (0 if index else first_s))
        own.append(recording)
    kinds = [_kind_estimate(kind, own, costs[kind]) for kind, own in by_kind.items()]
    return Workload(
        kinds=tuple(sorted(kinds, key=lambda kind: -kind.worker_s)),
        tasks=tuple(tasks),
        joins_s=tuple(JOIN_READS * recording.read_s for recording in recordings),
        core_s=sum(kind.core_s for kind in kinds),
        bytes_out=sum(kind.bytes_out for kind in kinds),
        uncertainty=uncertainty(kinds, pieces),
    )


def _measured(recording: Recording, frames: int) -> float:
    return recording.measured_frames * frames / max(1, recording.frames)


def _kind_estimate(kind: Kind, recordings: Sequence[Recording], cost: Cost) -> KindEstimate:
    chunks = [(frames, _measured(one, frames)) for one in recordings for frames in one.chunk_frames]
    frames = sum(one.frames for one in recordings)
    tried = sum(one.trial_frames for one in recordings)
    worker_s = sum(cost.chunk(*chunk) for chunk in chunks) + tried * cost.trial_frame_s
    beside_s = sum(one.look_s + JOIN_READS * one.read_s for one in recordings)
    return KindEstimate(
        kind=kind,
        recordings=len(recordings),
        video_s=sum(one.video_s for one in recordings),
        frames=frames,
        ms_per_frame=1e3 * worker_s / max(1, frames),
        worker_s=worker_s,
        core_s=sum(cost.chunk_core(*chunk) for chunk in chunks) + tried * cost.trial_frame_core_s + beside_s,
        bytes_out=sum(_video_bytes(one, cost) + one.other_bytes for one in recordings),
        pieces=cost.pieces,
    )


def _video_bytes(recording: Recording, cost: Cost) -> float:
    free = sum(map(cost.chunk_bytes, recording.chunk_frames))
    return free if recording.most_video_bytes is None else min(free, recording.most_video_bytes)


def costs_of(kinds: set[Kind], pieces: Sequence[Piece]) -> dict[Kind, Cost]:
    """The cost of each kind: measured, or scaled from the measured kind most like it.

    Raises:
        ValueError: nothing was measured, but there are kinds.
    """
    measured: dict[Kind, list[Piece]] = {}
    for piece in pieces:
        measured.setdefault(piece.kind, []).append(piece)
    if kinds and not measured:
        raise ValueError("no piece was measured")
    of = {kind: _mean_cost(own, pieces) for kind, own in measured.items()}
    return {kind: of[kind] if kind in of else _scaled(kind, of) for kind in kinds}


def _mean_cost(own: Sequence[Piece], every: Sequence[Piece]) -> Cost:
    frames = sum(piece.frames for piece in own)

    def by_frame(name: str) -> float:
        return sum(getattr(piece, name) * piece.frames for piece in own) / frames

    measuring = [piece.measure_s for piece in own if piece.measure_s is not None] or [
        piece.measure_s * own[0].kind.pixels / piece.kind.pixels for piece in every if piece.measure_s is not None
    ]
    return Cost(
        frame_s=by_frame("frame_s"),
        frame_core_s=by_frame("frame_core_s"),
        chunk_s=median(piece.chunk_s for piece in own),
        chunk_core_s=median(piece.chunk_core_s for piece in own),
        measure_s=fmean(measuring) if measuring else 0.0,
        key_bytes=fmean(piece.key_bytes for piece in own),
        frame_bytes=by_frame("frame_bytes"),
        warm_s=max(piece.warm_s for piece in own),
        pieces=len(own),
        trial_frame_s=fmean(piece.trial_frame_s or 0.0 for piece in own),
        trial_frame_core_s=fmean(piece.trial_frame_core_s or 0.0 for piece in own),
    )


def _scaled(kind: Kind, measured: Mapping[Kind, Cost]) -> Cost:
    def unlike(other: Kind) -> tuple[bool, bool, float, Kind]:
        size = abs(math.log(other.pixels / kind.pixels))
        return other.encoder != kind.encoder, other.bit_depth != kind.bit_depth, size, other

    model = min(measured, key=unlike)
    cost, times = measured[model], kind.pixels / model.pixels
    return Cost(
        frame_s=cost.frame_s * times,
        frame_core_s=cost.frame_core_s * times,
        chunk_s=cost.chunk_s * times,
        chunk_core_s=cost.chunk_core_s * times,
        measure_s=cost.measure_s * times,
        key_bytes=cost.key_bytes * times,
        frame_bytes=cost.frame_bytes * times,
        warm_s=cost.warm_s,
        pieces=0,
        trial_frame_s=cost.trial_frame_s * times,
        trial_frame_core_s=cost.trial_frame_core_s * times,
    )


def makespan(tasks: Sequence[float], workers: int) -> float:
    """The time when the last worker is done, if each takes the next task as soon as it is free.

    At least the longest task and the even share, at most their sum (Graham, Bounds on multiprocessing timing anomalies,
    1969); more workers never take longer, since the tasks do not wait for each other.
    """
    free = [0.0] * min(max(1, workers), max(1, len(tasks)))
    for task in tasks:
        heapq.heapreplace(free, free[0] + task)
    return max(free)


def uncertainty(kinds: Sequence[KindEstimate], pieces: Sequence[Piece]) -> float:
    """The likely error of an estimate, as a share: twice the standard error of its mean costs, as the pieces spread.

    Pieces are compared by pixels within their kind; kinds with one piece, and kinds without, spread as the others do.
    """
    of_kind: dict[Kind, list[float]] = {}
    for piece in pieces:
        of_kind.setdefault(piece.kind, []).append(piece.frame_s)
    several = [times for times in of_kind.values() if len(times) > 1]
    freedom = sum(len(times) - 1 for times in several)
    squares = sum(((time / fmean(times)) - 1) ** 2 for times in several for time in times if fmean(times) > 0)
    spread = math.sqrt(squares / freedom) if freedom else UNKNOWN_UNCERTAINTY / 2
    total = sum(kind.worker_s for kind in kinds)
    if not total:
        return 0.0
    variance = sum((kind.worker_s / total * spread) ** 2 / max(1, kind.pieces) for kind in kinds)
    return max(LEAST_UNCERTAINTY, 2 * math.sqrt(variance))


def places(shares: Sequence[float], seed: int = 0) -> Iterator[int]:
    """Items in the order to try them: each as often as its share says, and the first few already spread over all.

    Van der Corput's sequence in base 2 along the shares, from a seeded start (Niederreiter, Random Number Generation
    and Quasi-Monte Carlo Methods, 1992, chapter 3). Does not end.
    """
    start = Random(seed).random()
    ends: list[float] = []
    for share in shares:
        ends.append((ends[-1] if ends else 0.0) + share)
    for number in count():
        point = (start + _reversed_bits(number)) % 1 * ends[-1]
        yield min(len(ends) - 1, bisect_right(ends, point))


def _reversed_bits(number: int) -> float:
    value, weight = 0.0, 0.5
    while number:
        value, weight, number = value + weight * (number & 1), weight / 2, number >> 1
    return value
