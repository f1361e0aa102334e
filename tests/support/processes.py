"""What processes of a pool do in tests; imports nothing that takes long."""

import os
import time
from pathlib import Path


def begins() -> None:
    """Sets up nothing."""


def sleeps(begun: Path) -> None:
    """Says that it has begun, and goes on for longer than any test."""
    begun.touch()
    time.sleep(3600)


def dies(_: object) -> None:
    """Ends its process, as the system does where memory is short."""
    os._exit(9)
