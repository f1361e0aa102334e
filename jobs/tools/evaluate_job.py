"""The evaluation as a job: from a folder of images or clips to tables and a page on disk."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ...models.nets.chroma_choice import Chroma
from ...models.nets.look import at_looks, named_at
from ...models.wording import counted
from ...pipeline.atomic import make_folder, write_atomically
from ...pipeline.ownership import MARK, mark_made, refuse_others
from ...reports.evaluation.evaluation_page import PictureStrip, evaluation_page
from ...reports.evaluation.evaluation_tables import ITEM_COLUMNS, by_source, summarise, summary_markdown
from ...reports.metrics.screen_reader import can_read, read_lines
from ...reports.metrics.vmaf import vmaf_ffmpeg
from ...reports.metrics.words import Reader
from ...reports.run.tables import csv_bytes, parquet_bytes, table
from ...reports.templates.picture_uri import picture_uri
from ...training.evaluation.evaluate import Row, measure
from ...training.evaluation.evaluation_pictures import ALL_LEVELS
from ...training.evaluation.evaluation_sources import PairSequence, find_sources
from ...training.evaluation.methods import methods
from ...training.evaluation.strip import Strip
from ..config import UsageError, check_chroma, check_looks
from ..files.clips import printable
from ..interrupts import raise_if_interrupted
from ..recording_suffixes import RECORDING_SUFFIXES

log = logging.getLogger("vidsharp")

FILES = ("evaluation.csv", "evaluation.parquet", "sources.csv", "summary.csv", "summary.md", "index.html")
"""What is written to the output folder."""


@dataclass(frozen=True)
class EvaluateConfig:
    """Everything `vidsharp evaluate` takes; the defaults are the command's.

    Raises:
        UsageError: a value out of range.
    """

    data: Path
    """As `find_sources` takes it."""
    models: tuple[str, ...] = ("fast",)
    """Shipped students' names, and checkpoint files."""
    out: Path | None = None
    """Where tables and page go; None writes nothing."""
    levels: tuple[str, ...] = ()
    """How clips are made soft; empty: `ALL_LEVELS`."""
    frames: int = 24
    """Of each clip, the first so many frames are made soft."""
    every: int = 8
    """Of these, one in so many is measured."""
    exclude: tuple[str, ...] = ()
    """Patterns of the names of clips or sequences to leave out."""
    threads: int | None = None
    """CPU threads; None: torch's choice."""
    device: str = "auto"
    overwrite: bool = False
    """Replaces files in `out` that no evaluation made."""
    looks: tuple[float, ...] = ()
    """Of each student, 0 (natural) to 1 (crisp): a method each; empty: its own default."""
    chroma: Chroma | None = None
    """What each student does to chroma; None: its own default."""

    def __post_init__(self) -> None:
        if not self.models:
            raise UsageError("name at least one --model")
        check_looks(self.looks)
        check_chroma(self.chroma)
        for level in self.levels:
            if level not in ALL_LEVELS:
                raise UsageError(f"--levels {level!r} is not known; accepted are {', '.join(ALL_LEVELS)}")
        for name in ("frames", "every", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name} {value} is too few: at least 1")


@dataclass(frozen=True)
class EvaluateResult:
    """The outcome of an evaluation."""

    items: pd.DataFrame
    """`ITEM_COLUMNS`: a row for each picture, level and method."""
    sources: pd.DataFrame
    """`SOURCE_COLUMNS`: a row for each source, level and method."""
    summary: pd.DataFrame
    """`SUMMARY_COLUMNS`: a row for each level and method."""
    page: Path | None
    """The page, where an output folder was named."""

    @property
    def markdown(self) -> str:
        """The summary as a table."""
        return summary_markdown(self.summary)


