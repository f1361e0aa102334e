"""The page of a benchmark: one HTML file that needs no network and runs no script."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..run.tables import rows
from ..templates.page_template import page_template
from .benchmark_tables import ALL, HYPOTHESES
from .curve_plot import curve_plot
from .evaluation_tables import CLASSIC, IDENTITY, gain_of

PICTURES_MAX_BYTES = 6_000_000
"""For all crops together, so that the page can still be mailed."""
JUDGED = "fast"
"""The method whose worst sources are shown first."""


@dataclass(frozen=True)
class BenchmarkStrip:
    """Crops of one picture of a source beside each other."""

    source: str
    group: str
    level: str
    item: str
    pictures: Mapping[str, str]
    """`sharp`, `input`, then the methods by name: data URIs."""


@dataclass(frozen=True)
class _Column:
    """A figure of the summary: input as it is, methods by what they gain."""

    title: str
    of: str
    form: str
    """Of gains."""
    plain: str
    """Of the input's figure."""
    better: int = 1
    """1: more is better; −1: less is; 0: neither."""
    as_it_is: bool = False
    """Methods show the figure itself, too, and not their gain."""

    @property
    def gain(self) -> str:
        """The column that methods are shown by."""
        return self.of if self.as_it_is else gain_of(self.of)


_COLUMNS = (
    _Column("PSNR, dB", "psnr_db", "%+.2f", "%.2f"),
    _Column("SSIM", "ssim", "%+.4f", "%.4f"),
    _Column("chroma, dB", "psnr_chroma_db", "%+.2f", "%.2f"),
    _Column("VMAF-NEG", "vmaf_neg", "%+.2f", "%.1f"),
    _Column("VMAF", "vmaf", "%+.2f", "%.1f"),
    _Column("XPSNR, dB", "xpsnr_db", "%+.2f", "%.2f"),
    _Column("words right", "words_right", "%+.3f", "%.3f"),
    _Column("words wrong", "words_wrong", "%+.3f", "%.3f", better=-1),
    _Column("detail kept", "detail_kept", "%.3f", "%.3f", better=0, as_it_is=True),
    _Column("detail kept: gain, %", "detail_kept", "%+.1f", "%.0s–"),
    _Column("detail energy", "detail_energy", "%.3f", "%.3f", better=0, as_it_is=True),
    _Column("pumping, %", "pumping_pct", "%.1f", "%.1f", better=0, as_it_is=True),
    _Column("flicker", "flicker", "%.3f", "%.3f", better=0, as_it_is=True),
    _Column("PSNR swing, dB", "psnr_swing_db", "%.2f", "%.2f", better=0, as_it_is=True),
)


def benchmark_page(
    sources: pd.DataFrame,
    summary: pd.DataFrame,
    beside: pd.DataFrame,
    claimed: pd.DataFrame,
    below: pd.DataFrame,
    hard: pd.DataFrame,
    curves: Mapping[str, pd.DataFrame],
    strips: Sequence[BenchmarkStrip],
    looks: Sequence[BenchmarkStrip],
    videos: Sequence[str],
    about: Mapping[str, str],
) -> str:
    """The page as HTML.

    Args:
        sources, summary, claimed, below, curves: tables as `benchmark_tables` makes them.
        hard: the table of hard words.
        beside: the summary of the windows; empty where Real-ESRGAN was not run.
        strips: shown worst first until `PICTURES_MAX_BYTES` is reached.
        looks: crops of real recordings that have no original; all are shown.
        videos: file names in `videos/` beside the page.
        about: `version`, `sources`, `inputs` and `made`.
    """
    lines = rows(summary)
    methods = dict.fromkeys(line["method"] for line in lines)
    shown, left_out = _worst_first(strips, sources)
    return page_template("benchmark.html.j2", {"groupby_order": _groups}).render(
        about=about,
        summary=lines,
        beside=[line for line in rows(beside) if line["group"] == ALL],
        claims=rows(claimed),
        floors=rows(below),
        hard=rows(hard),
        columns=[c for c in _COLUMNS if any(line[c.of] is not None for line in lines)],
        trained=[name for name in methods if name not in (*CLASSIC, IDENTITY)],
        curves=[
            curve_plot(curves["keyframe"], "PSNR gain by pictures since a keyframe, dB", "medium"),
            curve_plot(curves["switch"], "PSNR gain by pictures since a change of size, dB", "switching"),
            curve_plot(curves["height"], "Words read right by their height in pixels, medium", "medium"),
            curve_plot(curves["height"], "Words read right by their height in pixels, heavy", "heavy"),
        ],
        strips=shown,
        left_out=left_out,
        looks=looks,
        judged=JUDGED,
        videos=videos,
        declared=len(HYPOTHESES),
        everything=ALL,
        identity=IDENTITY,
    )


def _groups(lines: Iterable[Mapping[str, Any]], name: str) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """(value, rows) by the value of a column, in the order in which values appear."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        found.setdefault(line[name], []).append(line)
    return list(found.items())


def _worst_first(strips: Sequence[BenchmarkStrip], sources: pd.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """What fits of the strips, and how many do not."""
    gains = {(r["source"], r["level"]): r["vmaf_neg_gain"] for r in rows(sources) if r["method"] == JUDGED}
    marked = [{**vars(strip), "gain": gains.get((strip.source, strip.level))} for strip in strips]
    ordered = sorted(marked, key=lambda strip: (strip["gain"] is None, strip["gain"] or 0.0))
    shown, used = [], 0
    for strip in ordered:
        used += sum(map(len, strip["pictures"].values()))
        if used > PICTURES_MAX_BYTES:
            break
        shown.append(strip)
    return shown, len(ordered) - len(shown)
