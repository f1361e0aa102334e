"""Errors on the way from a recording to its sharpened file, each one sentence for people."""

from pathlib import Path

from ..models.errors import VidsharpError


class _PathError(VidsharpError):
    """An error about one file. Both arguments are in `args`, so that the error survives pickling."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message, path)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return self.message


class MediaError(_PathError, ValueError):
    """The recording cannot be processed, however often one tries: not a video, damaged beyond decoding, encrypted."""


class EncoderError(_PathError, ValueError):
    """The encoder does not exist, or does not take the recording's pictures or the options asked for."""


class OutputError(_PathError, OSError):
    """The output cannot be written: no space, no permission, a disk that fails."""


class ResultRefused(OutputError):
    """A result cannot be written, however often one tries: no container holds its streams, or its name is taken."""


class ChunkError(_PathError, RuntimeError):
    """A chunk came out other than planned; another attempt may do better."""


def disk_sentence(error: OSError, path: Path) -> str:
    """An operating system error as a sentence for the person who asked for `path`."""
    import errno

    if error.errno == errno.ENOSPC:
        return f"no space is left on the disk that holds {path}; free some and run the same command again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be written: permission denied; choose another --out or change its permissions"
    if error.errno == errno.EDQUOT:
        return f"your quota on the disk that holds {path} is used up; free some space and run the same command again"
    return f"{path} cannot be written: {error.strerror or error}"
