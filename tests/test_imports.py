"""The imports of modules: one way between folders, no circles, nothing that is not declared."""

import ast
import re
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support.modules import FOLDERS, ROOT, imported_modules, imports, modules, tree

NAMED_OTHERWISE = {
    "PIL": "pillow",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
    "_pytest": "pytest",
    "axe_playwright_python": "axe-playwright-python",
}
"""Distributions that are not called as what is imported from them."""
HOMES = {
    "ray": {"jobs"},
    "rich": {"jobs"},
    "click": {"jobs", "training"},
    "jinja2": {"reports"},
    "pandas": {"reports", "training", "jobs"},
}
"""Packages that only some folders import."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_between_folders_go_one_way(folder: str) -> None:
    allowed = FOLDERS[: FOLDERS.index(folder) + 1]
    own = [name for name in modules() if name.split(".")[0] == folder]
    wrong = {
        (name, other)
        for name in own
        for other in imported_modules(name, typing=True)
        if other.split(".")[0] not in allowed
    }
    assert len(own) > 5
    assert not wrong


def test_no_module_imports_itself_by_way_of_others_not_even_inside_functions() -> None:
    graph = {name: imported_modules(name) for name in modules()}
    assert graph["jobs.files.object_storage"] >= {"jobs.files.storage", "jobs.files.clips"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


def third_party(folders: tuple[str, ...]) -> dict[str, set[str]]:
    """What is imported from others by files of some folders: distribution names, and where."""
    found: dict[str, set[str]] = {}
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        for statement in imports(tree(file), typing=True):
            if isinstance(statement, ast.ImportFrom):
                names = [statement.module or ""] if not statement.level else []
            else:
                names = [alias.name for alias in statement.names]
            for name in {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names):
                distribution = NAMED_OTHERWISE.get(name, name.replace("_", "-")).lower()
                found.setdefault(distribution, set()).add(str(file.relative_to(ROOT)))
    return found


def declared(*extras: str) -> set[str]:
    """The distributions that pyproject.toml names, in its dependencies and in some of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {re.split(r"[\[<>=~ ]", line)[0].lower() for line in wanted}


@pytest.mark.parametrize("package", HOMES)
def test_some_packages_stay_in_their_folders(package: str) -> None:
    assert {file.partition("/")[0] for file in third_party(FOLDERS)[package]} <= HOMES[package]


EXTRAS = ("cluster", "s3", "vmaf", "ocr", "networks", "realesrgan", "screens")


def test_all_that_the_source_imports_is_declared() -> None:
    assert {name: where for name, where in third_party(FOLDERS).items() if name not in declared(*EXTRAS)} == {}


def test_all_that_tests_and_benchmarks_import_is_declared() -> None:
    beside = {file.stem.replace("_", "-") for file in ROOT.glob("benchmarks/*/*.py")}
    known = declared("dev", "docs", *EXTRAS) | {"vidsharp", "tests", "benchmarks", "deploy", "docs"} | beside
    found = third_party(("tests", "benchmarks"))
    assert {name: where for name, where in found.items() if name not in known} == {}
