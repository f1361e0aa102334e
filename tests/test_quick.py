"""Which tests `make test-quick` runs."""

from pathlib import Path

import pytest

from tests import quick

TESTS = quick.ROOT / "tests"


@pytest.mark.parametrize("name", ["pipeline/test_plan.py", "reports/run/test_tables.py", "test_quick.py"])
def test_tests_of_plain_functions_are_quick(name: str) -> None:
    assert quick.is_quick(TESTS / name)


@pytest.mark.parametrize(
    "name", ["jobs/processing/test_process_job.py", "models/nets/test_blend.py", "pipeline/test_decode.py"]
)
def test_those_that_load_torch_open_codecs_or_start_processes_are_not(name: str) -> None:
    assert not quick.is_quick(TESTS / name)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("import json, numpy.linalg", True),
        ("import torch.nn", False),
        ("def test() -> None:\n    from ray import remote", False),
        ("from tests.support.runs import clip", False),  # which imports subprocess
        ("from tests.support import runs", False),
        ("from tests.support.marked_sections import filled_in", True),
        ("from tests.test_quick import TESTS", True),  # round in a circle
    ],
)
def test_helpers_count_as_what_they_import(lines: str, found: bool, tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(lines)
    assert quick.is_quick(file) == found


def test_there_are_some_of_each_folder() -> None:
    quick_ones = {file.relative_to(TESTS).parts[0] for file in TESTS.rglob("test_*.py") if quick.is_quick(file)}
    assert quick_ones >= {"jobs", "models", "pipeline", "reports", "training"}
