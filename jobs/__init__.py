"""The edges: command line, Ray, folders on disk. `process(ProcessConfig(...))` is the main job, from Python."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import ProcessConfig
    from .estimating.estimate_config import EstimateConfig
    from .estimating.estimate_job import estimate
    from .estimating.estimate_result import Estimate
    from .previewing.preview_config import PreviewConfig
    from .previewing.preview_job import PreviewResult, preview
    from .processing.process_job import ProcessResult, process
    from .processing.report_job import ReportConfig, ReportResult, report
    from .shard import Shard
    from .tools.evaluate_job import EvaluateConfig, EvaluateResult, evaluate
    from .tools.simulate_job import SimulateConfig, SimulatedClip, simulate
    from .training.train_config import TrainConfig
    from .training.train_job import TrainResult, train
    from .watching.watch_config import WatchConfig
    from .watching.watch_job import watch

__all__ = [
    "Estimate",
    "EstimateConfig",
    "EvaluateConfig",
    "EvaluateResult",
    "PreviewConfig",
    "PreviewResult",
    "ProcessConfig",
    "ProcessResult",
    "ReportConfig",
    "ReportResult",
    "Shard",
    "SimulateConfig",
    "SimulatedClip",
    "TrainConfig",
    "TrainResult",
    "WatchConfig",
    "estimate",
    "evaluate",
    "preview",
    "process",
    "report",
    "simulate",
    "train",
    "watch",
]

_MODULES = {
    "ProcessConfig": "config",
    "Shard": "shard",
    "PreviewConfig": "previewing.preview_config",
    **dict.fromkeys(("PreviewResult", "preview"), "previewing.preview_job"),
    **dict.fromkeys(("ProcessResult", "process"), "processing.process_job"),
    **dict.fromkeys(("ReportConfig", "ReportResult", "report"), "processing.report_job"),
    "Estimate": "estimating.estimate_result",
    "EstimateConfig": "estimating.estimate_config",
    "estimate": "estimating.estimate_job",
    **dict.fromkeys(("EvaluateConfig", "EvaluateResult", "evaluate"), "tools.evaluate_job"),
    **dict.fromkeys(("SimulateConfig", "SimulatedClip", "simulate"), "tools.simulate_job"),
    "TrainConfig": "training.train_config",
    **dict.fromkeys(("TrainResult", "train"), "training.train_job"),
    "WatchConfig": "watching.watch_config",
    "watch": "watching.watch_job",
}


def __getattr__(name: str) -> Any:
    # Looked up on first use: `vidsharp --help` must not wait for Ray and torch.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
