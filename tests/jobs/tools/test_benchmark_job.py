"""The benchmark as a job: what it writes agrees with what it returns, and a run that stopped goes on to the same."""

import hashlib
import json
import logging
import multiprocessing
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.tools import benchmark_job, evaluate_job
from vidsharp.jobs.tools.benchmark_job import BenchmarkConfig, BenchmarkResult, WorkerLostError, benchmark
from vidsharp.models.errors import ModelError
from vidsharp.models.nets import catalogue, look
from vidsharp.models.nets.catalogue import WEIGHTS
from vidsharp.models.nets.chroma_choice import Chroma
from vidsharp.models.nets.look import at_looks
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.ownership import MARK, NotOursError
from vidsharp.reports.evaluation.benchmark_tables import ROW_COLUMNS
from vidsharp.reports.run.tables import from_parquet, rows
from vidsharp.training.benchmark.run_source import SourceTask
from vidsharp.training.benchmark.sources import BenchmarkSource
from vidsharp.training.errors import DataError
from vidsharp.training.teachers import realesrgan

from tests.support import processes
from tests.support.students import two_looks
from tests.training.benchmark import toy

LEVELS = ("light", "sharp")


def without_extras(patch: pytest.MonkeyPatch, chosen: Sequence[BenchmarkSource]) -> None:
    """As where no extra is installed, over a list of sources of the test's own."""
    patch.setattr(benchmark_job, "benchmark_sources", lambda: tuple(chosen))
    patch.setattr(evaluate_job, "vmaf_ffmpeg", lambda: None)
    patch.setattr(evaluate_job, "can_read", lambda: False)
    patch.setattr(realesrgan, "shipped_files", lambda: None)


@contextmanager
def here(_: int) -> Iterator[Executor]:
    """Instead of a pool of processes: a thread."""
    before = torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        yield pool
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Ran:
    """A run of the whole benchmark, over two sources and a process of its own."""

    config: BenchmarkConfig
    sources: tuple[BenchmarkSource, ...]
    result: BenchmarkResult
    said: list[str]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("benchmark")
    sources = toy.clip(folder / "data"), toy.screen()
    said: list[str] = []
    config = BenchmarkConfig(folder / "data", folder / "deep" / "out", ("fast",), LEVELS, workers=1)
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("vidsharp")
    log.addHandler(handler)
    with pytest.MonkeyPatch.context() as patch:
        without_extras(patch, sources)
        result = benchmark(config)
    log.removeHandler(handler)
    return Ran(config, sources, result, said)


def test_tables_page_and_text_say_the_same(ran: Ran) -> None:
    out, result = ran.config.out, ran.result
    assert {path.name for path in out.iterdir()} == {
        "benchmark.parquet", "words.parquet", "sources.csv", "windows.csv", "summary.csv", "windows_summary.csv",
        "claims.csv", "floors.csv", "hard_words.csv", "by_keyframe.csv", "by_switch.csv", "by_height.csv",
        "inputs.json", "lines.json", "summary.md", "index.html", "sources", MARK,
    }  # fmt: skip
    items = from_parquet((out / "benchmark.parquet").read_bytes(), ROW_COLUMNS)
    methods = ["identity", "unsharp", "cas", "fast"]
    assert list(dict.fromkeys(items["method"]))[:4] == methods
    count = items["method"].nunique()
    assert len(items) == len(ran.sources) * len(LEVELS) * 16 * count
    assert list(dict.fromkeys(result.sources["source"])) == ["drift", "made"]
    assert list(dict.fromkeys(result.summary["group"])) == ["all", "motion", "screens"]
    (fast,) = [r for r in rows(result.summary) if (r["group"], r["level"], r["method"]) == ("all", "light", "fast")]
    assert fast["sources"] == 2
    for text in ((out / "summary.md").read_text(), (out / "index.html").read_text()):
        assert f"{fast['ssim_gain']:+.4f}" in text
        assert result.inputs[:16] in text
    assert (out / "summary.md").read_text() == result.text
    inputs = json.loads((out / "inputs.json").read_text())
    assert inputs.pop("all") == result.inputs == hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    assert {source: tuple(found) for source, found in inputs.items()} == dict.fromkeys(
        ("drift", "made"), ("light/0", "sharp/0")
    )
    lines = json.loads((out / "lines.json").read_text())
    assert lines["drift"]["light/0"]["level"] == "light"


