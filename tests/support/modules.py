"""The source as modules: their files, their syntax trees, and what each of them imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("models", "pipeline", "reports", "training", "jobs")
"""Those that install as parts of `vidsharp`: each may import itself and those before it."""


@cache
def modules() -> dict[str, Path]:
    """The files of the source by dotted name, such as `jobs.files.storage`; a package by its folder's name."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    return {".".join(_parts(file)): file for file in sorted(files)}


def _parts(file: Path) -> tuple[str, ...]:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


@cache
def tree(file: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(file.read_text("utf-8"), str(file))


def imports(node: ast.AST, *, typing: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """All import statements below a node, also those inside functions.

    Args:
        typing: also those under `if TYPE_CHECKING`, which never run.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test) and not typing:
            for other in child.orelse:
                yield from imports(other, typing=typing)
        else:
            yield from imports(child, typing=typing)


def imported_modules(name: str, *, typing: bool = False) -> set[str]:
    """The modules of ours that a module imports, by the names that `modules` has."""
    file = modules()[name]
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for statement in imports(tree(file), typing=typing):
        if isinstance(statement, ast.ImportFrom) and statement.level:
            base = package[: len(package) - statement.level + 1]
            source = ".".join([*base, *(statement.module or "").split(".")]).rstrip(".")
            submodules = {f"{source}.{alias.name}" for alias in statement.names} & modules().keys()
            others = [alias for alias in statement.names if f"{source}.{alias.name}" not in modules()]
            found |= submodules
            if others and source in modules():
                found.add(source)
    return found - {name}
