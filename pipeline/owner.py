"""The process that a temporary name belongs to, told apart from those of other machines and containers.

A process number alone says little where containers share a disk: each has a process 17. So names carry the machine as
well: its name, its start (boot) and the namespace that its process numbers are of.
"""

import hashlib
import os
import platform
import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from .process_lives import process_lives

Whose = Literal["running", "ended", "elsewhere"]
"""`elsewhere`: a process of another machine or container, or of this one before it was started again."""

_OWNER = re.compile(r"(?:\.([0-9a-f]{8}))?\.(\d+)-[0-9a-f]{6}\.part\b")
"""Version 0.1 named no machine."""


@cache
def this_machine() -> str:
    """Eight hex digits that stand for this machine since its last start, or for this container."""
    parts = [platform.node()]
    with suppress(OSError):  # Linux has it
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("utf-8"))
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def owner_part() -> str:
    """The part of a temporary name, before its suffix, that says whose it is; no two calls give the same."""
    return f".{this_machine()}.{os.getpid()}-{os.urandom(3).hex()}.part"


def whose(name: str) -> Whose | None:
    """The fate of the process that a temporary name belongs to; None of a name that is none."""
    found = _OWNER.search(name)
    if found is None:
        return None
    if found[1] != this_machine():
        return "elsewhere"
    return "running" if process_lives(int(found[2])) else "ended"
