"""A settings field's option on the command line: its help and default stand at the field, and nowhere else."""

from dataclasses import Field, dataclass, field, fields
from typing import Any

OPTION = "option"
"""Where a field's metadata has it."""


@dataclass(frozen=True)
class Option:
    """What the command line says of a field of a settings class."""

    help: str
    """A sentence, or two."""
    metavar: str | None = None
    """What stands for the value."""
    flags: tuple[str, ...] = ()
    """Its names; empty: the field's own."""
    default_words: str | None = None
    """The default as people call it; None: its value, where that says anything."""


def option(
    default: Any,
    help: str,
    *,
    metavar: str | None = None,
    flags: tuple[str, ...] = (),
    default_words: str | None = None,
) -> Any:
    """A dataclass field with a default that is an option, too. One without: `field`, with such metadata."""
    return field(default=default, metadata={OPTION: Option(help, metavar, flags, default_words)})


def option_of(settings: type, name: str) -> tuple[Field[Any], Option]:
    """A field of a settings class, and its option."""
    (found,) = (each for each in fields(settings) if each.name == name)
    return found, found.metadata[OPTION]
