"""No command replaces a file that it did not make, nor removes a folder, unless it is told to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.models.errors import VidsharpError
from vidsharp.training.loop.train import CHECKPOINT, WEIGHTS

from tests.jobs.training.test_train_job import RECIPE
from tests.support import crops, runs
from tests.training.evaluation.test_evaluation_sources import pair
from tests.training.simulate.test_clip import write_clip

MINE = b"mine, and the only copy"

pytestmark = pytest.mark.usefixtures("threads_as_before")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in arguments])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def soften(folder: Path) -> list[str | Path]:
    (folder / "monday").mkdir()
    write_clip(folder / "monday" / "call.mkv", sound=False)
    return ["simulate", folder / "monday" / "call.mkv", "--out", folder / "out", "--level", "light"]


def evaluate(folder: Path) -> list[str | Path]:
    pair(folder / "data", "1.png")
    return ["evaluate", folder / "data", "--device", "cpu", "--out", folder / "out", "--quiet"]


def train(folder: Path) -> list[str | Path]:
    crops.write_cache(folder / "data")
    (folder / "r.toml").write_text(RECIPE)
    places = ["--data", folder / "data", "--out", folder / "out", "--recipe", folder / "r.toml"]
    return ["train", "student", *places, "--device", "cpu", "--threads", "1", "--loader-workers", "0", "--quiet"]


def demo(folder: Path) -> list[str | Path]:
    return ["demo", "--out", folder / "out", "--seconds", "0.1", "--quiet"]


Command = Callable[[Path], list[str | Path]]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (soften, "call.mkv"),
        (soften, "call.mkv.json"),
        (evaluate, "index.html"),
        (evaluate, "summary.md"),
        (train, WEIGHTS),
        (train, "loss.csv"),
        (train, "samples/0000002.png"),
        (demo, "sharp/call.mp4"),
        (demo, "recordings/call.mp4.json"),
    ],
)
def test_what_is_there_stays_until_one_says_overwrite(
    tmp_path: Path, command: Command, name: str, request: pytest.FixtureRequest
) -> None:
    arguments = command(tmp_path)
    (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "out" / name).write_bytes(MINE)
    if command is demo:
        request.getfixturevalue("shared_ray")
    ended = run(*arguments)
    assert contents(tmp_path / "out") == {name: MINE}, "and nothing lies beside it"
    assert ended.exit_code in (1, 2)
    said = ended.stderr.strip().splitlines()[-1]
    assert "--overwrite" in said
    assert name.partition("/")[0] in said
    if command is not demo:  # which takes its time
        forced = run(*arguments, "--overwrite")
        assert forced.exit_code == 0, forced.stderr
        assert contents(tmp_path / "out")[name] != MINE
        assert run(*arguments).exit_code == (2 if command is train else 0), "what a command made, it may make again"


def test_another_recording_of_the_same_name_is_not_taken_for_the_first(tmp_path: Path) -> None:
    """Meetings are all called alike."""
    monday = soften(tmp_path)
    assert run(*monday).exit_code == 0
    before = contents(tmp_path / "out")
    (tmp_path / "tuesday").mkdir()
    write_clip(tmp_path / "tuesday" / "call.mkv", size=(160, 128), sound=False)
    tuesday = ["simulate", tmp_path / "tuesday" / "call.mkv", *monday[2:]]
    ended = run(*tuesday)
    assert contents(tmp_path / "out") == before
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "call.mkv was made by vidsharp simulate of something else" in ended.stderr
    (tmp_path / "moved").mkdir()
    (tmp_path / "monday" / "call.mkv").rename(tmp_path / "moved" / "call.mkv")
    assert run("simulate", tmp_path / "moved" / "call.mkv", *monday[2:]).exit_code == 0, "the same, wherever it lies"
    assert run(*tuesday, "--overwrite").exit_code == 0
    assert contents(tmp_path / "out") != before


@pytest.mark.parametrize(("command", "name"), [(soften, "call.mkv"), (evaluate, "index.html")])
def test_what_somebody_put_in_the_place_of_a_result_stays(tmp_path: Path, command: Command, name: str) -> None:
    arguments = command(tmp_path)
    assert run(*arguments).exit_code == 0
    (tmp_path / "out" / name).write_bytes(MINE)
    ended = run(*arguments)
    assert (tmp_path / "out" / name).read_bytes() == MINE
    assert f"{name} is no longer what vidsharp" in ended.stderr


def test_training_that_was_killed_before_its_first_checkpoint_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = train(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("vidsharp.training.loop.train._save", killed)
        assert run(*arguments).exit_code == 130
    assert (tmp_path / "out" / "loss.csv").exists()
    assert run(*arguments).exit_code == 0
    assert len((tmp_path / "out" / "loss.csv").read_text().splitlines()) == 3


def test_training_begun_anew_does_not_go_on_from_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = train(tmp_path)
    assert run(*arguments).exit_code == 0
    with monkeypatch.context() as patched:
        patched.setattr("vidsharp.training.loop.train._save", killed)
        assert run(*arguments, "--overwrite").exit_code == 130
    ended = run(*arguments, "--resume")
    assert (ended.exit_code, f"no {CHECKPOINT} to resume from" in ended.stderr) == (2, True)
    assert run(*arguments, "--resume", "--overwrite").exit_code == 2


@pytest.mark.parametrize("name", ["windows.json", "parts"])
def test_windows_are_not_made_over_other_files(tmp_path: Path, name: str) -> None:
    """As where a cache was made by hand, in hours."""
    from tests.training.data.test_open_pairs import photos

    arguments = train(tmp_path)
    arguments[arguments.index("--data") + 1] = photos(tmp_path / "mine", "a", "b")
    (tmp_path / "r.toml").write_text(RECIPE + "variants = 1\n")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / name).write_bytes(MINE)
    ended = run(*arguments, "--cache", tmp_path / "cache")
    assert contents(tmp_path / "cache") == {name: MINE}
    assert ended.exit_code == 2
    assert "vidsharp windows did not make it" in ended.stderr


@pytest.mark.parametrize("name", ["index.html", "clips.parquet", "run.json", "frames.csv"])
def test_a_report_of_somebody_else_stays(shared_ray: None, tmp_path: Path, name: str) -> None:
    """`report` is what many people call a folder."""
    call = runs.clip(tmp_path / "calls" / "call.mp4", frames=3).path
    (tmp_path / "out" / "report").mkdir(parents=True)
    (tmp_path / "out" / "report" / name).write_bytes(MINE)
    config = runs.config(call, tmp_path / "out")
    said = ""
    try:
        process(config)
    except VidsharpError as error:
        said = f"{type(error).__name__}: {error}"
    assert contents(tmp_path / "out") == {f"report/{name}": MINE}
    assert said.startswith(UsageError.__name__)
    assert f"report/{name} is there already, and no run of vidsharp made it" in said
    assert [row["status"] for row in process(replace(config, overwrite=True)).rows] == ["done"]
    assert [row["status"] for row in process(config).rows] == ["skipped"], "now it is ours"


def test_a_page_is_not_made_of_tables_of_somebody_else(tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"clip": ["a"], "length": [3]}).to_parquet(tmp_path / "clips.parquet")
    (tmp_path / "index.html").write_bytes(MINE)
    ended = run("report", tmp_path)
    assert (tmp_path / "index.html").read_bytes() == MINE
    assert ended.exit_code == 2


# --- Folders ----------------------------------------------------------------------------------------------------------

SOURCES = {"ray/__init__.py": MINE, "ray/data/points.csv": MINE}


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_a_ray_job_removes_no_folder_that_only_has_its_name(
    shared_ray: None, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """As with `--out .` beside a source folder `ray`."""
    arguments = train(tmp_path)
    put(tmp_path / "out", SOURCES)
    ended = run(*arguments, "--ray", *more)
    assert contents(tmp_path / "out") == SOURCES
    assert ended.exit_code == 2
    assert "ray is there already, and vidsharp train --ray did not make it" in ended.stderr


@pytest.mark.slow
def test_a_ray_job_removes_the_folder_of_an_earlier_one(shared_ray: None, tmp_path: Path) -> None:
    arguments = train(tmp_path)
    assert run(*arguments, "--ray", "--stop-after", "2").exit_code == 0
    put(tmp_path / "out" / "ray", {"of_the_first": b""})
    ended = run(*arguments, "--ray", "--resume")
    assert ended.exit_code == 0, ended.stderr
    assert "(step 4 of 4)" in ended.stdout
    assert not (tmp_path / "out" / "ray" / "of_the_first").exists()
