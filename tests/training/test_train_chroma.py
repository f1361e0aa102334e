"""Training the chroma student: resumed equals uninterrupted to the bit, it learns, and it replaces nobody's file."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from skimage import data, filters
from vidsharp.models.chroma import load_chroma
from vidsharp.models.errors import CheckpointError
from vidsharp.pipeline.ownership import NotOursError
from vidsharp.training import train_chroma as module
from vidsharp.training.batches import level_odds
from vidsharp.training.chroma_gains import chroma_gains
from vidsharp.training.errors import DataError
from vidsharp.training.train_chroma import CHECKPOINT, MIX, WEIGHTS, Settings, batch_of, relative_error, train_chroma
from vidsharp.training.window_cache import CROP, FAR, NEAR, PICTURES, RADIUS, Part, open_window_cache

from tests.training.crops import differing

QUICK = Settings(steps=6, batch=2, patch=32, warmup=2)
SMALL = {"width": 8, "radii": [2], "dilations": [1]}


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Windows of photos whose colour is smeared, as a call's is, while luma is as it was."""
    folder, dice = tmp_path_factory.mktemp("windows"), np.random.default_rng(0)
    (folder / "parts").mkdir()
    rows: list[dict[str, object]] = []
    for split, photo in (("train", data.astronaut()), ("val", data.coffee())):
        for level, kind in (("medium", "photo"), ("sharp", "clip"), ("medium", "screen")):
            windows = np.zeros((3, PICTURES, CROP * 3 // 2, CROP), np.uint8)
            for window in windows:
                top, left = dice.integers(0, 200, 2)
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


def test_resumed_equals_uninterrupted(cache: Path, tmp_path: Path) -> None:
    whole = train_chroma(cache, tmp_path / "whole", QUICK, size=SMALL, say=quiet)
    train_chroma(cache, tmp_path / "parts", QUICK, size=SMALL, stop_after=3, say=quiet)
    parts = train_chroma(cache, tmp_path / "parts", QUICK, size=SMALL, resume=True, say=quiet)
    assert differing(whole.state(), parts.state()) == []
    weights = [(tmp_path / run / WEIGHTS).read_bytes() for run in ("whole", "parts")]
    assert weights[0] == weights[1]
    assert differing(load_file(tmp_path / "parts" / WEIGHTS), dict(parts.average.state_dict())) == []


def test_it_learns_to_gather_colour(cache: Path, tmp_path: Path) -> None:
    settings = replace(QUICK, steps=120, batch=4, warmup=10, average=0.9)
    trainer = train_chroma(cache, tmp_path, settings, size={"width": 8}, say=quiet)
    gains = chroma_gains(load_chroma(tmp_path / WEIGHTS), open_window_cache(cache, "val"))
    assert list(gains) == ["medium/camera", "medium/screen", "sharp/camera"]
    assert gains["medium/camera"].windows == 3
    assert min(gains[f"medium/{of}"].psnr_db for of in ("camera", "screen")) > 0.5
    assert gains["medium/camera"].ssim > 0
    same = gains["sharp/camera"]
    assert same.input_db == 60
    assert same.psnr_db == pytest.approx(same.sharp_psnr_db - 60), "the soft planes are the sharp ones there"
    assert trainer.step == 120


def test_patches_show_one_place_and_some_are_to_stay(cache: Path) -> None:
    windows = open_window_cache(cache, "train")
    odds = level_odds(windows.levels, MIX)
    soft, sharp, luma = batch_of(windows, replace(QUICK, batch=8), odds, 5)
    assert (soft.shape, sharp.shape, luma.shape) == ((8, 2, 32, 32), (8, 2, 32, 32), (8, 1, 32, 32))
    assert float((soft - sharp).abs().mean()) < 0.05, "they are turned alike"
    for share, same in ((1.0, 8), (0.0, 0)):
        soft, sharp, _ = batch_of(
            windows, replace(QUICK, batch=8, untouched=share), medium_only(odds, windows.levels), 5
        )
        assert sum(torch.equal(a, b) for a, b in zip(soft, sharp, strict=True)) == same
    again = batch_of(windows, replace(QUICK, batch=8), odds, 5)
    other = batch_of(windows, replace(QUICK, batch=8, seed=2), odds, 5)
    assert torch.equal(again[2], luma)
    assert not torch.equal(other[2], luma)


def medium_only(odds: np.ndarray, levels: object) -> np.ndarray:
    kept = odds * (np.asarray(levels) == "medium")
    return kept / kept.sum()


def test_relative_error_is_one_for_doing_nothing_to_bad_patches_and_zero_for_perfection() -> None:
    sharp = torch.rand(3, 2, 8, 8)
    soft = sharp + 0.1
    assert float(relative_error(soft, soft, sharp, 1e-4)) == pytest.approx(1, abs=1e-4)
    assert float(relative_error(sharp, soft, sharp, 1e-4)) == 0
    assert float(relative_error(sharp + 0.01, sharp, sharp, 0.01)) == pytest.approx(1, rel=1e-3)


def test_what_is_there_is_not_replaced(cache: Path, tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"mine")
    with pytest.raises(NotOursError, match="did not make it"):
        train_chroma(cache, tmp_path, QUICK, size=SMALL, say=quiet)
    assert (tmp_path / WEIGHTS).read_bytes() == b"mine"
    run = tmp_path / "run"
    train_chroma(cache, run, QUICK, size=SMALL, stop_after=1, say=quiet)
    with pytest.raises(CheckpointError, match="holds a training run already"):
        train_chroma(cache, run, QUICK, size=SMALL, say=quiet)
    with pytest.raises(CheckpointError, match="other settings"):
        train_chroma(cache, run, replace(QUICK, seed=9), size=SMALL, resume=True, say=quiet)
    (run / CHECKPOINT).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="no checkpoint that this training can go on from"):
        train_chroma(cache, run, QUICK, size=SMALL, resume=True, say=quiet)


def test_a_folder_without_windows_is_said_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no windows"):
        train_chroma(tmp_path, tmp_path / "out", QUICK, say=quiet)
    assert not (tmp_path / "out").exists()


def test_the_command_trains_and_measures(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr(sys, "argv", ["train_chroma", str(cache), "--out", str(out), "--steps", "1"])
    module.main()
    gains = json.loads((out / "gains.json").read_text())
    assert gains["medium/camera"]["windows"] == 3
    assert "medium/screen" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        module.main()
    assert "use --resume" in capsys.readouterr().err
