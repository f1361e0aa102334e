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
    """A part of a photo, uint8 [height, width, 3] RGB, at least a third of it across."""
    width, height = max(width, 1), max(height, 1)
    whole = _whole(rng.choice(NAMES))
    share = rng.uniform(0.35, 1.0)
    scale = min(whole.width / width, whole.height / height) * share
    wide, high = max(int(width * scale), 1), max(int(height * scale), 1)
    left, top = rng.randint(0, whole.width - wide), rng.randint(0, whole.height - high)
    part = whole.crop((left, top, left + wide, top + high))
    return np.asarray(part.resize((width, height), Image.Resampling.LANCZOS))
