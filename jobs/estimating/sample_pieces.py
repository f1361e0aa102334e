"""The second round of an estimate: workers sharpen pieces of recordings for about as long as the sample may take."""

import logging
import time
from collections.abc import Mapping

from ..engine.actors import POLL_S
from ..engine.work_result import WorkResult
from .cost_model import Piece
from .estimate_config import EstimateConfig
from .looked import Looked, kind_of
from .rate_trial import RateTask
from .sample_actor import SamplePool
from .sample_order import order_of, piece_frames

log = logging.getLogger("vidsharp")


class PieceSample:
    """Pieces of the recordings that were looked at, and what they took."""

    def __init__(self, config: EstimateConfig, looked: Mapping[str, Looked]) -> None:
        self._config = config
        self._looked = looked
        self._trial: Piece | None = None
        self.pieces: list[Piece] = []
        self.failing: dict[str, str] = {}
        """Why recordings cannot be sharpened."""
        self.sampled_s = 0.0

    def run(self, pool: SamplePool) -> None:
        """Returns when enough pieces were sharpened, or all."""
        log.info("sharpening pieces of them for about %.0f s", self._config.sample_seconds)
        by_kind = sorted(self._looked.items(), key=lambda one: (kind_of(one[1].info, one[1].encoder), one[0]))
        starts = [(name, looked, start) for name, looked in by_kind for start in looked.starts]
        if not starts:
            return
        shares = [start.chunk.frames * looked.info.width * looked.info.height for _, looked, start in starts]
        order = order_of([kind_of(looked.info, looked.encoder) for _, looked, _ in starts], shares)
        sample_seconds = self._config.sample_seconds
        began = time.perf_counter()
        while True:
            self.sampled_s = time.perf_counter() - began
            for actor in pool.idle():
                enough = self.pieces and self.sampled_s >= sample_seconds
                place = None if enough or (pool.busy and self._trial is None) else next(order, None)
                if place is not None:
                    name, looked, start = starts[place]
                    pixels = looked.info.width * looked.info.height
                    frames = piece_frames(pixels, self._trial, len(starts), sample_seconds)
                    measured, rate = self._config.measure != "off", RateTask.of(self._config)
                    wanted = (name, looked.info, start, frames, looked.encoder, measured, rate)
                    pool.ask(actor, "piece", wanted, name)
            if not pool.busy:
                break
            for answer in pool.answers(POLL_S):
                self._take(answer)
        if not self.pieces and self._trial is not None:
            self.pieces.append(self._trial)

    def _take(self, answer: WorkResult) -> None:
        if answer.error is not None:
            if answer.permanent:
                self.failing[answer.about] = answer.sentence
            log.debug("a piece of %s: %s", answer.about, answer.sentence)
            return
        piece: Piece = answer.value
        if self._trial is None and piece.wall_s < self._config.sample_seconds:
            self._trial = piece
            return
        self.pieces.append(piece)
        self._trial = self._trial or piece
