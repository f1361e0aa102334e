"""Options from elsewhere than the command line: profiles in `vidsharp.toml`, and variables of the environment.

What the command line says counts first, then the environment, then the profile, then the default.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..config import UsageError
from .command_tree import commands_below

FILE = "vidsharp.toml"
PREFIX = "VIDSHARP"


def profile_option() -> click.Option:
    """The option `--profile` of a command."""
    return click.Option(
        ["--profile"], metavar="NAME", is_eager=True, expose_value=False, callback=_take_profile,
        shell_complete=_complete_profile,
        help=f"Options from the table [NAME] of {FILE}, here or in the user's configuration.",
    )  # fmt: skip


def name_variables(command: click.Command, words: str) -> None:
    """Gives each option of a command its variable: VIDSHARP_PROCESS_CHUNK_SECONDS is --chunk-seconds of process.

    Args:
        words: the command as people call it, such as `models export`.
    """
    for option in _options(command):
        own = _variable(words, option)
        option.envvar = [own, f"{PREFIX}_PROFILE"] if option.name == "profile" else own


def check_variables(command: click.Command, words: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raises UsageError where a variable of the environment looks like an option of the command, and is none.

    Args:
        words: as of `name_variables`.
    """
    below = [*commands_below(command, words)] if isinstance(command, click.Group) else []
    known = [_variable(named, option) for named, each in [(words, command), *below] for option in _options(each)]
    for name in sorted(environment):
        if name.startswith(f"{_variable(words)}_") and name not in known:
            raise UsageError(f"the environment's {name} is no option of {words}; {_nearest(name, known)}")


def profile_file() -> Path:
    """The file with profiles: in this folder, else in the user's configuration."""
    here = Path(FILE)
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return here if here.exists() else configuration / "vidsharp" / FILE


def profiles(path: Path) -> dict[str, dict[str, Any]]:
    """The tables of a file, by name.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    loose = next((name for name, value in read.items() if not isinstance(value, dict)), None)
    if loose is not None:
        raise UsageError(f"{path}: {loose!r} stands outside of a profile; put a line such as [mine] above it")
    return read


def _take_profile(ctx: click.Context, parameter: click.Parameter, name: str | None) -> None:
    if name is None or ctx.resilient_parsing:
        return
    path = profile_file()
    if not path.exists():
        raise UsageError(f"--profile {name}: there is no {FILE} here, and no {path}")
    found = profiles(path)
    if name not in found:
        raise UsageError(f"{path} has no profile {name!r}; {_nearest(name, found)}")
    ctx.default_map = dict(_defaults(ctx, f"{path}: profile {name!r}", found[name]))


def _defaults(ctx: click.Context, place: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of a profile by the names of the command's parameters. Options of other commands do not count here.

    Raises:
        UsageError: a key is no option of any command, or a value is none of its option.
    """
    own = {long_name(option): option for option in _options(ctx.command) if option.name != "profile"}
    whole = ctx.find_root().command
    commands = [command for _, command in commands_below(whole, "")] if isinstance(whole, click.Group) else [whole]
    known = {long_name(option) for command in commands for option in _options(command)}
    for key, value in table.items():
        if key in own:
            option = own[key]
            try:
                said = _said(option, value)
                option.type_cast_value(ctx, said)
            except (ValueError, click.BadParameter) as error:
                raise UsageError(f"{place}: {key}: {getattr(error, 'message', error)}") from error
            yield str(option.name), said
        elif key not in known:
            raise UsageError(f"{place} has the key {key!r}, which is no option of any command; {_nearest(key, known)}")


def _said(option: click.Option, value: Any) -> Any:
    """A TOML value as the command line would say it.

    Raises:
        ValueError: it cannot.
    """
    if option.is_flag:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither true nor false")
        return value
    if option.multiple:
        if isinstance(value, dict):
            return [f"{name}={_word(inner)}" for name, inner in value.items()]
        return [_word(inner) for inner in (value if isinstance(value, list) else [value])]
    return _word(value)


def _word(value: Any) -> str:
    if isinstance(value, bool | list | dict):
        raise ValueError(f"{value!r} is no single value")
    return str(value)


def long_name(option: click.Option) -> str:
    """An option's name in a profile: the long one, without its dashes."""
    words = (word.removeprefix("--") for word in option.opts if word.startswith("--"))
    return next(words, str(option.name).replace("_", "-"))


def _options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def _variable(words: str, option: click.Option | None = None) -> str:
    named = [PREFIX, *words.split(), *([] if option is None else [long_name(option)])]
    return "_".join(named).upper().replace("-", "_")


def _nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a word that is not known."""
    found = get_close_matches(word, list(known), 1, 0)
    return f"the nearest is {found[0]!r}" if found else "there is none"


def _complete_profile(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    try:
        return [CompletionItem(name) for name in profiles(profile_file()) if name.startswith(begun)]
    except UsageError:
        return []
