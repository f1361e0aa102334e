"""Training: resumed equals uninterrupted to the last bit, it learns, and what is missing is said before any work."""

import csv
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboardX.proto import event_pb2  # its classes are made when it is imported
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.catalogue import load_student
from vidsharp.training.data.window_cache import CROP, PICTURES, Part, open_window_cache
from vidsharp.training.errors import DataError, RecipeError
from vidsharp.training.loop.train import (
    CHECKPOINT,
    WEIGHTS,
    Places,
    WorkerGroup,
    check_start,
    checkpoint_to_resume,
    train,
)
from vidsharp.training.loop.trainer import Trainer
from vidsharp.training.recipe import Recipe

from tests.support import crops
from tests.support.crops import BLEND, REFERENCE, SWINIR

STEPS = replace(
    BLEND, steps=0, epochs=3, schedule="steps", decay_every=1, validate_every=1, save_every=1, optimiser="adamw"
)
"""Epochs of three steps: six pairs by two."""
TAUGHT = replace(BLEND, teacher_weight=0.5)
FEATURES = replace(BLEND, teacher_weight=0.5, feature_weight=0.1)
SOFTENED = replace(TAUGHT, scale_down_and_up=True, mix={"light": 1, "heavy": 1}, ema_decay=0, fair_floor=0.03)
RECIPES = {
    "blend": BLEND,
    "reference": REFERENCE,
    "swinir": SWINIR,
    "epochs": STEPS,
    "taught": TAUGHT,
    "features": FEATURES,
    "softened": SOFTENED,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache, and a teacher beside it."""
    folder = crops.write_cache(tmp_path_factory.mktemp("data"))
    crops.write_teacher(folder / "teacher.safetensors")
    return folder


def run(
    recipe: Recipe, data: Path, out: Path, *, resume: bool = False, stop_after: int | None = None, loaders: int = 0
) -> Trainer:
    places = Places(out, data / "teacher.safetensors" if recipe.needs_teacher else None)
    return train(
        recipe,
        places,
        crops.open_both(data),
        resume_from=checkpoint_to_resume(out, resume),
        stop_after=stop_after,
        loader_workers=loaders,
    )


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """(step, value) by tag, from files of records: length (8 bytes), its checksum (4), an Event, its checksum (4)."""
    found: dict[str, list[tuple[int, float]]] = {}
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        while content:
            length = int.from_bytes(content[:8], "little")
            event = event_pb2.Event.FromString(content[12 : 12 + length])  # type: ignore[attr-defined]
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
            content = content[16 + length :]
    return found


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("loaders", [0, 1])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_resumed_equals_uninterrupted(data: Path, tmp_path: Path, recipe: Recipe, loaders: int) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    first = run(recipe, data, whole, loaders=0)
    run(recipe, data, parts, stop_after=3, loaders=loaders)
    second = run(recipe, data, parts, resume=True, loaders=1 - loaders)
    assert first.step == second.step == recipe.total_steps(6)
    assert crops.differing(first.state(), second.state()) == []
    saved = [torch.load(out / CHECKPOINT, weights_only=True) for out in (whole, parts)]
    assert crops.differing(*saved) == []
    assert crops.differing(saved[0], first.state()) == []
    assert crops.without_seconds(whole / "loss.csv") == crops.without_seconds(parts / "loss.csv")
    for name in ("validation.csv", WEIGHTS, *(f"samples/{step:07d}.png" for step in (3, first.step))):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()


def test_what_is_saved_is_safe_on_the_disk_before_it_has_its_name(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a loss of power leaves an empty checkpoint in the place of a good one."""
    done: list[tuple[str, Path]] = []
    sync, rename = os.fsync, Path.replace

    def synced(handle: int) -> None:
        done.append(("synced", Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    def renamed(path: Path, target: Path) -> Path:
        done.append((f"renamed to {target.name}", path))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    out = tmp_path / "deep" / "out"
    run(BLEND, data, out, stop_after=3)
    for name in (CHECKPOINT, WEIGHTS):
        at, part = next((at, part) for at, (what, part) in enumerate(done) if what == f"renamed to {name}")
        assert ("synced", part) in done[:at]
        assert ("synced", out) in done[at:]
    for made in (out, tmp_path / "deep"):
        assert ("synced", made.parent) in done, f"{made} would be gone after a loss of power, with all that is in it"


def test_a_run_ended_at_any_step_goes_on_to_the_same_weights(data: Path, tmp_path: Path) -> None:
    whole = run(BLEND, data, tmp_path / "whole")
    for stop_after in (1, 2, 5):
        run(BLEND, data, tmp_path / "parts", resume=stop_after > 1, stop_after=stop_after)
    parts = run(BLEND, data, tmp_path / "parts", resume=True)
    assert crops.differing(whole.state(), parts.state()) == []


def test_the_weights_that_ship_are_the_average_and_load(data: Path, tmp_path: Path) -> None:
    trainer = run(BLEND, data, tmp_path)
    wanted = trainer.average.state_dict()
    assert crops.differing(wanted, trainer.model.state_dict())
    for name in (WEIGHTS, CHECKPOINT):
        assert crops.differing(load_student(tmp_path / name).net.state_dict(), wanted) == []


def test_a_killed_run_writes_the_same_log_as_one_that_was_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps after the last checkpoint were logged already, and will be again."""
    run(BLEND, data, tmp_path / "whole")

    def pulled(step: int, last: int, loss: float) -> None:
        raise KeyboardInterrupt if step == 5 else AssertionError

    monkeypatch.setattr("vidsharp.training.loop.train.LOG_EVERY", 1)
    monkeypatch.setattr("vidsharp.training.loop.train.TELL_EVERY", 5)
    out = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        train(BLEND, Places(out), crops.open_both(data), moved=pulled)
    assert [row["step"] for row in rows(out / "loss.csv")] == ["1", "2", "3", "4", "5"]
    assert torch.load(out / CHECKPOINT, weights_only=True)["step"] == 3
    with (out / "loss.csv").open("a") as file:
        file.write("6,0")
    run(BLEND, data, out, resume=True)
    run(BLEND, data, tmp_path / "every")
    assert crops.without_seconds(out / "loss.csv") == crops.without_seconds(tmp_path / "every" / "loss.csv")
    assert (out / WEIGHTS).read_bytes() == (tmp_path / "whole" / WEIGHTS).read_bytes()


def test_training_lowers_the_loss_and_gains(data: Path, tmp_path: Path) -> None:
    recipe = replace(
        BLEND, steps=0, epochs=60, batch=6, patch_px=64, learning_rate=1e-2, validate_every=30, save_every=10
    )
    run(recipe, data, tmp_path)
    losses = [float(row["loss"]) for row in rows(tmp_path / "loss.csv")]  # each the mean of ten batches of all pairs
    assert losses[-1] < 0.9 * losses[0]
    gains = {
        row["step"]: float(row["psnr_gain_db"]) for row in rows(tmp_path / "validation.csv") if row["level"] == "all"
    }
    assert gains.keys() == {"30", "60"}
    assert gains["60"] > 0.5
    assert float(rows(tmp_path / "validation.csv")[-1]["ssim_gain"]) > 0


def test_what_a_run_leaves_behind(data: Path, tmp_path: Path) -> None:
    run(TAUGHT, data, tmp_path)
    assert [row["step"] for row in rows(tmp_path / "loss.csv")] == ["3", "6"]
    assert {(row["step"], row["level"], row["crops"]) for row in rows(tmp_path / "validation.csv")} == {
        (step, level, crops_of)
        for step in ("3", "6")
        for level, crops_of in (("all", "2"), ("light", "1"), ("heavy", "1"))
    }
    for step in (3, 6):
        with Image.open(tmp_path / "samples" / f"{step:07d}.png") as picture:
            assert picture.size == (3 * 256, 2 * (256 + 4)), "soft, output and sharp for each of two levels"
    logged = scalars(tmp_path / "tensorboard")
    names = ("loss", "pixel", "ssim", "teacher", "learning_rate")
    assert logged.keys() == {*(f"train/{n}" for n in names)} | {
        f"{kind}/{level}" for kind in ("psnr_gain_db", "ssim_gain") for level in ("all", "light", "heavy")
    }
    for row, (step, value) in zip(rows(tmp_path / "loss.csv"), logged["train/loss"], strict=True):
        assert (int(row["step"]), float(row["loss"])) == (step, pytest.approx(value, rel=1e-6))


def test_the_first_sample_of_a_fresh_student_is_its_input(data: Path, tmp_path: Path) -> None:
    run(replace(BLEND, learning_rate=0.0), data, tmp_path, stop_after=1)
    with Image.open(tmp_path / "samples" / "0000001.png") as picture:
        soft, out, sharp = np.split(np.asarray(picture)[:256], 3, axis=1)
    assert np.array_equal(soft, out)
    assert not np.array_equal(soft, sharp)


def test_the_teacher_is_asked_once_for_each_crop(tmp_path: Path) -> None:
    data = crops.write_cache(tmp_path / "data")
    crops.write_teacher(data / "teacher.safetensors")
    said: list[str] = []
    places = Places(tmp_path / "out", data / "teacher.safetensors")
    for _ in range(2):
        train(TAUGHT, places, crops.open_both(data), say=said.append)
    assert [line for line in said if "teacher" in line] == ["the teacher looks at crop 0 of 6"]
    (kept,) = data.glob("train_taught_luma_*.npy")
    kept.unlink()
    for recipe in (SOFTENED, FEATURES):
        train(recipe, places, crops.open_both(data), say=said.append)
    assert not kept.exists(), "pictures that are softened on the way, and features, are taught as they are then"


def test_the_teacher_is_asked_once_for_each_window_too(tmp_path: Path) -> None:
    data, windows = tmp_path / "data", np.random.default_rng(0).integers(0, 256, (2, PICTURES, CROP * 3 // 2, CROP))
    (data / "parts").mkdir(parents=True)
    crops.write_teacher(data / "teacher.safetensors")
    parts = [Part(f"{split}.npy", split, "photo", "light", [0, 1]) for split in ("train", "val")]
    for part in parts:
        np.save(data / "parts" / part.file, windows.astype(np.uint8))
    rows_of = [{"split": part.source, **asdict(part)} for part in parts]
    (data / "windows.json").write_text(json.dumps({"parts": rows_of}))
    said: list[str] = []
    places = Places(tmp_path / "out", data / "teacher.safetensors")
    pairs = open_window_cache(data, "train"), open_window_cache(data, "val")
    train(TAUGHT, places, pairs, stop_after=1, say=said.append)
    assert [line for line in said if "teacher" in line] == ["the teacher looks at crop 0 of 2"]
    (kept,) = data.glob("train_taught_luma_*.npy")
    assert np.load(kept).shape == (2, 1, CROP, CROP)


def test_a_perceptual_recipe_trains(data: Path, tmp_path: Path) -> None:
    recipe = replace(BLEND, perceptual_weight=0.01)
    places = Places(tmp_path, vgg=crops.write_vgg(tmp_path / "vgg.safetensors"))
    train(recipe, places, crops.open_both(data), stop_after=1)
    (row,) = rows(tmp_path / "loss.csv")
    assert float(row["perceptual"]) > 0
    total = float(row["pixel"]) + 0.1 * float(row["ssim"]) + 0.01 * float(row["perceptual"])
    assert float(row["loss"]) == pytest.approx(total, rel=1e-5)


def test_it_tells_who_watches(data: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    recipe = replace(BLEND, steps=25, validate_every=25, save_every=25)
    train(recipe, Places(tmp_path), crops.open_both(data), moved=lambda step, last, loss: told.append((step, last)))
    assert told == [(10, 25), (20, 25)]


def test_each_checkpoint_is_shared_with_the_crew(data: Path, tmp_path: Path) -> None:
    shared: list[tuple[Path | None, int]] = []

    def share(folder: Path | None, figures: object) -> None:
        assert isinstance(figures, dict)
        if folder:
            assert torch.load(folder / CHECKPOINT, weights_only=True)["step"] == figures["step"]
        shared.append((folder, figures["step"]))

    train(replace(BLEND, steps=7), Places(tmp_path), crops.open_both(data), crew=WorkerGroup(share=share))
    assert shared == [(tmp_path, 3), (tmp_path, 6), (tmp_path, 7)]


def test_refuses_to_mix_runs(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"holds no {CHECKPOINT} to resume from; leave --resume out"):
        run(BLEND, data, tmp_path, resume=True)
    run(BLEND, data, tmp_path, stop_after=1)
    with pytest.raises(CheckpointError, match="holds a training run already; use --resume"):
        run(BLEND, data, tmp_path)
    with pytest.raises(CheckpointError, match="another recipe"):
        run(replace(BLEND, seed=2), data, tmp_path, resume=True)
    (tmp_path / CHECKPOINT).write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=CHECKPOINT):
        run(BLEND, data, tmp_path, resume=True)


def test_a_finished_run_resumed_stays_as_it_is(data: Path, tmp_path: Path) -> None:
    run(BLEND, data, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in ("loss.csv", "validation.csv", WEIGHTS, CHECKPOINT)}
    assert run(BLEND, data, tmp_path, resume=True).step == 6
    assert before == {name: (tmp_path / name).read_bytes() for name in before}


def test_what_is_missing_is_said_before_any_work(data: Path, tmp_path: Path) -> None:
    out, pairs = tmp_path / "out", crops.open_both(data)
    with pytest.raises(RecipeError, match="name its checkpoint with --teacher"):
        train(TAUGHT, Places(out), pairs)
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        train(TAUGHT, Places(out, tmp_path / "none.pt"), pairs)
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        train(replace(BLEND, perceptual_weight=1), Places(out, vgg=tmp_path / "none.pt"), pairs)
    with pytest.raises(DataError, match="smaller than the recipe's patch_px"):
        train(replace(BLEND, patch_px=300), Places(out), pairs)
    with pytest.raises(DataError, match="asks for levels"):
        train(replace(BLEND, mix={"medium": 1}), Places(out), pairs)
    assert not out.exists()


def test_a_network_that_sees_several_pictures_is_refused_before_any_work(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BlendStudent, "radius", 1)
    places = Places(tmp_path / "out")
    for begin in (lambda: check_start(BLEND, places), lambda: train(BLEND, places, crops.open_both(data))):
        with pytest.raises(RecipeError, match=r"'blend' sees 3 pictures together, but training shows .* one at a time"):
            begin()
    assert not places.out.exists()


def test_training_further_begins_with_the_weights_it_is_given(data: Path, tmp_path: Path) -> None:
    first = run(BLEND, data, tmp_path / "first")
    still = replace(BLEND, steps=1, learning_rate=0.0, seed=BLEND.seed + 1)
    places = Places(tmp_path / "further", start=tmp_path / "first" / WEIGHTS)
    further = train(still, places, crops.open_both(data))
    wanted = first.average.state_dict()
    for kind in (further.model, further.average):
        for name, value in kind.state_dict().items():
            # The average is taken of equal weights, which may round.
            torch.testing.assert_close(value, wanted[name], atol=1e-7, rtol=1e-6)
    assert further.step == 1


def test_weights_of_another_size_are_no_beginning(data: Path, tmp_path: Path) -> None:
    run(BLEND, data, tmp_path / "first")
    other = replace(BLEND, size={**BLEND.size, "bands": 7})
    with pytest.raises(CheckpointError, match="wrong shape"):
        train(other, Places(tmp_path / "out", start=tmp_path / "first" / WEIGHTS), crops.open_both(data))
