"""Files of others under a name that a run would write to."""

from contextlib import suppress
from pathlib import Path


def is_foreign(path: Path, beginning: bytes) -> bool:
    """Whether a file is there that holds something, and does not begin as ours do."""
    with suppress(OSError):
        if path.is_file():  # to be read from a pipe would be to wait for its other end
            with path.open("rb") as file:
                return file.read(len(beginning)) not in (beginning, b"")
    return False
