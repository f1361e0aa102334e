"""Training the chroma student: resumed equals uninterrupted to the bit, it learns, and it replaces nobody's file."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.chroma import load_chroma
from vidsharp.pipeline.ownership import NotOursError
from vidsharp.training import train_chroma as module
from vidsharp.training.data.chroma_patches import Patches
from vidsharp.training.data.window_cache import open_window_cache
from vidsharp.training.errors import DataError
from vidsharp.training.loop.chroma_gains import chroma_gains
from vidsharp.training.loss.losses import relative_error, squared_error
from vidsharp.training.train_chroma import CHECKPOINT, WEIGHTS, Settings, train_chroma

from tests.support.chroma_windows import write_smeared
from tests.support.crops import differing

QUICK = Settings(steps=6, warmup=2, patches=Patches(batch=2, side=32))
SMALL = {"width": 8, "radii": [2], "dilations": [1]}


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_smeared(tmp_path_factory.mktemp("windows"))


def test_resumed_equals_uninterrupted(cache: Path, tmp_path: Path) -> None:
    whole = train_chroma(cache, tmp_path / "whole", QUICK, size=SMALL, say=quiet)
    train_chroma(cache, tmp_path / "parts", QUICK, size=SMALL, stop_after=3, say=quiet)
    parts = train_chroma(cache, tmp_path / "parts", QUICK, size=SMALL, resume=True, say=quiet)
    assert differing(whole.state(), parts.state()) == []
    weights = [(tmp_path / run / WEIGHTS).read_bytes() for run in ("whole", "parts")]
    assert weights[0] == weights[1]
    assert differing(load_file(tmp_path / "parts" / WEIGHTS), dict(parts.average.state_dict())) == []


def test_it_learns_to_gather_colour(cache: Path, tmp_path: Path) -> None:
    settings = replace(QUICK, steps=120, warmup=10, average=0.9, patches=Patches(batch=4, side=32))
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


def test_relative_error_is_one_for_doing_nothing_to_bad_patches_and_zero_for_perfection() -> None:
    sharp = torch.rand(3, 2, 8, 8)
    soft = sharp + 0.1
    given, nothing = squared_error(soft, sharp), squared_error(sharp, sharp)
    assert float(relative_error(soft, sharp, given, 1e-4).mean()) == pytest.approx(1, abs=1e-4)
    assert float(relative_error(sharp, sharp, given, 1e-4).mean()) == 0
    assert float(relative_error(sharp + 0.01, sharp, nothing, 0.01).mean()) == pytest.approx(1, rel=1e-3)


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
        train_chroma(
            cache, run, replace(QUICK, patches=replace(QUICK.patches, seed=9)), size=SMALL, resume=True, say=quiet
        )
    (run / CHECKPOINT).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="no checkpoint that this training can resume from"):
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
