"""The first day on a GPU, rehearsed on a CPU: every step ends, finds what its tables show, and ends in time."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from vidsharp.models.gpu.on_gpu import OnGpu
from vidsharp.models.gpu.settings import HwAccel
from vidsharp.pipeline import codec_trial
from vidsharp.pipeline.encoders import ENCODERS

from benchmarks.gpu_day import __main__ as day
from benchmarks.gpu_day import codecs, correctness
from benchmarks.gpu_day.__main__ import STEPS, TOTAL_S, main, run_day
from benchmarks.gpu_day.hardware import versions
from benchmarks.gpu_day.scale import REHEARSAL
from benchmarks.gpu_day.step import Step, read, run_apart, run_here
from benchmarks.gpu_day.tables import page
from tests.support.fake_gpu import AtOnce, FakeGpu
from tests.support.fake_nvdec import Surfaces, install

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def found() -> Found:
    """What the steps of a rehearsal have found so far, all in this process: to start eleven takes long."""
    return {}


CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "versions": lambda said: said["versions"]["torch"] and said["cpu"]["cores"] and "gpu" not in said,
    "ceilings": lambda said: len(said) == 8 and all(value > 0 for value in said.values()),
    "gate": lambda said: said["passed"] is True and said["counts"]["passed"] > 0,
    "races": lambda said: len(said) == 4 and all(each == {"wrong": 0, "of": 6} for each in said.values()),
    "sanitizer": lambda said: len(said) == 4,
    "capture": lambda said: said == {"tried": False},
    "out_of_memory": lambda said: said == {"tried": False},
    "precision": lambda said: said["fast 64x48"].keys() == {"float16", "bfloat16", "TF32"},
    "students": lambda said: len(said) == 4 and all(each["compute_ms"] > 0 for each in said.values()),
    "compiled": lambda said: said["fast 64x48"]["compiled_ms"] > 0 and "failed" not in said["fast 64x48"],
    "codecs": lambda said: said["decode alone, CPU"]["fps"] > 0 and "skipped: its decoder" in said["decode alone, GPU"],
    "end_to_end": lambda said: (
        said["libx264, 1 at a time"]["fps"] > 0
        and "does not" in said["no_such_encoder"]
        and "skipped: its decoder does not work (" in said["with NVDEC"]
    ),
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_finds_something(step: Step, found: Found, tmp_path: Path) -> None:
    find(step, found, tmp_path)
    assert CHECKS[step.name](found[step.name]), found[step.name]


def find(step: Step, found: Found, folder: Path) -> None:
    run_here(step, folder / "step.json", REHEARSAL)
    found[step.name] = read(folder / "step.json")


def test_its_tables_have_it_all_and_say_that_it_is_no_gpu(found: Found, tmp_path: Path) -> None:
    for step in STEPS:
        if step.name not in found:
            find(step, found, tmp_path)
    said = page(found, rehearsal=True)
    assert said.startswith("**A rehearsal on a CPU: no figure here is of a GPU.** no GPU, ")
    for words in (
        "| gate | tests pass (", "| races | as it is: 0 of 6 wrong; ", "| capture | not tried |",
        "| up, not page-locked |", "| TF32 |", "| fast | 64x48 | bfloat16 | graph |", "| fast 64x48 | ",
        "| libx264, 1 at a time | ", "| no_such_encoder | does not work here |",
        "| decode alone, CPU | ", "| encode alone, GPU | skipped: pictures come from its decoder |",
        "| with NVDEC | skipped: its decoder does not work (",
    ):  # fmt: skip
        assert words in said, words
    assert all(line.count("|") == said_above.count("|") for line, said_above in rows_below_heads(said))


def rows_below_heads(text: str) -> list[tuple[str, str]]:
    """Each line of a table, with that table's head."""
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    return [(line, lines[0]) for lines in tables for line in lines[1:]]


GPU_DAY: Found = {
    "versions": {
        "versions": {"torch": "9"}, "cpu": {"name": "many cores", "cores": 16},
        "gpu": {"name": "a card", "memory_gib": 80.0},
    },
    "ceilings": {"teraflops, float16": 500.0, "gigabytes_per_s, up": 20.0, "seconds": 3.0},
    "gate": {"passed": False, "counts": {"failed": 1, "passed": 9}, "said": ["..."], "seconds": 3.0},
    "races": {"as it is": {"wrong": 0, "of": 9}, "without the wait of up": {"complaint": ["two streams"]}},
    "sanitizer": {"failed": "it was ended after 35 s", "seconds": 35.0},
    "students": {
        "fast 1920x1080 float16 graph": {
            "batch": 1, "compute_ms": 0.5, "with_copies_ms": 1.5, "stream_fps": 1800.0, "gflop_per_frame": 50.0,
        },
        "failed": "it was ended after 120 s",
    },
    "precision": {"fast 1920x1080": {"float16": 0.25, "bfloat16": None, "TF32": 0.1}},
    "compiled": {"fast 1920x1080": {"eager_ms": 0.5, "failed": "no Triton"}},
    "codecs": {"trial": {"decodes": True, "encoders": [], "trouble": None}, "decode alone, GPU": {"fps": 1234.5}},
    "end_to_end": {"libx264, 8 at a time": {"fps": 512.0}, "h264_nvenc": "does not work here"},
}  # fmt: skip


