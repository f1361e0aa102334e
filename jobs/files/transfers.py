"""Files on their way from object storage and to it: whole, as they were sent, and each object made once."""

import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .bucket_lease import unmet
from .object_place import Place, Ticker

ATTEMPTS = 3
"""So often is an object brought that comes out otherwise than it was sent."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a disk without room."""


class DamagedError(OSError):
    """What has come is not what was sent."""


def bring(place: Place, file: Path, check: Callable[[], None], on_part: Callable[[], None]) -> None:
    """Brings an object to a file; again where it comes damaged.

    Args:
        check: raises DamagedError where it has.
        on_part: called for each part that comes.

    Raises:
        DamagedError: it came damaged each time.
        OSError: as the storage and the disk say.
    """
    for last in (False,) * (ATTEMPTS - 1) + (True,):
        try:
            place.fs.get_file(place.path, str(file), callback=Ticker(on_part))
            check()
            return
        except Exception as error:
            if not _is_damage(error):
                raise
            if last:
                raise DamagedError(str(error)) from error


def put_once(place: Place, file: Path, on_part: Callable[[], None]) -> None:
    """Makes an object of a file, where there is none of that name. Where the storage knows no conditions, one that is
    there is replaced.

    Raises:
        OSError: as the storage says, or the object came out shorter.
    """
    options: dict[str, Any] = {"mode": "create"} if place.is_s3 else {}
    try:
        place.fs.put_file(str(file), place.path, callback=Ticker(on_part), **options)
    except OSError as error:
        if not unmet(error):
            raise
        return
    if place.fs.info(place.path)["size"] != file.stat().st_size:
        with suppress(FileNotFoundError):
            place.fs.rm_file(place.path)
        raise OSError("it came out shorter than it is")


def _is_damage(error: BaseException) -> bool:
    """Whether it is one, or what botocore calls so (FlexibleChecksumError), which does not come with each storage."""
    return isinstance(error, DamagedError) or "checksum" in str(error).lower()
