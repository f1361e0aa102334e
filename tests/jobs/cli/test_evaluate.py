"""`evaluate`, `simulate` and `models` as a user meets them."""

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from vidsharp.jobs.cli import evaluate as cli_evaluate
from vidsharp.jobs.cli.main import main
from vidsharp.models.nets.card import Card, Gain
from vidsharp.models.nets.catalogue import student_names
from vidsharp.training.simulate.parameters import LEVELS

from tests.support import runs
from tests.support.students import two_looks
from tests.training.evaluation.test_evaluation_sources import image, pair
from tests.training.simulate.test_clip import write_clip


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_evaluate_prints_only_the_result_on_stdout(tmp_path: Path) -> None:
    pair(tmp_path / "data", "1.png")
    ended = run("evaluate", tmp_path / "data", "--device", "cpu", "--out", tmp_path / "out")
    assert ended.exit_code == 0, ended.stderr
    *table, last = ended.stdout.splitlines()
    assert table[0].startswith("| level | method ")
    assert [line.split()[3] for line in table[2:]] == ["identity", "unsharp", "cas", "fast"]
    assert last == f"page: {tmp_path / 'out' / 'index.html'}"
    assert ended.stderr == "data: measuring, 1 of 1\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--levels", "light, awful"], "--levels 'awful' is not known"),
        (["--levels", "light"], "--levels is for clips"),
        (["--every", "0"], "--every 0 is too few"),
        (["--model", "fastest"], "There is no model 'fastest'"),
        (["--look", "soft"], "There is no look 'soft'"),
        (["--model", "fast-0.1", "--look", "natural", "--look", "crisp"], "The student 'fast-0.1' has one look"),
        (["--model", "reference", "--chroma", "restore"], "The student 'reference' makes colour itself"),
        (["--exclude", "*"], "is excluded"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(tmp_path: Path, options: list[str], said: str) -> None:
    pair(tmp_path / "data", "1.png")
    ended = run("evaluate", tmp_path / "data", *options)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("vidsharp: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_each_look_is_a_method_of_its_own(tmp_path: Path) -> None:
    pair(tmp_path / "data", "1.png")
    two = two_looks(tmp_path / "two.safetensors")
    options = ["--device", "cpu", "--model", two]
    ended = run("evaluate", tmp_path / "data", *options, "--look", "natural", "--look", "crisp", "--look", "0.5")
    assert ended.exit_code == 0, ended.stderr
    named = [line.split("|")[2].strip() for line in ended.stdout.splitlines()[2:]]
    assert named == ["identity", "unsharp", "cas", "two natural", "two crisp", "two 0.5"]
    ended = run("evaluate", tmp_path / "data", *options)
    assert [line.split("|")[2].strip() for line in ended.stdout.splitlines()[2:]][3:] == ["two"]


def test_auto_has_the_name_of_what_it_is(tmp_path: Path) -> None:
    """And is measured once, where that is asked for, too."""
    pair(tmp_path / "data", "1.png")
    ended = run("evaluate", tmp_path / "data", "--device", "cpu", "--model", "auto", "--model", "fast")
    assert ended.exit_code == 0, ended.stderr
    assert [line.split()[3] for line in ended.stdout.splitlines()[2:]] == ["identity", "unsharp", "cas", "fast"]


def test_restored_chroma_is_in_a_methods_name(tmp_path: Path) -> None:
    pair(tmp_path / "data", "1.png")
    two = two_looks(tmp_path / "two.safetensors")
    options = ["--device", "cpu", "--model", "fast", "--model", two]
    for chroma, named in (("restore", ["fast +chroma", "two +chroma"]), ("keep", ["fast", "two"])):
        ended = run("evaluate", tmp_path / "data", *options, "--chroma", chroma)
        assert ended.exit_code == 0, ended.stderr
        assert [line.split("|")[2].strip() for line in ended.stdout.splitlines()[2:]][3:] == named


def test_unpaired_images_are_named(tmp_path: Path) -> None:
    pair(tmp_path, "1.png")
    image(tmp_path / "sharp" / "2.png")
    ended = run("evaluate", tmp_path)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "sharp/2.png" in ended.stderr


def test_simulate_prints_what_it_made_and_goes_on_after_a_bad_clip(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "a.mp4").write_bytes(b"no video")
    write_clip(tmp_path / "calls" / "b.mkv")
    out = tmp_path / "out"
    ended = run("simulate", tmp_path / "calls", "--out", out, "--level", "light")
    assert (ended.exit_code, ended.stdout) == (1, f"{out / 'b.mkv'}\n")
    assert ended.stderr.startswith("vidsharp: ")
    assert "a.mp4" in ended.stderr
    (tmp_path / "calls" / "a.mp4").unlink()
    assert run("simulate", tmp_path / "calls", "--out", out, "--level", "light").exit_code == 0


def test_simulate_knows_the_levels() -> None:
    assert all(level in run("simulate", "--help").stdout for level in LEVELS)
    assert run("simulate", "x", "--out", "y", "--level", "awful").exit_code == 2


def test_models_lists_what_ships_and_what_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def card(name: str) -> Card:
        return Card(name, 25990, 10.25, 108.0, {"calls": Gain(1.09, 0.0107)}) if name == "fast" else Card(name)

    monkeypatch.setattr(cli_evaluate, "read_card", card)
    header, _, *lines = run("models").stdout.splitlines()
    assert "gain: calls" in header
    listed = {line.split()[1]: line for line in lines[: len(student_names())]}
    assert tuple(listed) == student_names()
    for figure in ("25,990", "10.25", "108", "+1.09 / +0.0107"):
        assert figure in listed["fast"]
    assert listed["reference"].count("not measured") == 4
    fast, *_ = json.loads(run("models", "--json").stdout)["result"]
    assert fast["gains"] == {"calls": {"psnr_db": 1.09, "ssim": 0.0107}}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulate_leaves_nothing_half_written_when_it_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    clip = runs.clip(tmp_path / "calls" / "call.mp4", frames=600, size=(320, 180)).path
    job = runs.start("simulate", clip, "--out", tmp_path / "out", "--level", "heavy")
    runs.wait_until(lambda: list((tmp_path / "out").glob(".call.part*")))
    job.send_signal(number)
    said, error = job.communicate(timeout=60)
    assert (job.returncode, said) == (128 + number, "")
    assert error == "vidsharp: interrupted; nothing half-written is left behind\n"
    assert runs.files(tmp_path / "out") == set()