def test_tables_of_a_day_that_went_wrong_in_places() -> None:
    said = page(GPU_DAY, rehearsal=False)
    assert "rehearsal" not in said
    for words in (
        "a card (80.0 GiB), 16 cores of many cores; torch 9.",
        "| gate | **tests fail** (1 failed, 9 passed) |",
        "| races | as it is: 0 of 9 wrong; without the wait of up: complaint two streams |",
        "| sanitizer | did not end: it was ended after 35 s |",
        "| students | did not end: it was ended after 120 s |",
        "| fast | 1920x1080 | float16 | graph | 1 | 0.5 | 1.5 | 1,800 | 20% |",
        "| fast 1920x1080 | 0.25 | no number | 0.10 |",
        "| fast 1920x1080 | 0.5 | no Triton |  |",
        "| trial | decodes yes, encoders , trouble none |",
        "| decode alone, GPU | 1,234 fps |",
        "| libx264, 8 at a time | 512 fps |",
    ):
        assert words in said, words


def test_a_race_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """On streams that do their work late, the hunt finds nothing as it is, and something without each wait."""
    monkeypatch.setattr(correctness, "_HUNTED", ((6, 8), (30, 40), (6, 4), (50, 70)))
    monkeypatch.setattr(correctness, "lanes_of", lambda device: FakeGpu(Random(1)).lanes)
    monkeypatch.setattr(correctness, "OnGpu", partial(OnGpu, thread=AtOnce()))
    found = dict(correctness.races(REHEARSAL.__class__(**{**vars(REHEARSAL), "hunts": 60})))
    assert found.pop("as it is") == {"wrong": 0, "of": 60}
    assert len(found) == 3
    assert all(said.get("wrong") or said.get("complaint") for said in found.values()), found


def test_codecs_are_measured_where_they_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a decoder and an encoder of this machine in the place of a GPU's."""
    monkeypatch.setitem(ENCODERS, "libx264", replace(ENCODERS["libx264"], on_gpu_codecs=("none",)))  # type: ignore[arg-type]
    for module in (codecs, codec_trial):
        monkeypatch.setattr(module, "ON_GPU", "yuv420p")
    install(monkeypatch, Surfaces(8))
    found = dict(codecs.codecs(REHEARSAL))
    assert found.pop("trial") == {"decodes": True, "encoders": ["libx264"], "trouble": None}
    assert found.keys() == {"decode alone, CPU", "decode alone, GPU", "encode alone, libx264"}
    assert all(said["fps"] > 0 for said in found.values())
    monkeypatch.setattr(codecs, "try_codecs", lambda way, device: HwAccel(decodes=True))
    assert dict(codecs.codecs(REHEARSAL))["encode alone, GPU"] == "skipped: this GPU has no encoder"


def test_the_limits_are_nine_minutes_in_all() -> None:
    assert sum(step.limit_s for step in STEPS) <= TOTAL_S <= 9 * 60
    assert len({step.name for step in STEPS}) == len(STEPS)


def test_a_step_that_takes_too_long_or_ends_badly_is_said(tmp_path: Path) -> None:
    late = run_apart(Step("versions", 0, versions), tmp_path, 0.01, rehearse=True)
    assert late["failed"] == "it was ended after 0 s"
    assert read(tmp_path / "versions.json") == late
    bad = run_apart(Step("versions", 0, versions, {"PYTHONHASHSEED": "x"}), tmp_path, 100.0, rehearse=True)
    assert bad["failed"]
    assert "ended after" not in bad["failed"]


def test_a_step_that_dies_leaves_what_it_had_found(tmp_path: Path) -> None:
    def dies(scale: object) -> Any:
        yield "first", 1
        raise MemoryError

    with pytest.raises(MemoryError):
        run_here(Step("dies", 1, dies), tmp_path / "dies.json", REHEARSAL)
    assert read(tmp_path / "dies.json") == {"first": 1}


def test_where_time_ends_the_other_steps_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day, "run_apart", lambda *_, **__: pytest.fail("there is no time"))
    run_day(tmp_path / "out", total_s=0.0, rehearse=True)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {f"{step.name}.json" for step in STEPS} | {
        "tables.md"
    }
    assert read(tmp_path / "out" / "gate.json") == {"failed": "there was no time left for it"}


def test_only_a_day_on_a_gpu_gets_into_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(day.PAGE, tmp_path / "gpu.md")
    before = (tmp_path / "gpu.md").read_text()
    monkeypatch.setattr(day, "PAGE", tmp_path / "gpu.md")
    monkeypatch.setattr(day, "ROOT", tmp_path)
    for name, said in GPU_DAY.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(said))
    ended = CliRunner().invoke(main, [str(tmp_path), "--tables"])
    assert ended.exit_code == 0, ended.output
    now = (tmp_path / "gpu.md").read_text()
    assert "| libx264, 8 at a time | 512 fps |" in now
    assert now.split("<!-- gpu day -->")[0] == before.split("<!-- gpu day -->")[0]
    (tmp_path / "versions.json").write_text(json.dumps({"versions": {"torch": "9"}}))
    ended = CliRunner().invoke(main, [str(tmp_path), "--tables"])
    assert ended.exit_code == 1
    assert "holds no day on a GPU" in ended.output
