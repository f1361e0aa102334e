"""Parts of sentences for people: a count with its noun, the first few of many names, an error in one line."""

from collections.abc import Sequence


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 clip`, `2 clips`.

    Args:
        many: the plural, where it is not `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def first_few(names: Sequence[str], most: int = 3) -> str:
    """At most `most` names and the number of the others: `a, b, c and 4 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def one_line(error: BaseException) -> str:
    """An error's text in one line of at most 300 characters; its type where it has none."""
    return " ".join(str(error).split())[:300] or type(error).__name__
