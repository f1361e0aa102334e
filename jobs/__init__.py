"""The edges: command line, Ray, folders on disk. `process(ProcessConfig(...))` is the main job, from Python."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import ProcessConfig
    from .process_job import ProcessResult, process

__all__ = ["ProcessConfig", "ProcessResult", "process"]


def __getattr__(name: str) -> Any:
    # Looked up on first use: `vidsharp --help` must not wait for Ray and torch.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import config, process_job

    return config.ProcessConfig if name == "ProcessConfig" else getattr(process_job, name)
