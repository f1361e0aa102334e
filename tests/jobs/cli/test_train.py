"""`vidsharp train` as a user meets it."""

import signal
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from vidsharp.jobs.cli.main import main
from vidsharp.models.nets.catalogue import load_student
from vidsharp.training.loop.train import CHECKPOINT, WEIGHTS

from tests.jobs.training.test_train_job import RECIPE
from tests.support import crops, runs

pytestmark = pytest.mark.usefixtures("threads_as_before")


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """Options for a run of four steps."""
    (tmp_path / "r.toml").write_text(RECIPE)
    places = {
        "--data": crops.write_cache(tmp_path / "data"),
        "--out": tmp_path / "out",
        "--recipe": tmp_path / "r.toml",
    }
    quick = {"--device": "cpu", "--threads": "1", "--loader-workers": "0"}
    return [str(word) for pair in (places | quick).items() for word in pair]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_trains_a_student_stops_and_goes_on(given: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = run("student", *given, "--stop-after", "2")
    assert (first.exit_code, first.stdout) == (0, f"weights: {out / WEIGHTS} (step 2 of 4)\n"), first.stderr
    second = run("student", *given, "--resume")
    assert (second.exit_code, second.stdout) == (0, f"weights: {out / WEIGHTS} (step 4 of 4)\n"), second.stderr
    assert "going on from step 2" in second.stderr
    assert load_student(out / WEIGHTS).domain == "luma"
    assert {path.name for path in out.iterdir()} == {
        ".vidsharp-made.json", CHECKPOINT, WEIGHTS, "loss.csv", "validation.csv", "samples", "tensorboard"
    }  # fmt: skip


def test_trains_a_teacher_that_teaches_a_student(given: list[str], tmp_path: Path) -> None:
    size = "size = { in_chans = 16, img_size = 8, embed_dim = 8, depths = [2], num_heads = [2] }"
    (tmp_path / "t.toml").write_text("\n".join([*RECIPE.replace("blend", "swinir").splitlines()[:-1], size]))
    teacher, student = tmp_path / "teacher", tmp_path / "student"
    assert run("teacher", *given, "--recipe", tmp_path / "t.toml", "--out", teacher).exit_code == 0
    (tmp_path / "s.toml").write_text(RECIPE + "teacher_weight = 0.5\n")
    ended = run("student", *given, "--recipe", tmp_path / "s.toml", "--out", student, "--teacher", teacher / WEIGHTS)
    assert ended.exit_code == 0, ended.stderr
    assert (student / "loss.csv").read_text().startswith("step,seconds,learning_rate,loss,pixel,ssim,teacher\n")


def test_says_nothing_when_quiet(given: list[str]) -> None:
    ended = run("student", *given, "--quiet")
    assert (ended.exit_code, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--data", "{tmp}/nowhere"], "There is no folder"),
        (["--data", "{tmp}/empty"], "holds nothing to train on"),
        (["--recipe", "fastest"], "The recipe 'fastest' cannot be read"),
        (["--recipe", "{tmp}/taught.toml"], "name its checkpoint with --teacher"),
        (["--recipe", "{tmp}/large.toml"], "smaller than the recipe's patch_px 300"),
        (["--teacher", "{tmp}/none.pt"], "There is no checkpoint file"),
        (["--resume"], "holds no checkpoint.pt to resume from"),
        (["--out", "{tmp}/taken"], "holds a training run already; use --resume"),
        (["--workers", "2"], "add --ray"),
        (["--address", "auto"], "--address is for Ray Train jobs: add --ray"),
        (["--workers", "3", "--ray"], "A batch of 2 cannot be shared by 3 workers"),
        (["--device", "tpu"], "tpu"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    given: list[str], tmp_path: Path, more: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / CHECKPOINT).touch()
    (tmp_path / "taught.toml").write_text(RECIPE + "teacher_weight = 0.5\n")
    (tmp_path / "large.toml").write_text(RECIPE.replace("patch_px = 32", "patch_px = 300"))
    ended = run("student", *given, *(word.format(tmp=tmp_path) for word in more))
    assert (ended.exit_code, ended.stdout) == (2, ""), ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("vidsharp: ")
    assert said in last
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out").exists()


def test_what_click_itself_refuses(given: list[str]) -> None:
    assert run("dog", *given).exit_code == 2
    assert run("student", *given[2:]).exit_code == 2
    assert run("student", *given, "--stop-after", "0").exit_code == 2


def test_is_listed_and_explained() -> None:
    assert "  train " in CliRunner().invoke(main, ["--help"]).stdout
    assert "--resume" in run("--help").stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_how_to_go_on(given: list[str], tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "r.toml").write_text(RECIPE.replace("steps = 4", "steps = 100000"))
    job = runs.start("train", "student", *given)
    runs.wait_until(lambda: (tmp_path / "out" / CHECKPOINT).exists() or job.poll() is not None)
    job.send_signal(number)
    out, said = job.communicate(timeout=60)
    assert (job.returncode, out) == (128 + number, ""), said
    assert said.splitlines()[-1] == "vidsharp: interrupted; add --resume to continue from the last checkpoint"
    assert "Traceback" not in said
    saved = torch.load(tmp_path / "out" / CHECKPOINT, weights_only=True)["step"]
    ended = run("student", *given, "--resume", "--stop-after", str(saved + 1))
    assert ended.stdout.endswith(f"(step {saved + 1} of 100000)\n"), ended.stderr
