"""What a clip was made with: the settings that matter for its pictures and its figures, and the versions in use."""

import platform
from functools import cache
from importlib.metadata import version
from typing import Any

import av

from ..models.catalogue import weights_digest
from ..pipeline.workspace import FORMAT
from .clip_work import encoder_choice
from .config import ProcessConfig
from .pool import PoolPlan


def settings(config: ProcessConfig, plan: PoolPlan) -> dict[str, Any]:
    """By the names of the command's options; only what was said where nothing is the default."""
    said = {
        "model": config.model,
        "strength": config.strength,
        "encoder": config.encoder,
        "crf": config.crf,
        "preset": config.preset,
        **config.encoder_options,
        "chunk-seconds": config.chunk_seconds,
        "measure": config.measure,
        "reference": config.reference is not None or None,
        "device": plan.device,
        "workers": plan.actors,
        "threads": plan.threads,
    }
    return {name: value for name, value in said.items() if value is not None}


@cache
def versions() -> dict[str, str]:
    """Of vidsharp and of what computes and encodes."""
    return {
        "vidsharp": version("vidsharp"),
        "torch": version("torch"),
        "PyAV": version("av"),
        "FFmpeg": av.ffmpeg_version_info,
        "ray": version("ray"),
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def what_counts(config: ProcessConfig) -> dict[str, Any]:
    """The settings on which a clip's pictures depend: a clip that was finished with the same ones need not be redone.

    Raises:
        ModelError, CheckpointError: as `weights_digest`.
    """
    encoder = encoder_choice(config)
    return {
        "format": FORMAT,
        "model": weights_digest(config.model),
        "strength": config.strength,
        "encoder": [encoder.name, encoder.crf, encoder.preset, sorted(encoder.options.items())],
        "chunk_seconds": config.chunk_seconds,
    }
