"""Exit codes of the command, and which of them an error leads to."""

from ..models.errors import CheckpointError, DeviceError, ModelError
from ..pipeline.errors import EncoderError
from ..pipeline.ownership import NotOursError
from ..training.errors import DataError, RecipeError
from .config import UsageError

OK, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

_USERS = (UsageError, ModelError, CheckpointError, DeviceError, EncoderError, DataError, RecipeError, NotOursError)
"""Something was asked for that is not there, or is in the way."""


def exit_code(error: BaseException) -> int:
    """2 where something was asked for that is not there, 130 where the user or the system interrupted, else 1."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return WRONG_USAGE if isinstance(error, _USERS) else SOME_FAILED
