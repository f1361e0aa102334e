"""The provenance of a clip: the settings that matter for its pictures and its figures, and the versions in use."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import av

from ...models.nets.catalogue import (
    CHROMA_WEIGHTS,
    called,
    check_model,
    chroma_digest,
    chroma_of,
    look_of,
    student_name,
    weights_digest,
)
from ...models.nets.licence import licence_of
from ...pipeline.part import WHOLE_CLIP
from ...reports.run.run_cost import CORE_PRICE, GPU_PRICE, GPU_SHARE
from ..config import ProcessConfig
from ..engine.pool import PoolPlan

Run = TypeVar("Run", bound=ProcessConfig)


def with_choices(config: Run) -> Run:
    """The look and the choice for chroma that the student has, in the place of what was asked for.

    Raises:
        ModelError, CheckpointError: as `check_model`, `look_of` and `chroma_of`.
    """
    check_model(config.model)
    return replace(config, look=look_of(config.model, config.look), chroma=chroma_of(config.model, config.chroma))


def settings(config: ProcessConfig, plan: PoolPlan, counts: Mapping[str, Any]) -> dict[str, Any]:
    """By the names of the command's options; only what was said where nothing is the default. `weights` is what
    `--model` takes to find them again.

    Args:
        counts: as `fingerprint_settings` gave it.
    """
    said = {
        "model": called(config.model),
        "weights": f"sha256:{counts['model']}",
        "look": config.look,
        "strength": config.strength,
        "chroma": config.chroma,
        "chroma-weights": f"sha256:{counts['chroma']}" if "chroma" in counts else None,
        "encoder": config.encoder,
        "crf": config.crf,
        "preset": config.preset,
        "skip-sharp": config.skip_sharp or None,
        "max-growth": config.max_growth,
        "target-quality": config.target_quality,
        **config.encoder_options,
        "chunk-seconds": config.chunk_seconds,
        "measure": config.measure,
        "reference": config.reference is not None or None,
        "start": config.part.start_s,
        "end": config.part.end_s,
        CORE_PRICE: config.price_per_core_hour,
        GPU_PRICE: config.price_per_gpu_hour,
        "device": plan.device,
        "precision": plan.gpu and plan.gpu.precision,
        "batch": plan.gpu and plan.gpu.batch,
        "no-graph": (plan.gpu is not None and not plan.gpu.graphs) or None,
        "hwaccel": "cuda" if plan.gpu is not None and plan.gpu.hwaccel.decodes else None,
        "workers": plan.actors,
        "threads": plan.threads,
        GPU_SHARE: plan.gpus or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def networks(config: ProcessConfig) -> list[dict[str, str]]:
    """The networks of a run: their names, their weights' digests and their licences.

    Raises:
        ModelError, CheckpointError: as `weights_digest` and `licence_of`.
    """
    names: list[str | Path] = [config.model]
    if chroma_of(config.model, config.chroma) == "restore":
        names.append(CHROMA_WEIGHTS)
    return [{"name": student_name(name), "sha256": weights_digest(name), "licence": licence_of(name)} for name in names]


@cache
def versions() -> dict[str, str | None]:
    """Of vidsharp and of what computes and encodes; None for Ray where it is not installed."""
    return {
        "vidsharp": version("vidsharp"),
        "torch": version("torch"),
        "PyAV": version("av"),
        "FFmpeg": av.ffmpeg_version_info,
        "ray": _version_of_ray(),
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _version_of_ray() -> str | None:
    try:
        return version("ray")
    except PackageNotFoundError:
        return None


CHANGES_PICTURES = frozenset(
    {
        *("model", "look", "strength", "chroma", "start", "end"),
        *("encoder", "crf", "preset", "encoder_options", "chunk_seconds"),
        *("skip_sharp", "max_growth", "target_quality"),
    }
)
"""The fields of `ProcessConfig` on which a clip's pictures depend: another value makes another result."""

KEEPS_PICTURES = frozenset(
    {
        *("inputs", "shard", "out", "reference", "measure", "page", "overwrite"),
        *("engine", "workers", "address", "staging", "scratch", "scratch_gb", "memory_mb", "stall_seconds"),
        *("price_per_core_hour", "price_per_gpu_hour"),
        *("on_clip", "webhook", "webhook_key", "hook_seconds", "metrics"),
        *("precision", "batch", "graphs", "hwaccel"),  # as with the device:
        "device",  # a finished clip stays finished; chunks of an unfinished one are bound to it: see `provenance.py`
    }
)
"""All other fields."""


def fingerprint_settings(config: ProcessConfig) -> dict[str, Any]:
    """The settings on which a clip's pictures depend: a clip that was finished with the same ones need not be redone.

    Raises:
        ModelError, CheckpointError: as `weights_digest`, `look_of` and `chroma_of`.
    """
    encoder = ("encoder", "crf", "preset", "encoder_options")
    bounds = ("max_growth", "target_quality")
    apart = ("model", "look", "chroma", "start", "end", "skip_sharp", *encoder, *bounds)
    others = {name: getattr(config, name) for name in CHANGES_PICTURES.difference(apart)}
    others.update({name: value for name in bounds if (value := getattr(config, name)) is not None})
    if config.skip_sharp:
        others["skip_sharp"] = True
    look = look_of(config.model, config.look)
    if look is not None:
        others["look"] = look
    if chroma_of(config.model, config.chroma) == "restore":
        others["chroma"] = chroma_digest()
    if config.part != WHOLE_CLIP:
        others["part"] = [config.part.start_s, config.part.end_s]
    choice = [config.encoder, config.crf, config.preset, sorted(config.encoder_options.items())]
    # Named as version 0.1 did it, so that its finished clips are known.
    return {"format": 2, "model": weights_digest(config.model), "encoder": choice, **others}
