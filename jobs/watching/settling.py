"""Which recordings of a watched folder are due: those that have not changed for a while, and were not dealt with."""

from collections.abc import Hashable, Iterable, Mapping

State = Hashable
"""What changes when a recording does."""


class Settling:
    """What is known of the recordings of a watch. Times are of one clock that only runs forward: those of files may be
    another machine's."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[State, float]] = {}
        self._dealt_with: dict[str, State] = {}

    def due(self, found: Mapping[str, State], now: float) -> set[str]:
        """The recordings to be worked on.

        Args:
            found: all that are there. Of others, nothing is remembered.
        """
        before = self._since
        self._since = {
            name: before[name] if name in before and before[name][0] == state else (state, now)
            for name, state in found.items()
        }
        self._dealt_with = {name: state for name, state in self._dealt_with.items() if name in found}
        return {
            name
            for name, (state, since) in self._since.items()
            if now - since >= self._settle_s and self._dealt_with.get(name) != state
        }

    def dealt_with(self, names: Iterable[str]) -> None:
        """These need no more work, unless they change from what they were when they were due."""
        self._dealt_with.update({name: self._since[name][0] for name in names})
