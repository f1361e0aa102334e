"""Messages through a pipe: the same on every system, where sockets and descriptors that a child inherits are not."""

from typing import IO

_LENGTH_BYTES = 8


def write_message(pipe: IO[bytes], message: bytes) -> None:
    """Sends a message whole. Threads that share a pipe take turns by a lock of their own.

    Raises:
        OSError: the other end is closed.
    """
    pipe.write(len(message).to_bytes(_LENGTH_BYTES))
    pipe.write(message)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes | None:
    """Waits for the next message; None where the other end was closed, be it in the midst of one.

    Raises:
        OSError: as the system says.
    """
    length = pipe.read(_LENGTH_BYTES)
    if len(length) < _LENGTH_BYTES:
        return None
    wanted = int.from_bytes(length)
    message = pipe.read(wanted)
    return message if len(message) == wanted else None
