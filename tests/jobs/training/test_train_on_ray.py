"""The Ray Train job: alone the local trainer to the last bit, in a crew nearly that, and it outlives its workers."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from ray.train import WorkerGroupError
from safetensors.torch import load_file
from torch import Tensor
from vidsharp.jobs.engine.protocol import ClusterError
from vidsharp.jobs.training.train_config import TrainConfig
from vidsharp.jobs.training.train_job import train
from vidsharp.jobs.training.train_on_ray import _reason
from vidsharp.training.build_windows import build
from vidsharp.training.errors import DataError, RecipeError
from vidsharp.training.loop.train import CHECKPOINT, WEIGHTS

from tests.support import crops, runs
from tests.training import test_build_windows

SHORT = """
network = "blend"
steps = 6
batch = 2
patch_px = 32
learning_rate = 1e-3
warmup_steps = 2
validate_every = 3
save_every = 3
validation_crops = 2
size = { bands = 2, width = 8, depth = 1 }
"""
LONG = SHORT.replace("steps = 6", "steps = 200").replace("_every = 3", "_every = 40")


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    crops.write_cache(tmp_path / "data")
    (tmp_path / "short.toml").write_text(SHORT)
    (tmp_path / "long.toml").write_text(LONG)
    recipe = str(tmp_path / "short.toml")
    # One thread: sums in the same order everywhere.
    return TrainConfig(tmp_path / "data", tmp_path / "out", recipe, device="cpu", threads=1, loader_workers=0, ray=True)


@pytest.fixture(autouse=True)
def _threads() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def weights(out: Path) -> dict[str, Tensor]:
    return load_file(out / WEIGHTS)


@pytest.mark.slow
def test_one_worker_equals_the_local_trainer_also_when_resumed(
    config: TrainConfig, shared_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are given from the current folder, which is not the workers'."""
    monkeypatch.chdir(tmp_path)
    local = replace(config, ray=False, out=tmp_path / "local")
    train(local)
    distributed = replace(config, data=Path("data"), out=Path("distributed"))
    train(replace(local, out=distributed.out, stop_after=3))
    result = train(replace(distributed, resume=True))
    assert (result.step, result.steps) == (6, 6)
    ends = [torch.load(out / CHECKPOINT, weights_only=True) for out in (local.out, distributed.out)]
    assert crops.differing(*ends) == []
    assert crops.differing(weights(local.out), weights(distributed.out)) == []
    for name in ("loss.csv", "validation.csv"):
        first, second = (crops.without_seconds(out / name) for out in (local.out, distributed.out))
        assert first == second


@pytest.mark.slow
def test_windows_train_alike_here_and_in_a_ray_job(config: TrainConfig, shared_ray: None, tmp_path: Path) -> None:
    """Data that is made into windows of consecutive pictures first."""
    photos = test_build_windows.folder_of(
        tmp_path / "sharp", *test_build_windows.on_side(False), *test_build_windows.on_side(True)
    )
    build(photos, tmp_path / "windows", 1, 0, 1, screens=0)
    local = replace(config, data=tmp_path / "windows", out=tmp_path / "local", ray=False)
    train(local)
    train(replace(local, out=tmp_path / "distributed", ray=True))
    outs = local.out, tmp_path / "distributed"
    assert crops.differing(*map(weights, outs)) == []
    assert crops.without_seconds(outs[0] / "loss.csv") == crops.without_seconds(outs[1] / "loss.csv")


