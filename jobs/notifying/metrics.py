"""The metrics of a run: the one list of them, which files, Ray, the documents and the dashboard go by."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..engine.tries import CAUSES


@dataclass(frozen=True)
class Metric:
    """A figure that changes while a run works."""

    name: str
    """As OpenMetrics has it; samples of a counter are called `…_total`."""
    kind: Literal["counter", "gauge"]
    """A counter only rises, from 0 when the run begins."""
    help: str
    label: str | None = None
    """What its samples differ in, beside the run that they are of."""
    values: Sequence[str] = ()
    """All values of this label."""
    unit: str | None = None
    """As OpenMetrics has it: the name ends with it."""

    @property
    def sample(self) -> str:
        """The name of its samples."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


Values = Mapping[Metric, Mapping[str, float]]
"""What metrics are at a time, by the value of their label; by `""` where they have none."""

RUN_LABEL = "out"
"""The label of all metrics: the output folder of their run, or its URL."""


def labels_of(metric: Metric, value: str, run: str) -> dict[str, str]:
    """The labels of a sample, `RUN_LABEL` first."""
    return {RUN_LABEL: run, **({metric.label: value} if metric.label else {})}


ENDED = ("done", "resumed", "copied", "skipped", "failed")
CLIPS = Metric(
    "vidsharp_clips",
    "gauge",
    "Clips of the run: those that have not ended by what becomes of them, the others by their status.",
    "state",
    ("waiting", "planned", "sharpened", "joined", *ENDED),
)
FRAMES = Metric("vidsharp_frames", "counter", "Pictures of the chunks that are finished.")
CHUNKS = Metric("vidsharp_chunks", "counter", "Chunks that are finished.")
QUEUE = Metric("vidsharp_queue", "gauge", "Work that waits for a worker.", "work", ("plan", "chunk", "join"))
WORKERS = Metric(
    "vidsharp_workers",
    "gauge",
    "Worker processes. `starting`: they load the student, or wait for a node with room; `refused`: their node or GPU "
    "cannot do the work.",
    "state",
    ("starting", "idle", "busy", "refused"),
)
WANTED = Metric("vidsharp_workers_wanted", "gauge", "Worker processes that the work that is left has a use for.")
STAGE_SECONDS = Metric(
    "vidsharp_stage_seconds",
    "counter",
    "Time that stages took in finished chunks and clips; stages overlap. `wait`: the encoder waited for pictures.",
    "stage",
    ("decode", "model", "measure", "encode", "wait", "join"),
    unit="seconds",
)
RETRIES = Metric(
    "vidsharp_retries",
    "counter",
    "Pieces of work that are tried again, by why. What is `preempted`, or fails with its GPU or node, costs no retry.",
    "reason",
    CAUSES,
)
BYTES = Metric(
    "vidsharp_bytes", "counter", "Bytes of clips that are finished.", "of", ("recordings", "results"), "bytes"
)
CORE_SECONDS = Metric(
    "vidsharp_core_seconds", "counter", "Time of cores that finished chunks took, all threads together.", unit="seconds"
)
CORES = Metric("vidsharp_cores", "gauge", "Cores of the worker processes that have loaded the student.")
GPU_SECONDS = Metric(
    "vidsharp_gpu_seconds", "counter", "Time of GPUs that finished chunks held, by their share of one.", unit="seconds"
)
GPUS = Metric("vidsharp_gpus", "gauge", "GPUs of the worker processes that have loaded the student, by their shares.")

METRICS = (
    *(CLIPS, FRAMES, CHUNKS, QUEUE, WORKERS, WANTED, STAGE_SECONDS, RETRIES, BYTES),
    *(CORE_SECONDS, CORES, GPU_SECONDS, GPUS),
)


def metrics_list(metrics: Sequence[Metric] = METRICS) -> str:
    """For people, in Markdown."""
    lines = []
    for metric in metrics:
        values = ", ".join(f"`{value}`" for value in metric.values)
        by = f" By `{metric.label}`: {values}." if metric.label else ""
        lines += textwrap.wrap(f"- `{metric.sample}` ({metric.kind}): {metric.help}{by}", 120, subsequent_indent="  ")
    return "\n".join(lines) + "\n"
