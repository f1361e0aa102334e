"""Shards: the recordings of a run, divided among drivers that know nothing of each other."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from .recording_suffixes import RECORDING_SUFFIXES

_TEXT = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True)
class Shard:
    """One of `count` shards, counted from 0."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard | None":
        """The shard that a text such as 0/4 means; None where it means none. It may still be out of range."""
        found = _TEXT.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def has(self, clip: str) -> bool:
        """Whether the clip with this name is in it: the first 8 bytes of the SHA-256 of `shared_name`, as a big-endian
        number, modulo `count`. Every machine says the same."""
        digest = hashlib.sha256(shared_name(clip).encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8]) % self.count == self.index


def shared_name(clip: str) -> str:
    """A clip's name without its endings: `team/call` of `team/call.avi`, as of `team/call.webm`. Both may become
    `team/call.mkv`, so one driver has to name them."""
    path = PurePosixPath(clip).with_suffix("")
    while path.suffix.lower() in RECORDING_SUFFIXES:
        path = path.with_suffix("")
    return path.as_posix()
