"""With what exit code a command ends that an error has ended."""

from ..models.errors import CheckpointError, DeviceError, ModelError
from .cli_options import INTERRUPTED, SOME_FAILED, WRONG_USAGE
from .config import UsageError


def exit_code(error: BaseException) -> int:
    """2 where something was asked for that is not there, 130 where the user or the system interrupted, else 1."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, UsageError | ModelError | CheckpointError | DeviceError):
        return WRONG_USAGE
    from ..pipeline.errors import EncoderError
    from ..training.pair_set import DataError  # takes seconds
    from ..training.recipe import RecipeError

    return WRONG_USAGE if isinstance(error, EncoderError | DataError | RecipeError) else SOME_FAILED
