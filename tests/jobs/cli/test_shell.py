"""What shells and `man` get is made of the commands themselves, and is what these programs take."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from vidsharp.jobs.cli.command_tree import commands_below
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.cli.man_page import man_page
from vidsharp.jobs.cli.shell import SHELLS


def every_command(group: click.Group, name: str = "vidsharp") -> Iterator[str]:
    """Names of commands, looked for where no code of ours looks: `--help` of each group."""
    shown = CliRunner().invoke(main, [*name.split()[1:], "--help"]).output.partition("Commands:\n")[2]
    for word in re.findall(r"(?m)^  ([a-z]\S*)", shown):
        yield f"{name} {word}"
        inner = group.commands[word]
        if isinstance(inner, click.Group):
            yield from every_command(inner, f"{name} {word}")


def completed(words: str, folder: Path) -> list[str]:
    """What the command offers a shell for the last of the words."""
    environment = {
        **os.environ, "_VIDSHARP_COMPLETE": "bash_complete", "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1), "XDG_CONFIG_HOME": str(folder),
    }  # fmt: skip
    script = "import sys; sys.argv = ['vidsharp']; from vidsharp.jobs.cli.main import main; main(prog_name='vidsharp')"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=folder, timeout=60
    )
    assert ended.stderr == ""
    return [line.partition(",")[2] for line in ended.stdout.split("\n") if line]


def test_commands_options_and_values_are_completed(tmp_path: Path) -> None:
    (tmp_path / "vidsharp.toml").write_text("[archive]\n[quick]\n")
    assert completed("vidsharp est", tmp_path) == ["estimate"]
    assert completed("vidsharp models ", tmp_path) == ["export"]
    assert completed("vidsharp models export --ov", tmp_path) == ["--overwrite"]
    assert completed("vidsharp process --chunk", tmp_path) == ["--chunk-seconds"]
    assert "fast" in completed("vidsharp process --model ", tmp_path)
    assert completed("vidsharp process -m balanced-", tmp_path) == ["balanced-0.1"]
    assert completed("vidsharp process --engine l", tmp_path) == ["local"]
    assert completed("vidsharp process --profile a", tmp_path) == ["archive"]
    (tmp_path / "vidsharp.toml").write_text("[")
    assert completed("vidsharp process --profile a", tmp_path) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_its_script(shell: str) -> None:
    ended = CliRunner().invoke(main, ["completion", shell])
    assert ended.exit_code == 0, ended.stderr
    assert "_VIDSHARP_COMPLETE" in ended.stdout
    if program := shutil.which(shell):
        assert subprocess.run([program, "-n"], input=ended.stdout, text=True).returncode == 0


def test_the_manual_page_has_every_command_and_option() -> None:
    ended = CliRunner().invoke(main, ["man"])
    assert ended.exit_code == 0, ended.stderr
    heads, *sections = ended.stdout.replace(r"\-", "-").split(".SS ")
    by_name = {re.sub(r"\\f.", "", section.splitlines()[0]): section for section in sections}
    commands = dict(commands_below(main, "vidsharp"))
    assert set(every_command(main)) == set(commands)
    for name, command in commands.items():
        (section,) = (text for head, text in by_name.items() if re.match(rf"{name} [^a-z]", head))
        for option in command.params:
            assert not isinstance(option, click.Option) or option.opts[-1] in section
    assert ".SH NAME" in heads


def test_the_page_is_roff_without_a_complaint() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff, which `man` uses, is not installed")
    page = man_page(main, "vidsharp")
    ended = subprocess.run([groff, "-man", "-Tutf8", "-Kutf8", "-ww"], input=page, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "--chunk-seconds" in ended.stdout


def test_text_that_would_be_a_request_is_text() -> None:
    @click.group()
    def tool() -> None:
        """A tool."""

    @tool.command()
    def odd() -> None:
        """.SH of a shell's backslash \\n

        \b
        .kept as it is
        """

    lines = man_page(tool, "vidsharp").splitlines()
    assert r"\&.SH of a shell's backslash \en" in lines
    assert r"\&.kept as it is" in lines
