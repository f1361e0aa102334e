"""Files of searched folders that were not taken as recordings: counted, so that none is left out without a word."""

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from ...models.wording import counted
from .clips import printable

log = logging.getLogger("vidsharp")

ENDINGS_SHOWN = 8


class PassedOver:
    """Files that a search has passed over; hidden ones, and those of the output folder, are not among them."""

    def __init__(self) -> None:
        self.by_ending: Counter[str] = Counter()
        """How many files of each ending (such as `.txt`; empty for files without one)."""
        self._seen: set[int] = set()  # of names only their hashes: there may be millions

    def add(self, file: str) -> None:
        """Takes a file's path or URL, once."""
        if (mark := hash(file)) not in self._seen:
            self._seen.add(mark)
            self.by_ending[printable(PurePosixPath(file).suffix.lower())] += 1
            log.debug("%s is not taken as a recording", printable(file))


def passed_over_sentence(by_ending: Mapping[str, int]) -> str | None:
    """A sentence on how many files were not taken, by ending, the most frequent first; None where all were."""
    if not by_ending:
        return None
    found = sorted(by_ending.items(), key=lambda one: (-one[1], one[0]))
    parts = [f"{count:,} {ending or 'without an ending'}" for ending, count in found[:ENDINGS_SHOWN]]
    if more := found[ENDINGS_SHOWN:]:
        parts.append(f"{sum(count for _, count in more):,} of {len(more):,} other endings")
    total = sum(by_ending.values())
    taken = counted(total, "file was not taken as a recording", "files were not taken as recordings")
    return f"{taken}: {', '.join(parts)} (-v lists them; name one to have it tried)"
