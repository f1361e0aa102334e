"""Modules with one place of their source changed: what a test of theirs has to notice."""

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest


@dataclass(frozen=True)
class Change:
    """One place of a module's source, changed."""

    module: str
    """Its last name."""
    old: str
    """Stands there once."""
    new: str

    def __str__(self) -> str:
        return f"{self.module}: {' '.join(self.old.split())}"


def source_of(package: str, name: str) -> str:
    found = find_spec(f"{package}.{name}")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_text()


def changed_modules(
    patch: pytest.MonkeyPatch, package: str, names: Sequence[str], change: Change | None
) -> dict[str, ModuleType]:
    """Fresh modules, of which one is changed, and the others import that.

    Args:
        names: in the order in which they import each other.
    """
    made = {}
    for name in names:
        source, whole = source_of(package, name), f"{package}.{name}"
        if change is not None and change.module == name:
            assert source.count(change.old) == 1, f"{change}: it stands there {source.count(change.old)} times"
            source = source.replace(change.old, change.new)
        made[name] = ModuleType(whole)
        made[name].__package__ = package
        patch.setitem(sys.modules, whole, made[name])
        exec(compile(source, f"<{name}, changed>", "exec"), made[name].__dict__)
    return made


def places(source: str, counts: Callable[[ast.expr | ast.keyword], bool]) -> Iterator[tuple[int, int]]:
    """Where the expressions and keyword arguments that count begin and end, in characters (of ASCII alone)."""
    assert source.isascii()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr | ast.keyword) and counts(node):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            yield starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
