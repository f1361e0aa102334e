"""The edges: command line, Ray, folders on disk. `process(ProcessConfig(...))` is the main job, from Python."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import ProcessConfig
    from .process import ProcessResult, process

__all__ = ["ProcessConfig", "ProcessResult", "process"]


def __getattr__(name: str) -> Any:
    # Looked up on first use: `vidsharp --help` must not wait for Ray and torch.
    if name == "ProcessConfig":
        from .config import ProcessConfig

        return ProcessConfig
    if name in ("ProcessResult", "process"):
        from . import process as module

        return module.process if name == "process" else module.ProcessResult
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
