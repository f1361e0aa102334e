"""A face at the corner of a shared screen, from real clips."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
from av.error import FFmpegError
from PIL import Image

from ...models.open_media import open_media
from ..errors import ScreenError


class FaceTile:
    """The frames of one clip, cut to a tile and scaled: uint8 [height, width, 3] RGB each, decoded when asked for."""

    def __init__(self, clip: Path, width: int, height: int) -> None:
        self._clip, self._size = clip, (width, height)
        self._frames: list[np.ndarray] = []
        self._decoder = self._decode()

    @staticmethod
    def draw(rng: Random, clips: Sequence[Path], width: int, height: int) -> "FaceTile":
        return FaceTile(rng.choice(clips), width, height)

    def frame(self, number: int) -> np.ndarray:
        """The frame of that number; after the last one the clip goes back to its start.

        Raises:
            ScreenError: nothing in the clip can be decoded.
        """
        while len(self._frames) <= number:
            picture = next(self._decoder, None)
            if picture is None:
                break
            self._frames.append(picture)
        if not self._frames:
            raise ScreenError(f"'{self._clip}' has no picture that can be decoded, and cannot be a face on a screen.")
        there_and_back = number % max(2 * len(self._frames) - 2, 1)
        return self._frames[min(there_and_back, max(2 * len(self._frames) - 2 - there_and_back, 0))]

    def _decode(self) -> Iterator[np.ndarray]:
        width, height = self._size
        try:
            with open_media(self._clip) as source:
                for frame in source.decode(video=0):
                    picture = frame.to_image(threads=1)
                    scale = min(picture.width / width, picture.height / height)
                    wide, high = int(width * scale), int(height * scale)
                    left, top = (picture.width - wide) // 2, (picture.height - high) // 3
                    box = (left, top, left + wide, top + high)
                    yield np.asarray(picture.resize((width, height), Image.Resampling.BOX, box=box))
        except (FFmpegError, IndexError):  # what came before is shown; a clip without any says so in `frame`
            return
