"""A lease on an output prefix of a bucket, or on a shard of it: one driver at a time writes there.

It is an object that only one driver can make (PUT on condition that there is none) and that it renews while it lives.
One that is not renewed is nobody's any more: who comes next replaces it, on condition that it is still the same.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

from ...pipeline.owner import owner_part, whose
from ..processing.run_lock import OutputTaken, file_name, shard_of, taken_sentence
from ..shard import Shard
from .object_place import Place, StorageError, writing

log = logging.getLogger("vidsharp")

LEASE_S = 60.0
"""A driver that has not renewed its lease for so long is taken to be dead, and takes itself to be without it."""
RENEW_S = 15.0
LOOK_S = 1.0
"""How often a lease is looked at, to see whether it is renewed."""


class BucketLease:
    """A driver's lease, held from the start.

    Args:
        folder: for work, in the output.
        shard: the driver's.
        shown: what people call the output.
        pause: waits for so many seconds.

    Raises:
        OutputTaken: another driver has it.
        OutputError: the bucket cannot be written.
    """

    def __init__(self, folder: Place, shard: Shard, shown: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._folder, self._shard, self._shown, self._pause = folder, shard, shown, pause
        self._object = folder / file_name(shard)
        self.owner, self._renewals = owner_part(), 0
        """The first word of what the object holds."""
        self._ended = Event()
        self._held = True
        with writing(self._object.url):
            self._tag = self._take()
            self._renewed_at = time.monotonic()
            try:
                # Its own first: of two that begin at once, each sees the other, or one does.
                self._check_others()
            except BaseException:
                self._remove()
                raise
        self._thread = Thread(target=self._renew_always, daemon=True, name="lease")
        self._thread.start()

    @property
    def lost(self) -> bool:
        """Whether another driver may be writing there now."""
        return not self._held or time.monotonic() - self._renewed_at > LEASE_S

    def check(self) -> None:
        """
        Raises:
            StorageError: the lease is lost.
        """
        if self.lost:
            raise StorageError(
                f"{self._shown} could not be reached for {LEASE_S:.0f} s, or another vidsharp has taken it over; run "
                "the same command again"
            )

    def release(self) -> None:
        """Lets the next driver in."""
        self._ended.set()
        self._thread.join()
        if not self.lost:
            self._remove()

    def _remove(self) -> None:
        with suppress(Exception):  # the lease ends by itself
            self._object.fs.rm_file(self._object.path)

    def _take(self) -> str:
        while True:
            tag = put_if(self._object, self._content(), mode="create")
            if tag is not None:
                return tag
            old = self._abandoned(self._object)
            if old is None:
                continue
            tag = put_if(self._object, self._content(), IfMatch=old)
            if tag is not None and self._stays(tag):
                return tag
            # Another one has come first, or right after.
            raise OutputTaken(taken_sentence(self._shown, self._shard, self._shard))

    def _stays(self, tag: str) -> bool:
        """Whether the lease is still this driver's after a while: some storages (SeaweedFS) look whether a condition
        holds and replace in two steps, so that two drivers may be told that they have replaced the same lease."""
        self._pause(LOOK_S)
        with suppress(FileNotFoundError):
            return _tag(self._object) == tag
        return False

    def _check_others(self) -> None:
        """Refuses where a driver with another number of shards is at work: it may share clips with this one."""
        for name, _ in self._folder.below():
            shard = shard_of(name)
            other = self._folder / name
            if shard is not None and shard.count != self._shard.count and self._abandoned(other, shard) is not None:
                other.fs.rm_file(other.path)

    def _abandoned(self, lease: Place, shard: Shard | None = None) -> str | None:
        """The entity tag of a lease that is not renewed; None where it is gone.

        Raises:
            OutputTaken: it is renewed.
        """
        first, until = None, time.monotonic() + LEASE_S
        while True:
            try:
                # The tag first: what is replaced is not newer than what was read.
                tag, owner = _tag(lease), lease.fs.cat_file(lease.path).decode(errors="replace")
            except FileNotFoundError:
                return None
            if whose(owner) == "ended":
                return tag
            if first is None:
                first = tag
                log.info("%s is of a vidsharp that may live; looking for up to %.0f s", lease.url, LEASE_S)
            elif tag != first:
                raise OutputTaken(taken_sentence(self._shown, shard or self._shard, self._shard))
            if time.monotonic() >= until:
                return tag
            self._pause(LOOK_S)

    def _own_tag(self) -> str | None:
        """The entity tag of the lease where it is this driver's after all: the answer to a PUT was lost."""
        tag = _tag(self._object)
        return tag if self._object.fs.cat_file(self._object.path).startswith(self.owner.encode()) else None

    def _content(self) -> bytes:
        """Another one each time, and so another entity tag."""
        self._renewals += 1
        return f"{self.owner} {self._renewals}".encode()

    def _renew_always(self) -> None:
        while not self._ended.wait(RENEW_S) and not self.lost:
            with suppress(Exception):  # the next time, unless that is too late
                began = time.monotonic()
                tag = put_if(self._object, self._content(), IfMatch=self._tag) or self._own_tag()
                if tag is None:
                    self._held = False
                    return
                self._tag, self._renewed_at = tag, began


def put_if(place: Place, data: bytes, **condition: Any) -> str | None:
    """Makes a small object, or replaces one, on a condition. Returns its entity tag, and None where that does not hold.

    Raises:
        OSError: as the storage says.
    """
    try:
        return place.fs.pipe_file(place.path, data, **condition)["ETag"]
    except FileNotFoundError:
        return None  # that was to be replaced
    except OSError as error:
        if unmet(error):
            return None
        raise


def unmet(error: BaseException) -> bool:
    """Whether a PUT failed because its condition did not hold, or another PUT of that object was under way."""
    if isinstance(error, FileExistsError):
        return True
    response = getattr(error.__cause__, "response", {})
    code = str(response.get("Error", {}).get("Code", ""))
    return code in ("PreconditionFailed", "412", "ConditionalRequestConflict", "409")


def _tag(place: Place) -> str:
    return place.fs.info(place.path, refresh=True)["ETag"]
