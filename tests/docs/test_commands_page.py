"""The reference of the commands: what of a command line it shows, and how."""

import click
import pytest

pytest.importorskip("mkdocs", reason="the site needs mkdocs: pip install -e '.[docs]'")
from vidsharp.jobs.cli.command_tree import commands_below
from vidsharp.jobs.cli.main import main

from docs.hooks.commands_page import MARK, commands, escaped, on_page_markdown, paragraphs


@click.group()
def tool() -> None:
    """A tool."""


@tool.command()
@click.argument("file")
@click.option("--level", type=click.Choice(["low", "high"]), default="low", show_default=True, help="How much | where.")
@click.option("--words", help="In words.  [default: the file's]")
def work(file: str, level: str, words: str) -> None:
    """Works on *one* file.

    \b
    first line
    second line
    """


@tool.group()
def train() -> None:
    """Trains."""


@train.command()
def student() -> None:
    """A student."""


def test_a_command_has_its_usage_and_a_line_for_each_option() -> None:
    page = commands(tool, "tool")
    assert "## `tool work`" in page
    assert "```\ntool work [OPTIONS] FILE\n```" in page
    assert r"| <code>--level [low&#124;high]</code> | low | How much \| where. |" in page
    assert "| <code>--words TEXT</code> | the file's | In words. |" in page


def test_groups_within_groups_are_shown() -> None:
    assert "## `tool train student`" in commands(tool, "tool")


def test_text_is_text_and_kept_lines_stay() -> None:
    assert paragraphs(work.help or "") == "Works on \\*one\\* file.\n\n```\nfirst line\nsecond line\n```"
    assert escaped("a_b <c>") == r"a\_b \<c>"


def test_only_the_marked_page_is_filled() -> None:
    assert on_page_markdown("Nothing here.") == "Nothing here."
    assert "## `vidsharp process`" in on_page_markdown(MARK)


def test_every_command_of_ours_has_its_section() -> None:
    page = on_page_markdown(MARK)
    for name, _ in commands_below(main, "vidsharp"):
        assert f"## `{name}`\n" in page
