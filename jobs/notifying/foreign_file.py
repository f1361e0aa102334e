"""Files of others under a name that a run would write to."""

from contextlib import suppress
from pathlib import Path

from ..config import UsageError


def check_ours(option: str, path: Path, beginning: bytes) -> None:
    """
    Args:
        option: that names the file.
        beginning: of all that vidsharp writes there.

    Raises:
        UsageError: a file is there that holds something, and does not begin so.
    """
    with suppress(OSError):
        if path.is_file():  # to be read from a pipe would be to wait for its other end
            with path.open("rb") as file:
                if file.read(len(beginning)) not in (beginning, b""):
                    raise UsageError(f"{option} {path} exists and was not made by vidsharp; remove it, or name another")
