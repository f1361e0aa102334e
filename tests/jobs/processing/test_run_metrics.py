"""What a run tells of itself: each metric is there from the beginning, and at the end the figures are the tables'."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.engine.pool import Crew
from vidsharp.jobs.engine.protocol import NodeLost, WorkerDied
from vidsharp.jobs.engine.work_result import WorkResult
from vidsharp.jobs.notifying.metrics import METRICS, RETRIES, WORKERS, Values
from vidsharp.jobs.processing import run_metrics as module
from vidsharp.jobs.processing.clip_states import ClipStates
from vidsharp.jobs.processing.run_metrics import RunCounters, RunMeter, run_metrics
from vidsharp.models.errors import GpuLost
from vidsharp.pipeline.chunk_record import ChunkDone

from tests.support import runs
from tests.support.local_pool import InProcess, use


def samples(text: str) -> dict[tuple[str, str], float]:
    """Samples by name and value of their label; those of a run all have its output folder."""
    found, outs = {}, set[str]()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            outs.add(labels.pop("out"))
            found[sample.name, next(iter(labels.values()), "")] = sample.value
    assert len(outs) == 1
    return found


class Telling(InProcess):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(cores=2.0)
        self.told: list[tuple[str, Values]] = []

    def tell(self, run: str, values: Values) -> None:
        self.told.append((run, {metric: dict(by_value) for metric, by_value in values.items()}))


def test_a_run_tells_a_file_and_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Telling()
    use(monkeypatch, engine)
    monkeypatch.setattr(module, "TELL_EVERY_S", 0.0)
    calls, out, file = tmp_path / "calls", tmp_path / "out", tmp_path / "run.prom"
    runs.clip(calls / "a.mp4")
    runs.clip(calls / "b.mp4", frames=30)
    (calls / "bad.mp4").write_text("no video")
    options = ["--encoder", "libx264", "--preset", "ultrafast", "--chunk-seconds", "0.5", "--metrics", str(file)]
    said = CliRunner().invoke(main, ["process", str(calls), "--out", str(out), *options])
    assert said.exit_code == 1, said.output

    seen, clips, chunks = samples(file.read_text()), runs.table(out), runs.table(out, "chunks")
    assert {name for name, _ in seen} == {metric.sample for metric in METRICS}
    assert seen["vidsharp_clips", "done"] == 2
    assert seen["vidsharp_clips", "failed"] == 1
    assert seen["vidsharp_frames_total", ""] == clips["frames"].sum() == 90
    assert seen["vidsharp_chunks_total", ""] == len(chunks)
    assert seen["vidsharp_core_seconds_total", ""] == pytest.approx(chunks["core_s"].sum())
    for stage in ("decode", "model", "encode"):
        assert seen["vidsharp_stage_seconds_total", stage] == pytest.approx(chunks[f"{stage}_s"].sum())
    assert seen["vidsharp_stage_seconds_total", "join"] == pytest.approx(clips["mux_s"].sum())
    assert seen["vidsharp_bytes_total", "recordings"] == clips.loc[["a.mp4", "b.mp4"], "bytes_in"].sum()
    assert seen["vidsharp_bytes_total", "results"] == clips["bytes_out"].sum()
    assert seen["vidsharp_gpu_seconds_total", ""] == 0
    assert {value for name, value in seen if name == "vidsharp_workers"} == set(WORKERS.values)
    assert not any(seen["vidsharp_workers", state] for state in WORKERS.values), "the run has ended"

    assert {run for run, _ in engine.told} == {str(out)}
    assert max(values[WORKERS]["idle"] for _, values in engine.told) == 1, "it has loaded the student"
    for before, after in zip(engine.told, engine.told[1:], strict=False):
        assert [*before[1]] == [*after[1]] == [*METRICS]
        for metric in METRICS:
            if metric.kind == "counter":
                assert all(after[1][metric][value] >= amount for value, amount in before[1][metric].items())


def test_a_run_with_nothing_left_to_do_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, InProcess())
    runs.clip(tmp_path / "calls" / "a.mp4", frames=15)
    words = ["process", str(tmp_path / "calls"), "--out", str(tmp_path / "out"), "--encoder", "libx264"]
    assert CliRunner().invoke(main, words).exit_code == 0
    file = tmp_path / "run.prom"
    assert CliRunner().invoke(main, [*words, "--metrics", str(file)]).exit_code == 0
    seen = samples(file.read_text())
    assert (seen["vidsharp_clips", "skipped"], seen["vidsharp_bytes_total", "results"]) == (1, 0)


def test_a_file_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path, monkeypatch: Any) -> None:
    use(monkeypatch, InProcess())
    runs.clip(tmp_path / "calls" / "a.mp4", frames=15)
    words = ["process", str(tmp_path / "calls"), "--out", str(tmp_path / "out")]
    said = CliRunner().invoke(main, [*words, "--metrics", str(tmp_path / "calls" / "a.mp4" / "run.prom")])
    assert said.exit_code == 2
    assert "--metrics" in said.stderr
    assert not (tmp_path / "out" / "a.mp4").exists()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WorkerDied("SIGKILL"), "failed"),
        (ValueError("odd"), "failed"),
        (GpuLost("The GPU failed."), "gpu_lost"),
        (NodeLost("north"), "node_lost"),
        (NodeLost("north", preempted=True), "preempted"),
    ],
)
def test_what_is_tried_again_is_counted_by_why_and_logged_with_fields(
    error: Exception, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    meter = RunMeter("out", None, ClipStates(), {})
    meter.count_retry(WorkResult("actor-3", None, error=error, node="north"), clip="a.mp4", chunk=7)
    assert meter.counters.retries == {**dict.fromkeys(RETRIES.values, 0), reason: 1}
    (record,) = caplog.records
    fields = {name: getattr(record, name) for name in ("clip", "chunk", "actor", "node")}
    assert fields == {"clip": "a.mp4", "chunk": 7, "actor": "actor-3", "node": "north"}
    assert not re.search(r"a\.mp4|actor-3", record.message), "the message does not repeat them"


def test_gpus_count_by_their_shares() -> None:
    counters = RunCounters()
    chunk = ChunkDone(0, 10, "north", wall_s=8.0, core_s=3.0, model_s=2.0)
    counters.add_chunk(chunk, gpus=0.25)
    counters.add_chunk(chunk)
    values = run_metrics(counters, {}, ClipStates(), Crew({}, cores=8, gpus=0.5), wanted=2)
    found = {metric.sample: by_value for metric, by_value in values.items()}
    assert found["vidsharp_gpu_seconds_total"] == {"": 2.0}
    assert (found["vidsharp_cores"], found["vidsharp_gpus"]) == ({"": 8}, {"": 0.5})
    assert found["vidsharp_workers_wanted"] == {"": 2}
