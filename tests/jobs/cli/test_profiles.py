"""Options from a profile and from the environment: what counts before what, and every mistake in one sentence."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from vidsharp.jobs.cli.command_tree import commands_below
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.cli.profiles import FILE, check_variables, long_name, profile_file
from vidsharp.jobs.config import UsageError

PROFILE = """
[archive]
model = "balanced"
chunk-seconds = 5
strength = 0.5
start = "1:30"
measure = 7
report = false
overwrite = true
encoder-options = {tune = "film", aq-mode = 3}
sample-seconds = 3      # of estimate alone
levels = "light,heavy"  # of evaluate alone

[odd]
encodr = "libx264"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    (tmp_path / FILE).write_text(PROFILE)
    return tmp_path


def parsed(command: str, *words: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """What a command is called with."""
    with CliRunner(env=environment).isolation(env=environment):
        whole = main.make_context("vidsharp", [command])
        return main.commands[command].make_context(command, ["a.mp4", "-o", "out", *words], parent=whole).params


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(main, [*words], env=environment)


def test_a_profile_says_what_nobody_else_does(here: Path) -> None:
    said = parsed("process", "--profile", "archive")
    assert {name: said[name] for name in ("model", "chunk_seconds", "strength", "start", "measure")} == {
        "model": "balanced", "chunk_seconds": 5.0, "strength": 0.5, "start": 90.0, "measure": 7
    }  # fmt: skip
    assert (said["page"], said["overwrite"]) == (False, True)
    assert said["encoder_options"] == {"tune": "film", "aq-mode": "3"}
    assert said["crf"] is None


def test_the_command_line_counts_before_the_environment_and_that_before_the_profile(here: Path) -> None:
    words = ("--profile", "archive", "--strength", "0.2")
    environment = {"VIDSHARP_PROCESS_STRENGTH": "0.3", "VIDSHARP_PROCESS_CHUNK_SECONDS": "7"}
    said = parsed("process", *words, environment=environment)
    assert (said["strength"], said["chunk_seconds"], said["model"]) == (0.2, 7.0, "balanced")


@pytest.mark.parametrize("variable", ["VIDSHARP_PROFILE", "VIDSHARP_PROCESS_PROFILE"])
def test_the_environment_names_a_profile(here: Path, variable: str) -> None:
    assert parsed("process", environment={variable: "archive"})["model"] == "balanced"


def test_another_commands_options_do_not_count(here: Path) -> None:
    assert parsed("estimate", "--profile", "archive")["sample_seconds"] == 3.0
    assert "sample_seconds" not in parsed("process", "--profile", "archive")
    ended = run("models", "export", "nowhere", "--profile", "archive")
    assert ended.stderr.startswith("vidsharp: There is no model 'nowhere'"), "nor do they in a group's command"


def test_every_option_has_a_variable_by_its_long_name() -> None:
    environment = {
        "VIDSHARP_PROCESS_REPORT": "no", "VIDSHARP_PROCESS_LIMIT_MEMORY": "64", "VIDSHARP_PROCESS_VERBOSE": "1",
        "VIDSHARP_PROCESS_ENCODER_OPTIONS": "a=b c=d", "VIDSHARP_PROCESS_WORKERS": "3",
    }  # fmt: skip
    said = parsed("process", environment=environment)
    assert (said["page"], said["memory_mb"], said["verbose"], said["workers"]) == (False, 64, True, 3)
    assert said["encoder_options"] == {"a": "b", "c": "d"}
    for _, command in commands_below(main, "vidsharp"):
        variables = [each.envvar for each in command.params if each.param_type_name == "option" and each.envvar]
        assert len(variables) == len(set(map(str, variables))), command.name


def test_the_users_file_counts_where_there_is_none_here(here: Path) -> None:
    (here / FILE).unlink()
    assert profile_file() == here / "configuration" / "vidsharp" / FILE
    assert "there is no vidsharp.toml here, and no " in run("process", "a", "-o", "b", "--profile", "archive").stderr
    profile_file().parent.mkdir(parents=True)
    profile_file().write_text('[archive]\nmodel = "fast-0.1"')
    assert parsed("process", "--profile", "archive")["model"] == "fast-0.1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PROFILE.replace("[odd]", "[other]"), "has no profile 'odd'; the nearest is 'other'"),
        (PROFILE, "has the key 'encodr', which is no option of any command; the nearest is 'encoder'"),
        ("[odd]\nchunk_seconds = 3", "the nearest is 'chunk-seconds'"),
        ("[odd]\nstrength = 'much'", "strength: 'much' is not a valid float"),
        ("[odd]\nreport = 1", "report: 1 is neither true nor false"),
        ("[odd]\ncrf = [1]", "crf: [1] is no single value"),
        ("[odd]\ncrf = true", "crf: True is no single value"),
        ("model = 'fast'\n[odd]", "'model' stands outside of a profile"),
        ("[odd", "vidsharp.toml cannot be read"),
        ("", "has no profile 'odd'; there is none"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(here: Path, text: str, said: str) -> None:
    (here / FILE).write_text(text)
    ended = run("process", "a.mp4", "--out", "out", "--profile", "odd")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("vidsharp: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_variable_that_is_no_option_is_said(here: Path) -> None:
    ended = run("process", "a.mp4", "-o", "out", VIDSHARP_PROCESS_WROKERS="3")
    assert (ended.exit_code, ended.stderr) == (
        2,
        "vidsharp: the environment's VIDSHARP_PROCESS_WROKERS is no option of process; "
        "the nearest is 'VIDSHARP_PROCESS_WORKERS'\n",
    )
    assert run("process", "--help", VIDSHARP_PROCESS_WROKERS="3").exit_code == 0
    with pytest.raises(UsageError):
        check_variables(main.commands["train"], "train", {"VIDSHARP_TRAIN_LEVEL": "1"})
    check_variables(main.commands["train"], "train", {"VIDSHARP_PROCESS_LEVEL": "1", "VIDSHARP_WHEEL_FOR": "x"})


def test_variables_of_a_groups_commands_begin_with_the_groups_name(here: Path) -> None:
    assert run("models", "--json", VIDSHARP_MODELS_EXPORT_LOOK="natural").exit_code == 0
    ended = run("models", "export", "fast", VIDSHARP_MODELS_EXPORT_LOOK="soft")
    assert ended.stderr.startswith("vidsharp: There is no look 'soft'")
    ended = run("models", "export", "fast", VIDSHARP_MODELS_EXPORT_LOK="soft")
    assert "LOK is no option of models; the nearest is 'VIDSHARP_MODELS_EXPORT_LOOK'" in ended.stderr


def test_the_same_word_means_the_same_everywhere() -> None:
    """An option's long name has one short one, and one parameter of Python's, in the singular or the plural."""
    shorts: dict[str, set[str]] = {}
    for _, command in commands_below(main, "vidsharp"):
        for option in command.params:
            if option.param_type_name == "option":
                words = [word for word in option.opts if not word.startswith("--")]
                shorts.setdefault(long_name(option), set()).add(" ".join(words))  # type: ignore[arg-type]
    assert {name: words for name, words in shorts.items() if len(words) > 1} == {}
    assert (shorts["out"], shorts["model"], shorts["workers"]) == ({"-o"}, {"-m"}, {"-w"})
