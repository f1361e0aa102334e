"""The parts that a preview shows, sharpened by an estimate's workers, which reckons from what they took."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...pipeline.errors import MediaError
from ...pipeline.part import Part
from ..engine.actors import POLL_S
from ..estimating.cost_model import Piece
from ..estimating.looked import Looked
from ..estimating.rate_trial import RateTask
from ..estimating.sample_actor import Excerpt, SamplePool

MAX_TRIES = 2
"""How often a part is tried whose worker dies of it."""


def middle(looked: Looked, seconds: float) -> Part:
    """A part in the middle of a recording: calls begin with people who wait, and end with people who leave."""
    spare_s = max(0.0, (looked.info.duration_s or 0.0) - seconds)
    start_s = round(spare_s / 2, 3)
    return Part(start_s or None, round(start_s + seconds, 3))


def evenly_chosen(names: Sequence[str], count: int) -> list[str]:
    """At most so many of the names, spread evenly, the first one always among them."""
    count = min(count, len(names))
    return [names[len(names) * n // count] for n in range(count)]


class ExcerptSample:
    """As an estimate's `Sample`: a part of each of some recordings.

    Args:
        parts: by the recording's name.
        folder: where they are kept, reachable from every worker.
        rate: how a run would choose the encoder's quality.
    """

    def __init__(self, looked: Mapping[str, Looked], parts: Mapping[str, Part], folder: Path, rate: RateTask) -> None:
        self._looked = looked
        self._parts = parts
        self._folder = folder
        self._rate = rate
        self.pieces: list[Piece] = []
        self.failing: dict[str, str] = {}
        """Empty: that a part cannot be shown does not mean that the recording will fail."""
        self.not_shown: dict[str, str] = {}
        """Why parts are not there."""
        self.excerpts: dict[str, Excerpt] = {}
        self.sampled_s = 0.0

    def run(self, pool: SamplePool) -> None:
        """Returns when every part is there, or failed.

        Raises:
            MediaError: none is there.
        """
        began = time.perf_counter()
        waiting = deque((name, 1) for name in self._parts)
        while waiting or pool.busy:
            for actor in pool.idle():
                if waiting:
                    name, tries = waiting.popleft()
                    looked, folder = self._looked[name], self._folder / str(list(self._parts).index(name))
                    wanted = (name, looked.info, self._parts[name], looked.encoder, folder, True, self._rate)
                    pool.ask(actor, "excerpt", wanted, (name, tries))
            for answer in pool.answers(POLL_S):
                name, tries = answer.about
                if answer.error is None:
                    self.excerpts[name] = answer.value
                    self.pieces.append(answer.value.piece)
                elif answer.permanent or tries >= MAX_TRIES:
                    self.not_shown[name] = answer.sentence
                else:
                    waiting.append((name, tries + 1))
        self.sampled_s = time.perf_counter() - began
        if not self.excerpts and self.not_shown:
            raise MediaError(next(iter(self.not_shown.values())))
