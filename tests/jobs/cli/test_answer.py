"""`--json` gives one form, whatever the command and however it ends, and nothing else on stdout."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from vidsharp.jobs.cli.answer import plain
from vidsharp.jobs.cli.command_tree import commands_below
from vidsharp.jobs.cli.main import main

from tests.support import runs
from tests.support.local_pool import use_no_ray

FORM = ["format", "vidsharp", "command", "exit_code", "error", "summary", "result"]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def answered(ended: Result) -> dict[str, Any]:
    answer = json.loads(ended.stdout)
    assert list(answer) == FORM
    assert answer["exit_code"] == ended.exit_code
    return answer


def test_every_command_has_it() -> None:
    for name, command in commands_below(main, "vidsharp"):
        assert "--json" in [word for each in command.params for word in each.opts], name


def test_a_run_answers_with_its_rows_and_their_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    runs.clip(tmp_path / "calls" / "call.mp4", frames=5)
    (tmp_path / "calls" / "bad.mp4").write_text("no video")
    ended = run("process", tmp_path / "calls", "--out", tmp_path / "out", "--encoder", "libx264", "--json", "-q")
    answer = answered(ended)
    assert (answer["command"], answer["exit_code"], answer["error"]) == ("process", 1, None)
    assert answer["summary"] == {"done": 1, "failed": 1}
    assert [(row["clip"], row["status"]) for row in answer["result"]["clips"]] == [
        ("bad.mp4", "failed"), ("call.mp4", "done")
    ]  # fmt: skip
    assert answer["result"]["report"] == str(tmp_path / "out" / "report" / "index.html")


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["process", "nowhere", "--out", "out", "--json"], 2, "nowhere does not exist"),
        (["process", "--json", "nowhere", "--out", "out", "--look", "soft"], 2, "There is no look 'soft'"),
        (["process", "nowhere", "--out", "out", "--nonsense", "--json"], 2, "No such option"),
        (["estimate", "nowhere", "--json"], 2, "nowhere does not exist"),
        (["report", "nowhere", "--json"], 2, "nowhere holds no report"),
    ],
)
def test_an_error_has_the_same_form_and_its_sentence_is_on_stderr_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, error: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run(*words)
    answer = answered(ended)
    assert (answer["command"], answer["exit_code"], answer["result"]) == (words[0], code, None)
    assert error in answer["error"]
    assert error in ended.stderr


def test_what_ends_before_a_command_is_known_has_it_too() -> None:
    assert answered(run("sharpen", "--json"))["command"] is None


def test_values_that_json_lacks() -> None:
    assert plain({"a": math.nan, 3: (Path("x/y"), math.inf), "b": [1, None, True, "z"]}) == {
        "a": None, "3": ["x/y", None], "b": [1, None, True, "z"]
    }  # fmt: skip
