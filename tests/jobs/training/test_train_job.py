"""Training as a job on this machine: what is asked for is checked first, and everything lands in one folder."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from vidsharp import jobs
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.training.train_config import TrainConfig
from vidsharp.jobs.training.train_job import train
from vidsharp.models.errors import CheckpointError, ModelError
from vidsharp.training.data import open_pairs
from vidsharp.training.errors import DataError, RecipeError
from vidsharp.training.loop.train import WEIGHTS

from tests.support import crops
from tests.training.data.test_open_pairs import photos

RECIPE = """
network = "blend"
steps = 4
batch = 2
patch_px = 32
learning_rate = 1e-3
validate_every = 2
save_every = 2
validation_crops = 2
size = { bands = 2, width = 8, depth = 1 }
"""


pytestmark = pytest.mark.usefixtures("threads_as_before")


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    crops.write_cache(tmp_path / "data")
    return TrainConfig(
        tmp_path / "data", tmp_path / "out", write(tmp_path / "r.toml"), device="cpu", threads=1, loader_workers=0
    )


def write(path: Path, more: str = "") -> str:
    path.write_text(RECIPE + more)
    return str(path)


def test_trains_and_says_on_what(config: TrainConfig) -> None:
    said: list[str] = []
    result = train(config, said.append)
    assert (result.weights, result.step, result.steps) == (config.out / WEIGHTS, 4, 4)
    assert load_file(result.weights)
    assert said == ["6 pairs of 3 sources to train on, 3 pairs of 3 sources to validate on"]
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("loader_workers", [0, 1])
def test_stopped_and_resumed_it_ends_with_the_same_weights(config: TrainConfig, loader_workers: int) -> None:
    train(config)
    parts = replace(config, out=config.out / "parts", loader_workers=loader_workers)
    assert train(replace(parts, stop_after=2)).step == 2
    said: list[str] = []
    assert train(replace(parts, resume=True), said.append).step == 4
    assert said[-1] == "going on from step 2"
    assert (config.out / WEIGHTS).read_bytes() == (parts.out / WEIGHTS).read_bytes()


def test_windows_made_of_photos_are_kept_beside_the_run_or_where_one_likes(config: TrainConfig) -> None:
    config = replace(config, data=photos(config.out.parent / "mine", "a", "b"), stop_after=1)
    train(replace(config, recipe=write(config.out.parent / "few.toml", "variants = 1\n")))
    assert (config.out / "pairs" / "windows.json").is_file()
    said: list[str] = []
    train(
        replace(
            config,
            out=config.out / "2",
            cache=config.out / "pairs",
            recipe=write(config.out / "few.toml", "variants = 1\n"),
        ),
        said.append,
    )
    assert not any("making windows" in line for line in said)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"workers": 0, "ray": True}, "--workers 0 is too few"),
        ({"workers": 2}, "--workers is for Ray Train jobs: add --ray"),
        ({"loader_workers": -1}, "--loader-workers -1 is too few"),
    ],
)
def test_options_out_of_range(config: TrainConfig, more: dict[str, int], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        replace(config, **more)  # type: ignore[arg-type]


def test_everything_is_checked_before_pairs_are_made(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making pairs takes minutes; no mistake may come to light after it."""

    def refuse(*_: object) -> None:
        raise AssertionError("pairs were made")

    monkeypatch.setattr(open_pairs, "build", refuse)
    folder = config.out.parent
    config = replace(config, data=photos(folder / "mine", "a", "b"))
    with pytest.raises(RecipeError, match="cannot be read"):
        train(replace(config, recipe="fastest"))
    with pytest.raises(RecipeError, match="name its checkpoint with --teacher"):
        train(replace(config, recipe=write(folder / "t.toml", "teacher_weight = 1\n")))
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        train(replace(config, recipe=write(folder / "t.toml", "teacher_weight = 1\n"), teacher=folder / "none.pt"))
    with pytest.raises(RecipeError, match="A teacher was given, but"):
        train(replace(config, teacher=crops.write_teacher(folder / "teacher.safetensors")))
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        train(replace(config, recipe=write(folder / "p.toml", "perceptual_weight = 1\n"), vgg=folder / "none.pt"))
    (folder / "s.toml").write_text(RECIPE.replace("bands", "strings"))
    with pytest.raises(ModelError, match="'blend' has no such size"):
        train(replace(config, recipe=str(folder / "s.toml")))
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        train(replace(config, start=folder / "none.pt"))
    with pytest.raises(CheckpointError, match="does not fit BlendStudent"):
        train(replace(config, start=Path("balanced")))
    with pytest.raises(CheckpointError, match="to resume from"):
        train(replace(config, resume=True))
    with pytest.raises(DataError, match="There is no folder"):
        train(replace(config, data=folder / "nowhere"))
    assert not config.out.exists()


def test_a_run_is_not_begun_over_another(config: TrainConfig) -> None:
    train(replace(config, stop_after=1))
    before = (config.out / WEIGHTS).read_bytes()
    with pytest.raises(CheckpointError, match="use --resume, or another folder"):
        train(config)
    assert (config.out / WEIGHTS).read_bytes() == before


def test_it_is_one_function_in_python(config: TrainConfig) -> None:
    assert jobs.train is train
    assert jobs.TrainConfig is TrainConfig
    assert {"train", "TrainConfig", "TrainResult"} <= set(jobs.__all__)
