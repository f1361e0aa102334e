"""Exit codes of the command, for schedulers to decide by, and which of them an error leads to."""

from ..models.errors import CheckpointError, DeviceError, GpuLost, ModelError
from ..pipeline.errors import EncoderError, ResultRefused
from ..pipeline.ownership import NotOursError
from ..training.errors import DataError, RecipeError
from .config import UsageError
from .engine.protocol import ClusterError, NodeLost
from .interrupts import terminated

OK = 0
"""All clips are finished."""
SOME_FAILED = 1
"""Some clips failed, and another run will not help."""
WRONG_USAGE = 2
"""The command cannot be carried out as it was given."""
RUN_AGAIN = 3
"""The cluster, a disk or a bucket failed: the same command goes on once that is mended."""
INTERRUPTED = 130
"""SIGINT; what was finished is kept."""
TERMINATED = 143
"""SIGTERM; what was finished is kept."""

_USERS = (UsageError, ModelError, CheckpointError, DeviceError, EncoderError, DataError, RecipeError, NotOursError)
"""Something was asked for that is not there, or is in the way."""


def exit_code(error: BaseException) -> int:
    """The code of a command that an error ended."""
    if isinstance(error, KeyboardInterrupt):
        return TERMINATED if terminated(error) else INTERRUPTED
    if isinstance(error, _USERS):
        return WRONG_USAGE
    return RUN_AGAIN if another_run_helps(error) else SOME_FAILED


def another_run_helps(error: BaseException | None) -> bool:
    """Whether what failed was a disk, a bucket or the cluster, and neither the recording nor what was asked for.
    (OutputError, StorageError and NodeError are OSErrors.)"""
    for_good = (*_USERS, ResultRefused)
    return isinstance(error, OSError | ClusterError | NodeLost | GpuLost) and not isinstance(error, for_good)


def run_code(failed: int, run_again: bool) -> int:
    """The code of a run that came to its end.

    Args:
        failed: clips that did.
        run_again: whether another run may help one of them.
    """
    return (RUN_AGAIN if run_again else SOME_FAILED) if failed else OK
