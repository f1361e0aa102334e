"""Windows to train the chroma student on, for tests."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from skimage import data, filters
from vidsharp.training.data.window_cache import CROP, FAR, NEAR, PICTURES, RADIUS, Part


def write_smeared(folder: Path) -> Path:
    """A cache of windows of photos whose colour is smeared, as a call's is, while luma is as it was."""
    rng = np.random.default_rng(0)
    (folder / "parts").mkdir()
    rows: list[dict[str, object]] = []
    for split, photo in (("train", data.astronaut()), ("val", data.coffee())):
        for level, kind in (("medium", "photo"), ("sharp", "clip"), ("medium", "screen")):
            windows = np.zeros((3, PICTURES, CROP * 3 // 2, CROP), np.uint8)
            for window in windows:
                top, left = rng.integers(0, 200, 2)
                sharp = i420(photo[top : top + CROP, left : left + CROP])
                window[:NEAR], window[NEAR + len(FAR) :] = sharp, sharp
                if level == "medium":
                    window[RADIUS, CROP:] = smeared(sharp[CROP:])
            part = Part(f"{split}-{level}-{kind}.npy", f"{split}-{kind}", kind, level, [0, 1, 2])
            np.save(folder / "parts" / part.file, windows)
            rows.append({"split": split, **asdict(part)})
    (folder / "windows.json").write_text(json.dumps({"parts": rows}))
    return folder


def i420(rgb: np.ndarray) -> np.ndarray:
    crop = rgb.astype(np.float32)
    luma = crop @ np.array([0.257, 0.504, 0.098], np.float32) + 16
    halved = crop.reshape(CROP // 2, 2, CROP // 2, 2, 3).mean(axis=(1, 3))
    chroma = np.stack([halved[..., 2] - halved[..., 1], halved[..., 0] - halved[..., 1]]) * 0.4 + 128
    return np.concatenate([luma, chroma.reshape(CROP // 2, CROP)]).round().clip(0, 255).astype(np.uint8)


def smeared(chroma: np.ndarray) -> np.ndarray:
    planes = chroma.reshape(2, CROP // 2, CROP // 2).astype(np.float32)
    return np.stack([filters.gaussian(p, 2) for p in planes]).round().astype(np.uint8).reshape(chroma.shape)
