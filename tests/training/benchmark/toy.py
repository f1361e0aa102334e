"""Sources of the benchmark made in code: a clip that drifts, a photo to pan over, a drawn screen."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from vidsharp.training.benchmark.sources import BenchmarkSource, Group

from tests.support import media

SIZE = (192, 128)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def clip(folder: Path, name: str = "drift", frames: int = 24, group: Group = "motion") -> BenchmarkSource:
    """A clip of frames that can be told apart."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.mp4"
    media.call(path, frames=frames, size=SIZE, audio=0, options={"crf": "12"})
    return BenchmarkSource(name, group, "clip", SIZE, "tests", path.name, _digest(path))


def pan(folder: Path, name: str = "photo") -> BenchmarkSource:
    """A photo that is just large enough to glide over."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    Image.fromarray(np.ascontiguousarray(data.astronaut()[:300, :400])).save(path)
    return BenchmarkSource(name, "faces", "pan", SIZE, "tests", path.name, _digest(path))


def screen(name: str = "made", seed: int = 7000) -> BenchmarkSource:
    """A drawn screen of the smallest size."""
    return BenchmarkSource(name, "screens", "screen", (320, 180), "tests", seed=seed)
