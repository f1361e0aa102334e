"""What workers compute on is decided once for a run: precision on a GPU that passes a trial, or else the CPU."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from vidsharp.jobs import ProcessConfig, process
from vidsharp.jobs.engine import gpu_trial
from vidsharp.jobs.engine.gpu_trial import TrialActor, plan_run
from vidsharp.jobs.engine.pool import PoolPlan
from vidsharp.jobs.engine.protocol import ClusterError, NodeLost, WorkerDied
from vidsharp.models.errors import CheckpointError, DeviceError, GpuLost
from vidsharp.models.fused import blend_library
from vidsharp.models.gpu.settings import GpuSettings, HwAccel

from tests.support import runs
from tests.support.local_pool import InProcess, use

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
CPU = PoolPlan(1, 4, 0, "cpu")


class Engine(InProcess):
    """One machine with a GPU; the trial answers with what the test says."""

    def __init__(self, *answers: Any) -> None:
        super().__init__(cores=4.0, gpus=1.0)
        self._answers = list(answers)
        self.asked: list[tuple[Any, ...]] = []
        self.left = 0

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> Any:
        assert (worker_class, gpus) == (TrialActor, 1)
        self.left += 1

    def submit(self, worker: Any, method: str, *arguments: Any) -> Any:
        self.asked.append(arguments)
        return self._answers.pop(0)

    def result(self, call: Any) -> Any:
        if isinstance(call, Exception):
            raise call
        return call

    def kill(self, worker: Any) -> None:
        self.left -= 1


def config(**settings: Any) -> ProcessConfig:
    return ProcessConfig(inputs=(Path("a.mp4"),), out=Path("out"), **settings)


def test_what_the_trial_found_is_for_all_workers() -> None:
    found = GpuSettings(batch=3, half_error=0.001)
    engine = Engine(found)
    assert plan_run(engine, config(batch=3, strength=0.5, look=0.2)) == PoolPlan(1, 4, 1, "cuda", found)
    assert engine.asked == [("best", "cuda", 0.5, 0.2, GpuSettings(batch=3), "none")]
    assert engine.left == 0


def test_a_gpus_codecs_are_used_where_they_work_and_asked_for_in_vain_where_they_do_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    works, fails = HwAccel(True, ("h264_nvenc",)), HwAccel(trouble="its decoder does not work (no driver)")
    plan = plan_run(Engine(GpuSettings(hwaccel=works)), config(hwaccel="cuda"))
    assert (plan.gpu and plan.gpu.hwaccel, plan.encoders) == (works, ("h264_nvenc",))
    with caplog.at_level(logging.INFO, "vidsharp"):
        assert plan_run(Engine(GpuSettings(hwaccel=fails)), config(hwaccel="auto")).encoders == ()
    assert caplog.messages == ["the GPU's codecs are not used: its decoder does not work (no driver)"]
    with pytest.raises(DeviceError) as caught:
        plan_run(Engine(GpuSettings(hwaccel=fails)), config(hwaccel="cuda"))
    assert str(caught.value) == ("--hwaccel cuda: its decoder does not work (no driver); use --hwaccel auto or none")
    with pytest.raises(DeviceError, match="no student runs on a GPU here; use --hwaccel auto or none"):
        plan_run(Engine(DeviceError("none")), config(hwaccel="cuda"))


def test_only_who_wants_them_has_codecs_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    found = HwAccel(True)
    monkeypatch.setattr("vidsharp.pipeline.codec_trial.try_codecs", lambda way, device: tried.append(device) or found)
    asked = GpuSettings("float32")
    for word, wanted in (("none", HwAccel()), ("auto", found), ("cuda", found)):
        said = TrialActor(1).try_out("fast", "cpu", 1.0, None, asked, word)  # type: ignore[arg-type]
        assert said == replace(asked, hwaccel=wanted)
    assert tried == ["cpu", "cpu"]


FAILURES = [
    (DeviceError("Device 'cuda' was asked for, but it is none."), "Device 'cuda' was asked for, but it is none"),
    (GpuLost("The GPU failed (CUDA error: unknown error)."), "The GPU failed (CUDA error: unknown error)"),
    (WorkerDied("SIGSEGV"), "the process that tried the GPU died"),
    (RuntimeError("cuDNN error:\nno version"), "cuDNN error: no version"),
]


@pytest.mark.parametrize(("error", "said"), FAILURES)
def test_auto_takes_the_cpu_where_the_gpu_does_not_serve_and_says_so(
    error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(error)
    with caplog.at_level(logging.WARNING, "vidsharp"):
        assert plan_run(engine, config()) == CPU
    assert caplog.messages == [f"the GPU is not used: {said}; students run on the CPU"]
    assert engine.left == 0


@pytest.mark.parametrize(("error", "said"), FAILURES)
def test_who_asked_for_a_gpu_is_told(error: Exception, said: str) -> None:
    engine = Engine(error)
    with pytest.raises(DeviceError) as caught:
        plan_run(engine, config(device="cuda"))
    assert said in str(caught.value)
    assert engine.left == 0


@pytest.mark.parametrize("error", [ClusterError("no process can be started"), CheckpointError("it is no checkpoint")])
def test_what_has_nothing_to_do_with_gpus_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        plan_run(Engine(error), config())


def test_a_machine_that_is_lost_meanwhile_says_nothing_of_gpus() -> None:
    lost = NodeLost("gone")
    assert plan_run(Engine(lost, lost, GpuSettings()), config()) == PoolPlan(1, 4, 1, "cuda", GpuSettings())
    assert plan_run(Engine(lost, lost, lost), config()) == CPU


def test_settings_of_a_gpu_without_one_are_not_passed_over_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "vidsharp"):
        assert plan_run(InProcess(4.0), config(precision="float32")).gpu is None
    (line,) = caplog.messages
    assert "--precision, --batch and --no-graph are for a GPU" in line


def test_it_is_said_when_no_gpu_is_free(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Busy(Engine):
        turns = 3

        def wait(self, calls: Any, timeout_s: float) -> list[Any]:
            self.turns -= 1
            return [] if self.turns else list(calls)

    monkeypatch.setattr(gpu_trial, "_WAIT_WARNING_S", -1.0)
    with caplog.at_level(logging.WARNING, "vidsharp"):
        plan_run(Busy(GpuSettings()), config())
    assert caplog.messages == ["waiting for a node with a GPU free to try it (--device cpu needs none)"] * 2


def test_a_trial_says_what_half_precision_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU that takes a GPU's way, where nothing is tried."""
    asked = GpuSettings(batch=2)
    assert TrialActor(1).try_out("fast", "cpu", 1.0, None, asked) == asked
    from vidsharp.models.gpu import gpu_student

    monkeypatch.setattr(gpu_student, "half_type", lambda precision, device: torch.bfloat16)
    found = TrialActor(1).try_out("fast", "cpu", 1.0, None, asked)
    assert found.half_error is not None
    assert found.half_error > 0
    assert replace(found, half_error=None) == asked
    again = TrialActor(1).try_out("fast", "cpu", 1.0, None, replace(found, half_error=0.5))
    assert again.half_error == 0.5, "who is told does not try again"


