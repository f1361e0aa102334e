"""Errors, each one plain sentence for people; every one survives pickling between processes."""


class VidsharpError(Exception):
    """The base of all errors that vidsharp raises on purpose; `str(error)` is one plain sentence."""


class ModelError(VidsharpError, ValueError):
    """A model name or a model's setting that nothing here answers to."""


class CheckpointError(VidsharpError, ValueError):
    """A weights file that is missing, is no checkpoint, or does not fit the model."""


class DeviceError(VidsharpError, RuntimeError):
    """A device that this machine does not have."""


class GpuLost(VidsharpError, RuntimeError):
    """A GPU that failed, and is of no use to this process any more; another process may use it."""
