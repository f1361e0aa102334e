"""Photos for screens to show: crops of those that come with scikit-image."""

from functools import lru_cache
from random import Random

import numpy as np
from PIL import Image
from skimage import data

NAMES = ("astronaut", "cat", "coffee", "rocket")


@lru_cache(maxsize=8)
def _whole(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)())


def photo(rng: Random, width: int, height: int) -> np.ndarray:
    """A part of a photo, uint8 [height, width, 3] RGB.

    Never enlarged, since screens are to be sharp: one that is too small stands in the middle of its mean colour.
    """
    width, height = max(width, 1), max(height, 1)
    whole = _whole(rng.choice(NAMES))
    share = rng.uniform(0.35, 1.0)
    scale = max(min(whole.width / width, whole.height / height) * share, 1.0)
    wide, high = min(int(width * scale), whole.width), min(int(height * scale), whole.height)
    left, top = rng.randint(0, whole.width - wide), rng.randint(0, whole.height - high)
    part = whole.crop((left, top, left + wide, top + high))
    shown = np.asarray(part.resize((min(wide, width), min(high, height)), Image.Resampling.LANCZOS))
    if shown.shape[:2] == (height, width):
        return shown
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = shown.reshape(-1, 3).sum(axis=0, dtype=np.int64) // (shown.shape[0] * shown.shape[1])
    y, x = (height - shown.shape[0]) // 2, (width - shown.shape[1]) // 2
    picture[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    return picture