def evaluate(config: EvaluateConfig) -> EvaluateResult:
    """Measures students beside doing nothing, unsharp mask and CAS; writes `evaluation.{csv,parquet}`, `sources.csv`,
    `summary.{csv,md}` and `index.html`.

    Raises:
        UsageError: levels were named, but the data is image pairs.
        DataError: as `find_sources`, or a picture cannot be decoded.
        ModelError, CheckpointError, DeviceError: as `Enhancer`.
        NotOursError: one of these files is there, and no evaluation made it.
        OutputError: the output folder cannot be written.
    """
    found = find_sources(config.data, RECORDING_SUFFIXES, config.exclude)
    pairs = isinstance(found[0], PairSequence)
    if pairs and config.levels:
        raise UsageError(f"--levels is for clips, but '{config.data}' holds image pairs, which are soft as recorded")
    students = at_looks(config.models, config.looks, config.chroma)
    compared = methods(students, device=config.device, threads=config.threads)
    vmaf, reader = vmaf_at_hand(), reader_at_hand()
    if config.out is not None:
        refuse_others(config.out / MARK, FILES, "evaluate", overwrite=config.overwrite)
        make_folder(config.out)
    items: list[dict[str, object]] = []
    strips: list[PictureStrip] = []
    for number, source in enumerate(found, start=1):
        raise_if_interrupted()
        log.info("%s: measuring, %d of %d", source.name, number, len(found))
        measured = measure(
            source, compared, config.levels or ALL_LEVELS, config.frames, config.every, vmaf=vmaf, reader=reader
        )
        items += map(item_of, measured.rows)
        if config.out is not None:
            strips.append(_encoded(measured.strip))
    rows = table(items, ITEM_COLUMNS)
    sources = by_source(rows)
    summary = summarise(sources)
    if config.out is None:
        return EvaluateResult(rows, sources, summary, None)
    page = evaluation_page(rows, sources, summary, strips, _about(config, len(found), pairs=pairs))
    contents = (
        csv_bytes(rows),
        parquet_bytes(rows),
        csv_bytes(sources),
        csv_bytes(summary),
        summary_markdown(summary).encode("utf-8", "backslashreplace"),
        page.encode("utf-8", "backslashreplace"),
    )
    files: Mapping[str, bytes] = dict(zip(FILES, contents, strict=True))
    mark_made(config.out / MARK, "evaluate", files)
    for name, content in files.items():
        write_atomically(config.out / name, content)
    return EvaluateResult(rows, sources, summary, config.out / "index.html")


def vmaf_at_hand() -> bool:
    """Whether VMAF can be measured; says in a sentence what is missing."""
    if vmaf_ffmpeg() is None:
        log.warning("VMAF, VMAF-NEG and XPSNR are left out: pip install 'vidsharp[vmaf]'")
    return vmaf_ffmpeg() is not None


def reader_at_hand() -> Reader | None:
    """The reader of words, where it is installed; says in a sentence what is missing."""
    if can_read():
        return read_lines
    log.warning("words are not read: pip install 'vidsharp[ocr]'")
    return None


def item_of(row: Row) -> dict[str, object]:
    """A row of `ITEM_COLUMNS`."""
    counted = {} if row.words is None else asdict(row.words)
    return {
        "source": printable(row.source),
        "item": printable(row.item),
        "level": row.level,
        "method": row.method,
        **asdict(row.figures),
        "words": counted.get("words"),
        "words_right": counted.get("right"),
        "words_wrong": counted.get("wrong"),
    }


def _encoded(strip: Strip) -> PictureStrip:
    """Pictures as they lie in the page: raw ones of many sources would fill the memory."""
    pictures = {name: picture_uri(picture) for name, picture in strip.pictures.items()}
    return PictureStrip(printable(strip.source), strip.level, printable(strip.item), pictures)


def _about(config: EvaluateConfig, count: int, *, pairs: bool) -> dict[str, str]:
    if pairs:
        what = f"{counted(count, 'sequence')} of image pairs, every pair"
    else:
        seen = f"first {config.frames} frames of each" if config.frames > 1 else "first frame of each"
        what = f"{counted(count, 'sharp clip')} made soft, {seen}, one in {config.every} measured"
    return {
        "data": f"{printable(config.data.resolve().name)}: {what}",
        "models": ", ".join(
            printable(named_at(*each)) for each in at_looks(config.models, config.looks, config.chroma)
        ),
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, vidsharp {version('vidsharp')}",
    }
