"""The first round of an estimate: workers look at all recordings, or at enough of them."""

from collections import deque
from collections.abc import Mapping, Sequence

from ...pipeline.encoder import EncoderChoice
from ...pipeline.errors import MediaError
from ...pipeline.workspace import file_stem
from ..config import ProcessConfig
from ..engine.actors import POLL_S
from ..files.clips import Clip
from ..files.storage import Storage
from .looked import Looked
from .sample_actor import SamplePool
from .unseen import to_bring

MAX_TRIES = 2
"""How often a recording is looked at whose worker dies of it."""

READ_BYTES = 4 * 1024**3
"""So much of the recordings is read for the times of their packets; of the rest, only the header and a picture."""


class ClipLook:
    """Recordings that workers look at, and what came of it.

    Args:
        sizes: in bytes, by the clip's name.
    """

    def __init__(self, storage: Storage, clips: Sequence[Clip], sizes: Mapping[str, int]) -> None:
        self._storage = storage
        self.looked: dict[str, Looked] = {}
        self.failing: dict[str, str] = {}
        """Why recordings cannot be sharpened."""
        self._waiting: deque[tuple[Clip, bool, int]] = deque()
        budget = READ_BYTES
        # By name, the first ones might all be of one day: which of a terabyte are read shall not depend on that.
        clips = sorted(clips, key=lambda clip: file_stem(clip.name))
        self._far, self.unseen = to_bring([clip for clip in clips if storage.far(clip)], sizes)
        for clip in clips:
            if not storage.far(clip):
                size = sizes[clip.name]
                self._waiting.append((clip, size <= budget, 1))
                budget -= size if size <= budget else 0
        self._waiting.extend((clip, True, 1) for clip in self._far)

    def run(self, pool: SamplePool, config: ProcessConfig, encoder: EncoderChoice) -> None:
        """Returns when every recording but those of `unseen` was looked at, or failed."""
        while self._waiting or pool.busy:
            self._storage.fetch((clip for clip, *_ in self._waiting), at_most=len(self._far))
            if not pool.busy and not self._next_is_here():
                self._storage.wait(POLL_S)
            for actor in pool.idle():
                if self._next_is_here():
                    clip, read, tries = self._waiting.popleft()
                    wanted = (clip.path, config.chunk_seconds, encoder, read, config.part, config.skip_sharp)
                    pool.ask(actor, "look", wanted, (clip, read, tries))
            for answer in pool.answers(POLL_S):
                clip, read, tries = answer.about
                if answer.error is None:
                    self.looked[clip.name] = answer.value
                elif answer.permanent or tries >= MAX_TRIES:
                    self.failing[clip.name] = answer.sentence
                else:
                    self._waiting.append((clip, read, tries + 1))

    def _next_is_here(self) -> bool:
        """Whether the next clip can be looked at. Those that cannot be had will fail."""
        while self._waiting:
            try:
                return self._storage.fetched(self._waiting[0][0])
            except MediaError as error:
                self.failing[self._waiting.popleft()[0].name] = str(error)
        return False