def test_each_extra_that_is_missing_is_one_sentence_and_its_columns_are_null(ran: Ran) -> None:
    assert [s for s in ran.said if "pip install" in s] == [
        "Real-ESRGAN is left out: pip install 'vidsharp[realesrgan]'",
        "VMAF, VMAF-NEG and XPSNR are left out: pip install 'vidsharp[vmaf]'",
        "words are not read: pip install 'vidsharp[ocr]'",
    ]
    for name in ("vmaf", "vmaf_neg", "xpsnr_db", "words_right"):
        assert set(ran.result.sources[name].isna()) == {True}
    assert set(ran.result.sources["psnr_chroma_db"].isna()) == {False}
    assert rows(ran.result.claimed) == []
    assert (ran.config.out / "windows.csv").read_text().count("\n") == 1


def test_a_run_that_stopped_goes_on_and_comes_to_the_same(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    without_extras(monkeypatch, ran.sources)
    monkeypatch.setattr(benchmark_job, "_pool", here)
    out = ran.config.out
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    kept = (out / "sources" / "drift.json").stat().st_mtime_ns
    (out / "sources" / "made.json").unlink()
    (out / "summary.csv").unlink()
    caplog.set_level(logging.INFO, "vidsharp")
    logging.getLogger("vidsharp").propagate = True
    again = benchmark(ran.config)
    assert "1 of 2 sources were measured before" in caplog.text
    assert "made: measured, 1 of 1" in caplog.text
    assert (out / "sources" / "drift.json").stat().st_mtime_ns == kept
    pd.testing.assert_frame_equal(again.sources, ran.result.sources)
    pd.testing.assert_frame_equal(again.summary, ran.result.summary)
    assert (again.inputs, again.text) == (ran.result.inputs, ran.result.text)
    made = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
    for name, content in before.items():
        assert made.sub(b"", (out / name).read_bytes()) == made.sub(b"", content), name


def test_what_is_kept_is_used_only_for_the_same_question(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    without_extras(monkeypatch, ran.sources)
    (task, other) = benchmark_job._tasks(ran.config, ran.sources)
    key = benchmark_job._key(task)
    assert json.loads((ran.config.out / "sources" / "drift.json").read_text())["key"] == key
    assert benchmark_job._key(replace(task, data=Path("elsewhere"), out=Path("moved"))) == key
    changes: list[dict[str, Any]] = [
        {"levels": ("light",)}, {"seeds": 2}, {"vmaf": True}, {"words": True}, {"realesrgan": True},
        {"students": at_looks(["balanced"])}, {"students": at_looks(["fast", "balanced"])},
        {"source": replace(task.source, start=1)},
    ]  # fmt: skip
    assert len({key, benchmark_job._key(other), *(benchmark_job._key(replace(task, **c)) for c in changes)}) == 10


def test_what_was_kept_before_more_was_measured_is_measured_again(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    without_extras(monkeypatch, ran.sources)
    monkeypatch.setattr(benchmark_job, "_pool", here)
    monkeypatch.setattr(benchmark_job, "MEASURES", benchmark_job.MEASURES - 1)
    (task, _) = benchmark_job._tasks(ran.config, ran.sources)
    path = ran.config.out / "sources" / "drift.json"
    result = json.loads(path.read_bytes())
    assert all(row["detail_sharp"] > 0 for row in result["rows"])
    bare = [{k: v for k, v in row.items() if not k.startswith("detail")} for row in result["rows"]]
    path.write_text(json.dumps({**result, "key": benchmark_job._key(task), "rows": bare}))
    monkeypatch.setattr(benchmark_job, "MEASURES", benchmark_job.MEASURES + 1)
    again = benchmark(ran.config)
    pd.testing.assert_frame_equal(again.sources, ran.result.sources)


def test_a_kept_result_that_is_damaged_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert benchmark_job._kept(path, "k") is None
    for content in (b"", b'{"key": "k"', b'["k"]', b'{"key": "other"}', b"\xff"):
        path.write_bytes(content)
        assert benchmark_job._kept(path, "k") is None
    path.write_bytes(b'{"key": "k", "rows": []}')
    assert benchmark_job._kept(path, "k") == {"key": "k", "rows": []}


def test_students_of_earlier_versions_are_measured_unless_they_still_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_extras(monkeypatch, [toy.screen()])
    monkeypatch.setattr(catalogue, "EARLIER", tmp_path)
    (tmp_path / "fast-0.1.safetensors").write_bytes((WEIGHTS / "fast.safetensors").read_bytes())
    (tmp_path / "balanced-0.1.safetensors").write_bytes(b"other weights")
    config = BenchmarkConfig(tmp_path, tmp_path / "out", ("fast", "fast"))
    (task,) = benchmark_job._tasks(config, [toy.screen()])
    assert (task.students, task.earlier) == (at_looks(["fast"]), ("balanced-0.1",))


def test_restored_chroma_is_part_of_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_extras(monkeypatch, [toy.screen()])

    def key(chroma: Chroma | None) -> str:
        (task,) = benchmark_job._tasks(BenchmarkConfig(tmp_path, tmp_path, chroma=chroma), [toy.screen()])
        assert task.students == at_looks(["fast", "balanced"], [], chroma)
        return benchmark_job._key(task)

    assert key("keep") == key(None) != key("restore")
    with pytest.raises(ModelError, match="'reference' makes colour itself"):
        benchmark(BenchmarkConfig(tmp_path, tmp_path / "out", ("fast", "reference"), chroma="restore"))
    assert not (tmp_path / "out").exists()


def test_looks_are_methods_and_part_of_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_extras(monkeypatch, [toy.screen()])
    two = two_looks(tmp_path / "two.safetensors")

    def key(*looks: float, model: str = two) -> str:
        (task,) = benchmark_job._tasks(BenchmarkConfig(tmp_path, tmp_path, (model,), looks=looks), [toy.screen()])
        assert task.students == at_looks([model], looks)
        return benchmark_job._key(task)

    asked = [(), (0.0,), (1.0,), (0.5,), (0.0, 1.0)]
    assert len({key(*looks) for looks in asked}) == len(asked), "also where only the method's name differs"
    by_default = key()
    monkeypatch.setattr(look, "DEFAULT_LOOK", 0.25)
    assert key() != by_default
    assert (key(model="fast"), key(0.5)) != (by_default, by_default)
    with pytest.raises(ModelError, match=r"The student 'fast-0\.1' has one look"):
        benchmark(BenchmarkConfig(tmp_path, tmp_path / "out", (two, "fast-0.1"), looks=(0.0, 1.0)))
    assert not (tmp_path / "out").exists()


def test_only_videos_of_the_chosen_sources_are_linked(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for name in ("drift-medium.mp4", "gone-medium.mp4", "made-light.mp4", "made-heavy.mp4"):
        (tmp_path / "videos" / name).touch()
    assert benchmark_job._videos(tmp_path, ran.sources) == ["drift-medium.mp4", "made-heavy.mp4"]


def test_a_process_that_is_ended_from_outside_is_one_sentence(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    without_extras(monkeypatch, ran.sources)
    monkeypatch.setattr(benchmark_job, "begin_worker", processes.begins)
    monkeypatch.setattr(benchmark_job, "measure_task", processes.dies)
    tasks = benchmark_job._tasks(replace(ran.config, seeds=2), ran.sources)
    with pytest.raises(WorkerLostError, match="give the same command again with fewer --workers"):
        list(benchmark_job._measured(tasks, 1))


def test_an_interrupt_does_not_wait_for_sources_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_job, "begin_worker", processes.begins)
    others = multiprocessing.active_children()

    def interrupted() -> None:
        with benchmark_job._pool(1) as pool:
            waiting = pool.submit(processes.sleeps, tmp_path / "begun")
            while not (tmp_path / "begun").exists():
                assert not waiting.done(), waiting.exception()
                time.sleep(0.02)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [each for each in multiprocessing.active_children() if each not in others] == []


def test_an_error_of_a_source_is_the_commands_error(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(task: SourceTask) -> dict[str, Any]:
        raise DataError(f"{task.source.name} does not decode.")

    without_extras(monkeypatch, ran.sources)
    monkeypatch.setattr(benchmark_job, "_pool", here)
    monkeypatch.setattr(benchmark_job, "measure_task", fails)
    with pytest.raises(DataError, match="does not decode"):
        benchmark(replace(ran.config, out=tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").rglob("*.*")] == [MARK]


def test_wrong_requests_end_before_any_work(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_extras(monkeypatch, ran.sources)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"levels": ("awful",)}, "--levels 'awful' is not known; accepted are light"),
        ({"groups": ("cats",)}, "--groups 'cats' is not known; accepted are faces, rooms, screens, motion"),
        ({"seeds": 0}, "--seeds 0 is too few"),
        ({"workers": 0}, "--workers 0 is too few"),
        ({"models": ()}, "--model"),
        ({"looks": (0.5, 2.0)}, "--look 2 is out of range"),
        ({"chroma": "mend"}, "--chroma 'mend' is not known"),
    ]
    out = tmp_path / "out"
    for change, said in wrong:
        with pytest.raises(UsageError, match=said):
            BenchmarkConfig(tmp_path, out, **change)
    with pytest.raises(ModelError, match="no model 'fastest'"):
        benchmark(replace(ran.config, out=out, models=("fastest",)))
    with pytest.raises(DataError, match="lacks 1 of the benchmark's files"):
        benchmark(replace(ran.config, out=out, data=tmp_path))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        benchmark(replace(ran.config, out=tmp_path / "file" / "below"))
    assert not out.exists()


def test_files_that_no_benchmark_made_are_not_replaced(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_extras(monkeypatch, ran.sources)
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(NotOursError, match=r"index\.html"):
        benchmark(replace(ran.config, out=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "mine"


def test_every_file_that_is_written_is_declared(ran: Ran) -> None:
    assert {path.name for path in ran.config.out.iterdir()} == {*benchmark_job.FILES, MARK} - {"videos"}


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--benchmark"], "--benchmark needs --out"),
        (["--benchmark", "--out", "o", "--groups", "faces,cats"], "--groups 'cats' is not known"),
        (["--benchmark", "--out", "o", "--levels", "awful"], "--levels 'awful' is not known"),
        (["--benchmark", "--out", "o", "--seeds", "0"], "--seeds 0 is too few"),
        (["--benchmark", "--out", "o", "--frames", "24"], "--frames does not go with --benchmark"),
        (["--benchmark", "--out", "o", "--exclude", "x"], "--exclude does not go with --benchmark"),
        (["--benchmark", "--out", "o"], "lacks"),
        (["--seeds", "0"], "go with --benchmark"),
        (["--no-realesrgan"], "go with --benchmark"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(tmp_path: Path, options: list[str], said: str) -> None:
    options = [str(tmp_path / "o") if option == "o" else option for option in options]
    ended = command("evaluate", tmp_path, *options)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("vidsharp: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_the_command_passes_its_options_on(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[BenchmarkConfig] = []

    def stands_in(config: BenchmarkConfig) -> BenchmarkResult:
        asked.append(config)
        return ran.result

    monkeypatch.setattr(benchmark_job, "benchmark", stands_in)
    ended = command(
        "evaluate", tmp_path, "--benchmark", "--out", tmp_path / "o", "--groups", "faces, motion", "--levels", "light",
        "--seeds", "2", "--workers", "3", "--no-realesrgan", "--model", "balanced",
    )  # fmt: skip
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == f"{ran.result.text}page: {ran.result.page}\n"
    assert command("evaluate", tmp_path, "--benchmark", "--out", tmp_path / "o").exit_code == 0
    assert asked == [
        BenchmarkConfig(
            tmp_path, tmp_path / "o", ("balanced",), ("light",), ("faces", "motion"), 2, 3, realesrgan=False
        ),
        BenchmarkConfig(tmp_path, tmp_path / "o"),
    ]