@no_gpu
def test_a_run_where_torch_cannot_use_the_gpu_that_the_engine_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(monkeypatch, InProcess(2.0, gpus=1.0))
    clip = runs.clip(tmp_path / "call.mp4", frames=15).path
    with caplog.at_level(logging.WARNING, "vidsharp"):
        (row,) = process(runs.config(clip, tmp_path / "out")).rows
    assert (row["status"], row["device"]) == ("done", "cpu")
    assert any("no CUDA GPU is visible" in line and "students run on the CPU" in line for line in caplog.messages)
    with pytest.raises(DeviceError, match="no CUDA GPU is visible"):
        process(runs.config(clip, tmp_path / "other", device="cuda"))


@pytest.mark.parametrize(
    ("sets", "why"),
    [
        (("generic",), "this processor has neither AVX2 nor NEON, or a virtual machine hides them"),
        ((), "the C library of vidsharp is missing: there was no C compiler when it was installed"),
    ],
)
def test_a_run_that_is_slower_than_it_need_be_says_why(
    sets: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(blend_library, "instruction_sets", lambda: sets)
    for model in ("balanced", "reference"):  # the C library never does the second one
        plan_run(InProcess(2.0), config(model=model))
    assert caplog.messages == [f"{why}; PyTorch does balanced's work, several times as slowly"]


def test_a_run_that_is_as_fast_as_can_be_says_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(blend_library, "instruction_sets", lambda: ("generic", "NEON"))
    plan_run(InProcess(2.0), config())
    assert not caplog.messages
