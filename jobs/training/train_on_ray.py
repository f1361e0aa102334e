"""The same training loop as a Ray Train job: DistributedDataParallel, and a new start from the last checkpoint when a
worker dies.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray.train
import torch
from ray.train import Checkpoint, CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer, get_device, prepare_model
from torch import nn

from ...models.cores import usable_cores
from ...models.device import resolve_device
from ...pipeline.ownership import claim_folder, remove_folder
from ...training.loop.train import CHECKPOINT, WorkerGroup, train
from ...training.recipe import Recipe
from ..engine.cluster import living_nodes, ray_session
from ..engine.protocol import ClusterError
from ..engine.ray_private import leaving_sigint
from ..files.clips import real_path
from .train_config import RAY, RAY_JOB, TrainConfig, open_data, places_of


def train_on_ray(
    config: TrainConfig,
    recipe: Recipe,
    resume_from: Path | None,
    say: Callable[[str], None],
    moved: Callable[[int, int, float], None],
) -> int:
    """Trains with `config.workers` workers that share each batch; returns the last step.

    `config.out` and the data must have the same path on every machine. The workers' loss is in `loss.csv`; `moved` is
    told at checkpoints only.

    Raises:
        ClusterError: Ray cannot be reached, has too few CPUs or GPUs, or workers died more often than `max_failures`.
        NotOursError: the job's folder in `config.out` holds something else.
    """
    # Ray's workers run in another folder than this process. A teacher and a start may be names of shipped models.
    here = {name: getattr(config, name) for name in ("data", "out", "teacher", "vgg", "start", "cache")}
    places = {
        name: real_path(path)
        for name, path in here.items()
        if path and (name not in ("teacher", "start") or path.exists())
    }
    config = replace(config, **places)
    resume_from = resume_from and real_path(resume_from)
    with ray_session(config.address):
        on_gpu = _on_gpu(config)
        _check_room(config.workers, "GPU" if on_gpu else "CPU")
        # Of an earlier job; Ray would resume from its last checkpoint, whatever the run in `out` did since.
        remove_folder(config.out / RAY, RAY_JOB)
        claim_folder(config.out / RAY, RAY_JOB)
        say(f"a Ray Train job of {config.workers} workers on {'GPUs' if on_gpu else 'CPUs'}")
        job = leaving_sigint(TorchTrainer)(
            _work,
            train_loop_config={"config": config, "recipe": recipe, "resume_from": resume_from},
            scaling_config=ScalingConfig(num_workers=config.workers, use_gpu=on_gpu),
            torch_config=TorchConfig(backend="nccl" if on_gpu else "gloo"),
            run_config=RunConfig(
                name=RAY,
                storage_path=str(config.out),
                checkpoint_config=CheckpointConfig(num_to_keep=1),
                failure_config=FailureConfig(max_failures=config.max_failures),
            ),
        )
        try:
            job.fit()
        except Exception as error:
            raise ClusterError(f"the Ray Train job failed: {_reason(error)}") from error
    step = int(torch.load(config.out / CHECKPOINT, "cpu", weights_only=True)["step"])
    moved(step, step, float("nan"))
    return step


def _work(given: dict[str, Any]) -> None:
    """One worker's part: the local loop, with gradients averaged over the crew."""
    config, recipe = given["config"], given["recipe"]
    here = ray.train.get_context()
    torch.set_num_threads(config.threads or max(1, usable_cores() // here.get_local_world_size()))
    crew = WorkerGroup(
        rank=here.get_world_rank(),
        world=here.get_world_size(),
        device=str(get_device()),
        wrap=_averaged,
        share=_report,
    )
    saved = ray.train.get_checkpoint()
    with tempfile.TemporaryDirectory() as folder:
        resume_from = given["resume_from"]
        if saved is not None:  # a worker died, and Ray has started all of them again
            resume_from = Path(saved.to_directory(folder)) / CHECKPOINT
        train(
            recipe,
            places_of(config),
            open_data(config, recipe, lambda _: None),
            resume_from=resume_from,
            stop_after=config.stop_after,
            loader_workers=config.loader_workers,
            crew=crew,
        )


def _averaged(net: nn.Module) -> nn.Module:
    return prepare_model(net)


def _report(folder: Path | None, figures: Mapping[str, float]) -> None:
    """Hands Ray a worker's figures, and worker 0's checkpoint, which Ray copies to its own place."""
    if folder is None:
        ray.train.report(dict(figures))
        return
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(folder / CHECKPOINT, copy)
        ray.train.report(dict(figures), checkpoint=Checkpoint.from_directory(copy))


def _on_gpu(config: TrainConfig) -> bool:
    if config.device == "auto":
        return any(node.get("GPU", 0) for node in living_nodes())
    return config.device != "cpu" and resolve_device(config.device).type == "cuda"


def _check_room(workers: int, kind: str) -> None:
    """Ray would wait for ever for workers that cannot be placed."""
    there = int(sum(node.get(kind, 0) for node in living_nodes()))
    if there < workers:
        raise ClusterError(f"{workers} workers need {workers} {kind}s, and Ray has {there}; use a smaller --workers")


def _reason(error: BaseException) -> str:
    """What the first worker to fail said, without the traces of all the places it went through."""
    failures = list(getattr(error, "worker_failures", {}).values())
    lines = str(failures[0] if failures else error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
