"""The quick tests, found by what their files import, themselves or by way of helpers in tests/: none of what starts a
process, opens a codec or a browser, or loads torch. `make test-quick` runs them.

They are the tests of plain functions: plans, rows, tables, pages, options, layouts. Whoever changes a codec's or a
student's part runs its own test file too.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TAKE_TIME = {"av", "moto", "multiprocessing", "nbclient", "playwright", "ray", "subprocess", "torch"}
"""Packages with which a test takes seconds."""
TIMELY_FIXTURES = {"bucket", "engine", "s3", "shared_ray"}
"""What tests in quick files may ask their conftest.py for, and are not quick then."""


@cache
def is_quick(file: Path) -> bool:
    """Whether a test file is one."""
    return TAKE_TIME.isdisjoint(name.partition(".")[0] for name in _reached(file, set()))


def _reached(file: Path, seen: set[Path]) -> Iterator[str]:
    """All modules that a file imports, and its helpers do."""
    seen.add(file)
    for name in _imported(file):
        yield name
        helper = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name.startswith("tests.") and helper.is_file() and helper not in seen:
            yield from _reached(helper, seen)


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
