"""The workflows run what this repository has, on all that it is for. Their grammar is GitHub's, which is not here."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def jobs(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text("utf-8"))["jobs"]


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(workflow.name).values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_makes_what_the_makefile_has_by_pinned_actions_and_may_write_nothing(workflow: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    made = {word for step in steps(workflow) for word in re.findall(r"\bmake ([\w-]+)", step.get("run", ""))}
    assert made
    assert made <= targets
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@v\d+(\.\d+)*", action) for action in used), used
    assert yaml.safe_load(workflow.read_text("utf-8"))["permissions"] == {"contents": "read"}


def test_tests_run_on_each_system_and_each_python() -> None:
    matrix = jobs("test.yml")["test"]["strategy"]["matrix"]
    assert {system.partition("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"][0] == PROJECT["project"]["requires-python"].removeprefix(">=")
    minors = [int(version.removeprefix("3.")) for version in matrix["python"]]
    assert minors == [*range(minors[0], minors[-1] + 1)]
    assert minors[-1] >= 14


@pytest.mark.parametrize("job", ["try-wheels", "native-wheels"])
def test_wheels_are_tried_on_each_platform_that_they_are_built_for(job: str) -> None:
    built = re.findall(r'^    "(manylinux|macosx|win)\w*?_(x86_64|aarch64|arm64|amd64)": ',
                       (ROOT / "setup.py").read_text("utf-8"), re.MULTILINE)  # fmt: skip
    runners = {
        "ubuntu-latest": ("manylinux", "x86_64"),
        "ubuntu-24.04-arm": ("manylinux", "aarch64"),
        "macos-latest": ("macosx", "arm64"),
        "windows-latest": ("win", "amd64"),
    }
    assert {runners[system] for system in jobs("test.yml")[job]["strategy"]["matrix"]["os"]} == set(built)


def test_the_compiler_for_wheels_is_the_same_in_all_places() -> None:
    texts = [(ROOT / name).read_text("utf-8") for name in ("deploy/wheels.sh", "pyproject.toml")]
    assert len({pin for text in texts for pin in re.findall(r"ziglang==[\d.]+", text)}) == 1
