"""The contract between a run and what it tells of each clip: `Hook`, and the error that each kind raises."""

from threading import Event
from typing import Protocol

from ...models.errors import VidsharpError


class HookError(VidsharpError, RuntimeError):
    """A hook failed; the sentence goes into the clip's row."""


class Hook(Protocol):
    """Told of each clip, by several threads at once."""

    def tell(self, message: bytes, stop: Event) -> None:
        """
        Args:
            message: JSON.
            stop: set when the run ends before its time.

        Raises:
            HookError: it failed, or took too long.
        """
        ...


def short(words: object) -> str:
    """Somebody else's words, as a sentence has room for them."""
    return " ".join(str(words).split())[:300]
