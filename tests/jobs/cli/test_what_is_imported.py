"""What each command may import: a heavy package that slips in costs everyone's start, and is a line here or a fault."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support import runs
from tests.support.import_notes.sitecustomize import HEAVY
from tests.training.evaluation.test_evaluation_sources import pair

NOTES = Path(runs.__file__).parent / "import_notes"
DRIVER = ["av", "numpy"]
TABLES = ["jinja2", "pandas", "pyarrow"]
ALL_HELP = """
from vidsharp.jobs.cli.main import main

def walk(command, *words):
    try:
        main.main([*words, "--help"], standalone_mode=False)
    except SystemExit as ended:
        assert ended.code in (0, None), (words, ended.code)
    for name, below in getattr(command, "commands", {}).items():
        walk(below, *words, name)

walk(main)
"""
WORKER = ["PIL", "av", "numpy"]
QUICK = ("--engine", "local", "--workers", "1", "--encoder", "libx264", "--preset", "ultrafast")


@pytest.fixture
def call(tmp_path: Path) -> Path:
    return runs.clip(tmp_path / "calls" / "call.mp4", frames=15).path


def imported(folder: Path, *command: str | Path) -> list[tuple[str, str]]:
    """The heavy packages that a command imports, each with the kind of process that does, in order."""
    return noted(folder, runs.command(*command))


def noted(folder: Path, program: Sequence[str]) -> list[tuple[str, str]]:
    """As `imported`, of a program."""
    notes = folder / "notes"
    notes.write_text("")
    environment = {**runs.plain_environment(), "IMPORT_NOTES": str(notes), "PYTHONPATH": str(NOTES)}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert ended.returncode == 0, ended.stderr
    kinds = (line.split() for line in notes.read_text().splitlines())
    return [(kind, package) for kind, package in kinds]


def by(kind: str, found: Sequence[tuple[str, str]]) -> list[str]:
    return sorted({package for who, package in found if who == kind})


def test_heavy_packages_are_noticed(tmp_path: Path, call: Path) -> None:
    """Else the tests below could not fail."""
    assert {"torch", "ray", "pandas", "skimage", "jinja2", "torchvision"} <= HEAVY
    found = imported(tmp_path, "bench", "--size", "64x64", "--warmup", "0", "--runs", "1")
    assert "torch" in by("driver", found)


def test_help_waits_for_nothing(tmp_path: Path) -> None:
    """Of no command, nor of the commands below it."""
    assert noted(tmp_path, [sys.executable, "-c", ALL_HELP]) == []


@pytest.mark.parametrize("command", [["--version"], ["models"], ["man"]], ids=" ".join)
def test_what_only_tells_waits_for_nothing(command: list[str], tmp_path: Path) -> None:
    assert imported(tmp_path, *command) == []


def test_process_needs_no_torch_and_waits_for_tables_at_its_end_only(tmp_path: Path, call: Path) -> None:
    command = ("process", call, "--out", tmp_path / "out", *QUICK)
    found = imported(tmp_path, *command, "-q")
    assert by("driver", found) == sorted({*DRIVER, *TABLES})
    assert by("worker", found) == WORKER
    begun = found.index(("worker", "numpy"))  # long before a recording is planned
    assert by("driver", found[:begun]) == ["av"]
    again = imported(tmp_path, *command)
    assert (by("driver", again), by("worker", again)) == (sorted({*DRIVER, *TABLES, "rich"}), [])


def test_process_without_a_report_makes_no_page(tmp_path: Path, call: Path) -> None:
    found = imported(tmp_path, "process", call, "--out", tmp_path / "out", *QUICK, "-q", "--no-report")
    assert by("driver", found) == sorted({*DRIVER, "pandas", "pyarrow"})


def test_chroma_needs_no_torch_either_and_other_students_in_workers_only(tmp_path: Path, call: Path) -> None:
    found = imported(tmp_path, "process", call, "--out", tmp_path / "out", *QUICK, "-q", "--chroma", "restore")
    assert by("worker", found) == WORKER
    found = imported(tmp_path, "process", call, "--out", tmp_path / "rgb", *QUICK, "-q", "--model", "reference")
    assert "torch" in by("worker", found)
    assert "torch" not in by("driver", found)


@pytest.mark.slow
def test_the_driver_of_ray_needs_ray_beside(tmp_path: Path, call: Path) -> None:
    options = ("--engine", "ray", *QUICK[2:], "-q")
    found = imported(tmp_path, "process", call, "--out", tmp_path / "out", *options)
    assert by("driver", found) == sorted({*DRIVER, *TABLES, "ray"})
    assert "torch" not in by("worker", found)


def test_estimate_and_preview_need_no_torch_and_no_tables(tmp_path: Path, call: Path) -> None:
    found = imported(tmp_path, "estimate", call, *QUICK)
    assert (by("driver", found), by("worker", found)) == (WORKER, WORKER)
    options = ("--seconds", "0.3", *QUICK)
    found = imported(tmp_path, "preview", call, "--out", tmp_path / "preview", *options)
    assert (by("driver", found), by("worker", found)) == (sorted({*WORKER, "jinja2"}), WORKER)


def test_report_loads_no_student(tmp_path: Path, call: Path) -> None:
    imported(tmp_path, "process", call, "--out", tmp_path / "out", *QUICK, "-q", "--no-report")
    found = imported(tmp_path, "report", tmp_path / "out")
    assert by("driver", found) == sorted({*DRIVER, *TABLES})


def test_simulate_needs_no_torch_and_evaluate_no_ray(tmp_path: Path, call: Path) -> None:
    found = imported(tmp_path, "simulate", call, "--out", tmp_path / "soft", "--level", "light")
    assert by("driver", found) == WORKER
    pair(tmp_path / "data", "1.png")
    found = imported(tmp_path, "evaluate", tmp_path / "data", "--device", "cpu")
    assert not {"ray", "torchvision"} & {*by("driver", found)}
