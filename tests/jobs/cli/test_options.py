"""Options of settings fields: their names, defaults and help come from the fields, in every command that has them."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from vidsharp.jobs.cli.command_tree import commands_below
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.option import option_of
from vidsharp.jobs.shard import Shard

OF_LOGS = {"quiet", "verbose", "log_json", "events", "json", "profile"}
FIELDS = {field.name: field for field in fields(ProcessConfig)}
NEEDED = ["a.mp4", "--out", "out"]


def options_of(command: str) -> dict[str, click.Option]:
    """A command's options by the name of their parameter."""
    return {str(each.name): each for each in main.commands[command].params if isinstance(each, click.Option)}


def parsed(command: str, *arguments: str) -> dict[str, Any]:
    """What a command is called with."""
    context = main.commands[command].make_context(command, list(arguments))
    return {name: value for name, value in context.params.items() if name not in OF_LOGS}


def test_process_has_an_option_for_every_field_and_no_other() -> None:
    assert set(options_of("process")) - OF_LOGS == set(FIELDS) - {"inputs"}


@pytest.mark.parametrize("command", ["process", "estimate"])
def test_nothing_said_is_every_default(command: str) -> None:
    said = parsed(command, *NEEDED)
    known = {name: value for name, value in said.items() if name in FIELDS and value is not None}
    assert ProcessConfig(**known) == ProcessConfig(inputs=(Path("a.mp4"),), out=Path("out"))


def test_what_is_said_arrives_as_the_fields_type() -> None:
    words = (
        "--model m --look natural --strength 0.5 --chroma restore --start 1:02.5 --end 1:00:01 "
        "--device cuda --precision float16 --batch 4 --no-graph --hwaccel none --workers 3 --engine local --skip-sharp "
        "--max-growth 1.5 --target-quality 41 "
        "--address auto --chunk-seconds 2 --encoder ffv1 --crf 20 --preset slow -e a=b -e c=d=e --reference tests "
        "--measure 7 --no-report --overwrite --shard 1/4 --staging work --scratch disk --scratch-gb 5.5 "
        "--limit-memory 64 --stall-seconds 9 "
        "--on-clip hook --webhook https://x/y --webhook-key key --hook-seconds 5 --metrics m.prom "
        "--price-per-core-hour 0.04 --price-per-gpu-hour 2"
    )
    assert parsed("process", *NEEDED, *words.split()) == {
        "inputs": (Path("a.mp4"),), "out": Path("out"), "model": "m", "look": 0.0, "strength": 0.5,
        "chroma": "restore", "start": 62.5, "end": 3601.0,
        "device": "cuda", "precision": "float16", "batch": 4, "graphs": False, "hwaccel": "none",
        "workers": 3, "engine": "local", "address": "auto",
        "chunk_seconds": 2.0, "encoder": "ffv1", "crf": 20.0, "preset": "slow",
        "skip_sharp": True, "max_growth": 1.5, "target_quality": 41.0,
        "encoder_options": {"a": "b", "c": "d=e"}, "reference": Path("tests"), "measure": 7, "page": False,
        "overwrite": True, "shard": Shard(1, 4), "staging": Path("work"), "scratch": Path("disk"),
        "scratch_gb": 5.5, "memory_mb": 64, "stall_seconds": 9.0,
        "on_clip": "hook", "webhook": "https://x/y", "webhook_key": Path("key"), "hook_seconds": 5.0,
        "metrics": Path("m.prom"),
        "price_per_core_hour": 0.04, "price_per_gpu_hour": 2.0,
    }  # fmt: skip
    assert set(FIELDS) == set(parsed("process", *NEEDED)), "say the new option here, too"


def test_what_is_no_shard_is_said() -> None:
    for text in ("4", "a/b", "-1/4"):
        with pytest.raises(click.BadParameter, match="is not of the form I/N, such as 0/4"):
            parsed("process", *NEEDED, f"--shard={text}")


@pytest.mark.parametrize("text", ["soon", "-1", "1:2:3:4", "1m", "inf", ":30", "١"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time: write seconds, or h:mm:ss"):
        parsed("process", *NEEDED, f"--start={text}")


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"inputs"}))
def test_the_help_of_a_field_is_a_sentence_and_says_the_default(name: str) -> None:
    field, said = option_of(ProcessConfig, name)
    shown = str(options_of("process")[name].help)
    assert shown.startswith(said.help)
    assert said.help.endswith(".")
    says_a_default = isinstance(field.default, str | float) and not isinstance(field.default, bool)
    assert ("[default: " in shown) == (says_a_default or said.default_words is not None)


@pytest.mark.parametrize("command", ["estimate", "preview", "watch"])
def test_what_changes_results_can_be_said_beforehand_and_of_a_watch(command: str) -> None:
    own, process = options_of(command), options_of("process")
    for name in (
        "chroma",
        "hwaccel",
        "encoder",
        "crf",
        "preset",
        "encoder_options",
        "skip_sharp",
        "max_growth",
        "target_quality",
    ):
        assert (own[name].opts, own[name].help) == (process[name].opts, process[name].help)


@pytest.mark.parametrize("command", ["estimate", "watch", "bench", "evaluate", "train", "doctor"])
def test_other_commands_say_the_same_of_it(command: str) -> None:
    """Of options that mean the same there. Theirs in the plural, and where things go, are their own."""
    own = options_of(command)
    shared = {"chroma", "device"} if command == "evaluate" else {"model", "look", "chroma", "device", "address"}
    assert shared & set(own)
    for name in shared & set(own):
        assert own[name].help == options_of("process")[name].help
        assert own[name].default == options_of("process")[name].default


def test_no_path_of_any_command_may_be_empty() -> None:
    """`--out "$OUT"` where the variable is not set would write into the folder that one is in."""
    paths = 0
    for name, command in commands_below(main, "vidsharp"):
        context = click.Context(command, info_name=name)
        for parameter in command.params:
            if isinstance(parameter.type, click.Path):
                paths += 1
                assert parameter.type.convert("there", parameter, context) == Path("there")
                with pytest.raises(click.BadParameter, match="a path is empty"):
                    parameter.type.convert("", parameter, context)
    assert paths > 20
