"""A small cache of windows, written without any line: blurred crops of a photo that moves by two pixels a picture."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data
from vidsharp.training.data.window_cache import CROP, FAR, INDEX, NEAR, PARTS, Part, part_bytes


def write(folder: Path, parts: Sequence[tuple[str, str]], count: int = 4, split: str = "train") -> Path:
    """A cache with a part of `count` windows for each (level, kind); the last two parts are there once more to validate
    on.
    """
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (level, kind) in enumerate(parts):
        windows = np.stack([_window(level, 7 * number + 3 * window) for window in range(count)])
        part = Part(f"{kind}-{number}.npy", f"{kind}{number}", kind, level, list(range(count)))
        (folder / PARTS / part.file).write_bytes(part_bytes(windows))
        rows.append({"split": split, **asdict(part)})
    held = [{**row, "split": "val", "source": f"held{number}"} for number, row in enumerate(rows[-2:])]
    (folder / INDEX).write_text(json.dumps({"parts": rows + held}))
    return folder


def _window(level: str, at: int) -> np.ndarray:
    sharp = [_i420(at + 2 * t) for t in range(NEAR)]
    soft = sharp if level == "sharp" else [_blurred(picture) for picture in sharp]
    return np.stack([*soft, *([soft[0]] * len(FAR)), *sharp])


def _i420(at: int) -> np.ndarray:
    crop = data.astronaut()[at : at + CROP, at : at + CROP].astype(np.float32)
    luma = crop @ np.array([0.257, 0.504, 0.098], np.float32) + 16
    halved = crop.reshape(CROP // 2, 2, CROP // 2, 2, 3).mean(axis=(1, 3)) / 255 - 0.5
    chroma = np.stack([halved[..., 2] - halved[..., 1], halved[..., 0] - halved[..., 1]]) * 60 + 128
    return np.concatenate([luma, chroma.reshape(CROP // 2, CROP)]).round().clip(0, 255).astype(np.uint8)


def _blurred(i420: np.ndarray) -> np.ndarray:
    luma = gaussian_filter(i420[:CROP].astype(np.float32), 1.2)
    return np.concatenate([luma.round().astype(np.uint8), i420[CROP:]])
