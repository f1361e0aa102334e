"""The result of an estimate, as a plain value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...reports.run.run_cost import RunCost
from .cost_model import KindEstimate


@dataclass(frozen=True)
class Estimate:
    """The cost of a run. Times are in seconds."""

    recordings: int
    """That there is work on."""
    finished: int
    """That an earlier run into the same folder has finished."""
    failing: tuple[tuple[str, str], ...]
    """Recordings that will fail, and why."""
    video_s: float
    frames: int
    frames_exact: bool
    """Whether all frames were counted; else, of large folders, partly reckoned from duration and rate."""
    chunks: int
    device: str
    workers: int
    threads: int
    """Of each worker."""
    workers_here: int
    """That the machines have room for; fewer than `workers` where more were asked for."""
    wall_s: float
    start_s: float
    """Of this, starting Ray and loading the student."""
    worker_s: float
    """How long workers are busy, all added up."""
    core_s: float
    gpu_s: float | None
    """How long GPUs are reserved; None on CPUs."""
    bytes_out: float
    uncertainty: float
    """The 95 % interval is all of this ± this share."""
    on_workers: tuple[tuple[int, float], ...]
    """Numbers of workers like these, and how long the run takes on so many."""
    sampled_recordings: int
    sampled_frames: int
    sampled_s: float
    kinds: tuple[KindEstimate, ...]
    cost: RunCost
    """With money, where prices are known."""
    unseen: int = 0
    """Recordings on object storage that were not brought here, but reckoned from their sizes."""
    object_storage: bool = False
    """Whether recordings come from there: what bringing them takes is not in it."""
    copied: int = 0
    """Recordings that are sharp already and are copied as they are, where that was asked for; only in `bytes_out`."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many files of the folders were not taken as recordings, by ending."""
