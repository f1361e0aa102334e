"""Training of two looks on windows, with the answers of a restoration teacher beside them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from vidsharp.models.nets.catalogue import load_student
from vidsharp.training.data.labels import LABELS, label_file, save_label
from vidsharp.training.data.window_cache import CROP, open_window_cache
from vidsharp.training.errors import DataError, RecipeError
from vidsharp.training.loop.train import WEIGHTS, Places, checkpoint_to_resume, train
from vidsharp.training.loop.trainer import Trainer
from vidsharp.training.recipe import Recipe

from tests.support import crops, windows
from tests.support.crops import BLEND

LOOKS = replace(
    BLEND,
    size={**BLEND.size, "looks": 2},
    mix={"heavy": 1, "sharp": 1},
    untouched=0.2,
    labels="some",
    answered=0.5,
    taming={"low_px": 7},
    crisp={"pixel": 0.5, "ssim": 0.3, "detail": 0.2, "teacher": 3.0},
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Windows, and answers to two of them that are anything but faithful."""
    folder = windows.write(tmp_path_factory.mktemp("windows"), [("heavy", "photo"), ("sharp", "photo")])
    rng = np.random.default_rng(0)
    for window in (0, 2):
        answer = rng.integers(0, 256, (CROP, CROP), dtype=np.uint8)
        save_label(label_file(folder / LABELS / "some", "photo-0.npy", window), answer)
    return folder


def run(recipe: Recipe, cache: Path, out: Path, *, resume: bool = False, stop_after: int | None = None) -> Trainer:
    pairs = open_window_cache(cache, "train"), open_window_cache(cache, "val")
    resume_from = checkpoint_to_resume(out, resume)
    return train(recipe, Places(out), pairs, resume_from=resume_from, stop_after=stop_after, loader_workers=int(resume))


def test_both_looks_are_learned_and_ship(cache: Path, tmp_path: Path) -> None:
    run(LOOKS, cache, tmp_path / "run")
    weights = load_file(tmp_path / "run" / WEIGHTS)
    assert weights["crisp.weight"].abs().max() > 0
    assert weights["head.weight"].abs().max() > 0
    assert not torch.equal(weights["crisp.weight"], weights["head.weight"])
    soft = torch.rand(1, 1, 32, 32)
    natural, crisp = (load_student(tmp_path / "run" / WEIGHTS, look=look).net(soft) for look in (0.0, 1.0))
    assert not torch.equal(natural, crisp)


def test_resumed_equals_uninterrupted(cache: Path, tmp_path: Path) -> None:
    whole = run(LOOKS, cache, tmp_path / "whole")
    run(LOOKS, cache, tmp_path / "parts", stop_after=3)
    parts = run(LOOKS, cache, tmp_path / "parts", resume=True)
    assert crops.differing(whole.state(), parts.state()) == []
    kept = [(tmp_path / of / name).read_bytes() for name in ("validation.csv", WEIGHTS) for of in ("whole", "parts")]
    assert kept[0] == kept[1]
    assert kept[2] == kept[3]


def test_each_look_is_validated_and_logged(cache: Path, tmp_path: Path) -> None:
    run(LOOKS, cache, tmp_path / "run")
    levels = [line.split(",")[1] for line in (tmp_path / "run" / "validation.csv").read_text().splitlines()[1:]]
    assert {"all", "heavy", "crisp all", "crisp heavy"} <= set(levels)
    header = (tmp_path / "run" / "loss.csv").read_text().splitlines()[0].split(",")
    assert {"pixel", "ssim", "crisp_pixel", "crisp_ssim", "crisp_detail", "crisp_teacher"} <= set(header)


def test_the_teachers_weight_moves_the_crisp_head(cache: Path, tmp_path: Path) -> None:
    weights = [{"pixel": 1.0, "teacher": weight} for weight in (0.01, 30.0)]
    runs = [run(replace(LOOKS, crisp=crisp), cache, tmp_path / str(crisp["teacher"])) for crisp in weights]
    calm, loud = (trained.average.state_dict()["crisp.weight"] for trained in runs)
    assert not torch.allclose(calm, loud)


def test_answers_that_are_not_there_are_asked_for_before_any_work(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="label_windows"):
        run(replace(LOOKS, labels="nobody"), cache, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_crops_have_no_answers(tmp_path: Path) -> None:
    pairs = crops.open_both(crops.write_cache(tmp_path / "crops"))
    with pytest.raises(RecipeError, match="windows only"):
        train(LOOKS, Places(tmp_path / "run"), pairs)