@pytest.mark.slow
def test_two_workers_take_the_steps_of_one(config: TrainConfig, shared_ray: None) -> None:
    """Before what the last bits of their sums lack has grown."""
    outs = {workers: config.out / str(workers) for workers in (1, 2)}
    for workers, out in outs.items():
        train(replace(config, workers=workers, ray=workers > 1, out=out))
    one, two = (weights(out) for out in outs.values())
    for name in one:
        torch.testing.assert_close(two[name], one[name], atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_crew_follows_the_single_worker_and_outlives_a_killed_one(
    config: TrainConfig, shared_ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ray looks for reports once in this time: with its own 2 s, the run may be over when it knows of a checkpoint.
    monkeypatch.setenv("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.1")
    config = replace(config, recipe=str(config.data.parent / "long.toml"), workers=2)
    outs = {name: config.out / name for name in ("alone", "crew", "killed")}
    train(replace(config, workers=1, ray=False, out=outs["alone"]))
    train(replace(config, out=outs["crew"]))
    before: list[str] = []
    killer = threading.Thread(target=_kill_a_worker_in_mid_run, args=(outs["killed"], before), daemon=True)
    killer.start()
    assert train(replace(config, out=outs["killed"])).step == 200
    killer.join(timeout=1)
    losses = {name: crops.without_seconds(out / "loss.csv") for name, out in outs.items()}

    # Two halves of a batch are summed in another order: gradients differ in their last bits, and weights, which are of
    # about 1 and move by up to 0.1 in 200 steps, differ by some 1e-6 in the end; on some processors by 1e-3, since the
    # spectrum's logarithm is steep where cells are flat. The losses tell other patches from other sums.
    one, two = (weights(outs[name]) for name in ("alone", "crew"))
    for name in one:
        torch.testing.assert_close(two[name], one[name], atol=1e-2, rtol=0)
    for mine, theirs in zip(losses["crew"][1:], losses["alone"][1:], strict=True):
        numbers = [[float(cell) for cell in line.split(",")] for line in (mine, theirs)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-4)

    # Two workers that go on from a checkpoint do the same sums as two that were never disturbed.
    assert losses["killed"] == losses["crew"]
    assert crops.differing(weights(outs["killed"]), weights(outs["crew"])) == []
    assert before, "the worker was killed after the first checkpoint"
    after = (outs["killed"] / "loss.csv").read_text().splitlines()
    assert after[: len(before)] == before, "with the seconds: what was done before the checkpoint was not done again"
    assert len(before) < len(after)


def _kill_a_worker_in_mid_run(out: Path, seen: list[str]) -> None:
    """Waits until Ray has the first checkpoint, notes the log up to it, and kills one of the workers."""
    runs.wait_until(lambda: any("checkpoint_" in file.read_text() for file in out.glob("ray/*snapshot*.json")), 300)
    lines = (out / "loss.csv").read_text().splitlines()
    workers = runs.descendants("RayTrainWorker")
    os.kill(workers[0], signal.SIGKILL)
    seen += lines[:2]


def test_what_cannot_work_is_said_before_ray_starts(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str | None) -> None:
        raise AssertionError("Ray was started")

    monkeypatch.setattr("vidsharp.jobs.training.train_on_ray.ray_session", refuse)
    with pytest.raises(RecipeError, match="A batch of 2 cannot be shared by 3 workers in equal parts"):
        train(replace(config, workers=3))
    taught = config.data / "taught.toml"
    taught.write_text(SHORT + "teacher_weight = 0.5\n")
    with pytest.raises(RecipeError, match="name its checkpoint with --teacher"):
        train(replace(config, recipe=str(taught)))
    assert not config.out.exists()


@pytest.mark.slow
def test_more_workers_than_there_is_room_for(config: TrainConfig, shared_ray: None) -> None:
    recipe = config.data / "wide.toml"
    recipe.write_text(SHORT.replace("batch = 2", "batch = 512"))
    with pytest.raises(ClusterError, match=r"512 workers need 512 CPUs, and Ray has \d+; use a smaller --workers"):
        train(replace(config, recipe=str(recipe), workers=512))


def test_the_reason_is_what_the_first_worker_to_fail_said() -> None:
    trace = (
        "[Rank 1 Error Snippet]:\nTraceback (most recent call last):\n  File ...\nDataError: 'x.png' cannot be read.\n"
    )
    assert _reason(WorkerGroupError(trace, {1: DataError("'x.png' cannot be read.")})) == "'x.png' cannot be read."
    assert _reason(ValueError("several\n  lines\nthe last one\n")) == "the last one"
    assert _reason(KeyError()) == "KeyError"


@pytest.mark.slow
@pytest.mark.timeout(900)  # beside other tests, Ray takes minutes until its worker trains
def test_interrupted_it_leaves_no_process_behind_and_can_go_on(config: TrainConfig) -> None:
    recipe = config.data / "endless.toml"
    recipe.write_text(SHORT.replace("steps = 6", "steps = 100000"))
    command = ["train", "student", "--data", config.data, "--out", config.out, "--recipe", recipe, "--ray"]
    job = runs.start(*command, "--device", "cpu", "--threads", "1", "--loader-workers", "0")
    try:
        runs.wait_until(lambda: (config.out / CHECKPOINT).exists() or job.poll() is not None, 600)
    finally:  # it would go on for ever
        job.send_signal(signal.SIGINT)
        said = job.communicate(timeout=100)[1]
    assert job.returncode == 130, said
    assert "interrupted; add --resume to continue from the last checkpoint" in said
    assert "Traceback" not in said
    runs.wait_until(lambda: not runs.processes_of_session(job.pid), 30)
    saved = torch.load(config.out / CHECKPOINT, weights_only=True)["step"]
    result = train(replace(config, ray=False, recipe=str(recipe), resume=True, stop_after=saved + 1))
    assert result.step == saved + 1
