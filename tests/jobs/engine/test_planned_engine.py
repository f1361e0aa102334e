"""A run's engine begins where it is needed; and `auto` is a student by what computes it, one for the whole run."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import ProcessConfig, process
from vidsharp.jobs.engine import gpu_trial, planned_engine
from vidsharp.jobs.engine.planned_engine import PlannedEngine, device_is_gpu
from vidsharp.jobs.engine.protocol import WorkerDied
from vidsharp.models.errors import DeviceError
from vidsharp.models.gpu.settings import GpuSettings

from tests.support import runs
from tests.support.local_pool import InProcess, use, use_no_ray

GPU = ["0"]


def config(**settings: Any) -> ProcessConfig:
    return ProcessConfig(inputs=(Path("a.mp4"),), out=Path("out"), **settings)


def see(patch: pytest.MonkeyPatch, gpus: list[str], trial: GpuSettings | Exception | None = None) -> list[str]:
    """A machine with these GPUs, on which a trial ends so; None: there must be none. Gives the names of the students
    that are tried."""
    tried: list[str] = []

    def of_trial(engine: object, plan: Any, config: ProcessConfig, must_see: object) -> GpuSettings:
        assert trial is not None, "nothing needs to be tried here"
        tried.append(gpu_trial.student_on(config.model, plan))
        if isinstance(trial, Exception):
            raise trial
        return trial

    patch.setattr(planned_engine, "visible_gpus", lambda: gpus)
    patch.setattr(gpu_trial, "_tried", of_trial)
    use(patch, InProcess(4.0, gpus=float(len(gpus))))
    return tried


@pytest.mark.parametrize(
    ("settings", "gpus", "student"),
    [
        ({}, [], "fast"),
        ({"device": "cpu"}, GPU, "fast"),
        ({"device": "both"}, GPU, "fast"),
        ({"device": "cuda"}, GPU, "best"),
        ({"device": "cuda:1"}, GPU, "best"),
        ({"model": "balanced"}, GPU, "balanced"),
        ({"model": "best", "device": "cpu"}, [], "best"),
    ],
)
def test_the_student_is_known_without_an_engine_where_it_can_be(
    settings: dict[str, str], gpus: list[str], student: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned_engine, "visible_gpus", lambda: gpus)
    runs.forbid_ray(monkeypatch)
    with PlannedEngine(config(**settings)) as engine:
        assert engine.student() == student


@pytest.mark.parametrize(
    ("trial", "student"),
    [
        (GpuSettings(batch=2), "best"),
        (DeviceError("torch was built without CUDA"), "fast"),
        (WorkerDied("SIGSEGV"), "fast"),
    ],
)
def test_a_gpu_has_the_best_student_where_it_serves(
    trial: GpuSettings | Exception, student: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = see(monkeypatch, GPU, trial)
    with PlannedEngine(config()) as engine:
        assert engine.student() == student
        assert engine.student() == student
        assert (engine.begun()[1].device == "cuda") == (student == "best")
    assert tried == ["best"], "once"


def test_where_cpus_work_beside_gpus_the_student_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = see(monkeypatch, GPU, GpuSettings())
    with PlannedEngine(config(device="both")) as engine:
        assert engine.student() == "fast"
        assert engine.begun()[1].beside is not None
    assert tried == ["fast"]


def test_what_a_cluster_has_is_not_known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned_engine, "visible_gpus", list)
    assert device_is_gpu(config(address="auto")) is None
    assert device_is_gpu(config(address="auto", device="cpu")) is False


@pytest.mark.parametrize("gpus", [[], GPU])
def test_a_run_names_its_student_and_its_clips_stay_finished(
    gpus: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    see(monkeypatch, gpus, DeviceError("no") if gpus else None)
    clip = runs.clip(tmp_path / "call.mp4", frames=4).path
    with caplog.at_level(logging.INFO, "vidsharp"):
        (row,) = process(runs.config(clip, tmp_path / "out")).rows
    assert row["model"] == "fast"
    assert not any("student is" in line for line in caplog.messages), "that CPUs have fast is nothing new"
    (again,) = process(runs.config(clip, tmp_path / "out", model="fast")).rows
    assert again["status"] == "skipped"
    use_no_ray(monkeypatch)
    monkeypatch.setattr(planned_engine, "visible_gpus", list)
    (again,) = process(runs.config(clip, tmp_path / "out", device="cpu")).rows
    assert again["status"] == "skipped"


def test_a_run_on_gpus_says_which_student_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    see(monkeypatch, GPU, GpuSettings())
    plan_run = planned_engine.plan_run

    def on_cpu(*arguments: Any) -> Any:  # but for the trial, on which all of it depends
        return replace(plan_run(*arguments), device="cpu", gpus=0, gpu=None, actors=1, threads=1)

    clip = runs.clip(tmp_path / "call.mp4", frames=4).path
    monkeypatch.setattr(planned_engine, "student_on", lambda model, plan: "best")
    monkeypatch.setattr(planned_engine, "plan_run", on_cpu)
    with caplog.at_level(logging.INFO, "vidsharp"):
        (row,) = process(runs.config(clip, tmp_path / "out")).rows
    assert (row["model"], row["status"]) == ("best", "done")
    assert any("the student is best, since GPUs do the work" in line for line in caplog.messages)
