"""The tables of an evaluation: for each picture, for each source, and the means over sources with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..metrics.statistics import bootstrap_interval, bootstrap_ratio
from ..run.tables import rows, table
from ..templates.markdown import markdown_table

IDENTITY = "identity"
"""The method that does nothing; gains are over it."""
CLASSIC = ("unsharp", "cas")
"""The methods that nobody trained."""
CALLS = "calls"
CALL_LEVELS = ("light", "medium", "heavy")
"""Where all three were measured, their mean is given as one more level, `CALLS`."""
STILL = 0.1
"""Where the sharp original changes by less than so many codes from picture to picture, a ratio to it would tell of an
encoder's noise alone."""
STEADY = 1.05
"""The output may change over time by so much more than the sharp original."""

ITEM_COLUMNS: Mapping[str, str] = {
    "source": "string",
    "item": "string",
    "level": "string",
    "method": "string",
    "psnr_db": "Float64",
    "ssim": "Float64",
    "psnr_chroma_db": "Float64",
    "vmaf": "Float64",
    "vmaf_neg": "Float64",
    "xpsnr_db": "Float64",
    "change": "Float64",
    "change_sharp": "Float64",
    "detail_product": "Float64",
    "detail_out": "Float64",
    "detail_sharp": "Float64",
    "words": "Int64",
    "words_right": "Int64",
    "words_wrong": "Int64",
}
"""One row for each picture, level and method; `change` is the mean |x_t − x_{t−1}| of luma, in codes; `detail_*` are
the sums of `detail.py`. Of the `words` that stand in a picture, so many are read right and wrong (`words.py`); the rest
is missed. What was not measured is null."""

_LEVELS_OF = ("psnr_db", "ssim", "psnr_chroma_db", "vmaf", "vmaf_neg", "xpsnr_db")
"""What is compared with doing nothing."""
_DETAIL = ("detail_kept", "detail_energy")
"""What is compared with doing nothing by its ratio: gains in %."""


def gain_of(name: str) -> str:
    """The column of a figure's gain over doing nothing: `psnr_db` → `psnr_gain_db`, `ssim` → `ssim_gain`."""
    stem, _, unit = name.rpartition("_")
    if name in _DETAIL:
        return f"{name}_gain_pct"
    return f"{stem}_gain_{unit}" if unit in ("db", "pct") else f"{name}_gain"


SOURCE_COLUMNS: Mapping[str, str] = {
    "source": "string",
    "level": "string",
    "method": "string",
    **dict.fromkeys(_LEVELS_OF, "Float64"),
    **{gain_of(name): "Float64" for name in _LEVELS_OF},
    "flicker": "Float64",
    "psnr_swing_db": "Float64",
    **dict.fromkeys(_DETAIL, "Float64"),
    **{gain_of(name): "Float64" for name in _DETAIL},
    "pumping_pct": "Float64",
    "pumping_gain_pct": "Float64",
    "words": "Int64",
    "words_right": "Float64",
    "words_wrong": "Float64",
    "words_right_gain": "Float64",
    "words_wrong_gain": "Float64",
}
"""One row for each source, level and method: means over its pictures, gains over doing nothing,
flicker = Σ change / Σ change_sharp, which is null for images and where the sharp original stands still (`STILL`), and
psnr_swing_db, the best picture's PSNR less the worst one's. `words_right` and `words_wrong` are shares of `words`.

`detail_kept` = Σ <L(out), L(sharp)> / Σ <L(sharp), L(sharp)> is 1 where all of the original's detail is there, and what
is invented does not count; `detail_energy` = Σ <L(out), L(out)> / Σ <L(sharp), L(sharp)> is above 1 where contrast of
detail exceeds the original's; their gains are in % of the input's. `pumping_pct` is how much sharpness comes and goes
from picture to picture: the most less the least of each picture's detail energy, in % of their mean (of clips alone);
its gain is in points."""

Row = dict[str, Any]
_Key = tuple[str, str, str]
"""Source, level, method."""
_SHARES = ("words_right", "words_wrong")
_DIFFERENCES = (*_LEVELS_OF, "pumping_pct", *_SHARES)
"""What is compared with doing nothing by its difference."""
_AS_THEY_ARE = ("flicker", "psnr_swing_db")
_MEASURES = (*_DIFFERENCES, *map(gain_of, _DIFFERENCES), *_AS_THEY_ARE, *_DETAIL)
SUMMARY_COLUMNS: Mapping[str, str] = {
    "level": "string",
    "method": "string",
    "sources": "Int64",
    **{f"{name}{part}": "Float64" for name in (*_MEASURES, *map(gain_of, _DETAIL)) for part in ("", "_low", "_high")},
    "detail_energy_most": "Float64",
    "steady": "Int64",
    "timed": "Int64",
}
"""One row for each level and method: means over sources, and the ends of a 95 % bootstrap interval over sources (null
for fewer than two). Gains in detail are ratios of means, so that a source whose input has hardly any does not outweigh
all others; `detail_energy_most` is that of the source that has most. Of `timed` sources that have a flicker, `steady`
keep it within `STEADY`; null for `CALLS`."""


def by_source(items: pd.DataFrame) -> pd.DataFrame:
    """Table of `SOURCE_COLUMNS` from one of `ITEM_COLUMNS`, in its order; the mean of the calls comes last."""
    groups: dict[_Key, list[Row]] = {}
    for row in rows(items):
        groups.setdefault((row["source"], row["level"], row["method"]), []).append(row)
    means = {key: _means_of_pictures(group) for key, group in groups.items()}
    means |= _means_of_calls(means)
    lines: list[Row] = []
    for (source, level, method), mean in means.items():
        base = means[source, level, IDENTITY]
        gains = {gain_of(name): _less(mean[name], base[name]) for name in _DIFFERENCES}
        gains |= {gain_of(name): _percent_more(mean[name], base[name]) for name in _DETAIL}
        lines.append({"source": source, "level": level, "method": method, **mean, **gains})
    return table(lines, SOURCE_COLUMNS)


def _means_of_pictures(group: Sequence[Row]) -> Row:
    timed = [(row["change"], row["change_sharp"]) for row in group if row["change"] is not None]
    change, change_sharp = (sum(column) for column in zip(*timed, strict=True)) if timed else (0, 0)
    psnrs = [row["psnr_db"] for row in group]
    return {
        **_means(group, *_LEVELS_OF),
        **_words(group),
        "flicker": change / change_sharp if change_sharp > STILL * len(timed) else None,
        "psnr_swing_db": max(psnrs) - min(psnrs) if len(psnrs) > 1 else None,
        **_detail(group),
        "pumping_pct": _pumping(group) if timed else None,
    }


def _detail(group: Sequence[Row]) -> Row:
    known = [row for row in group if row["detail_sharp"] is not None]
    product, out, sharp = (sum(row[f"detail_{name}"] for row in known) for name in ("product", "out", "sharp"))
    return dict.fromkeys(_DETAIL) if sharp == 0 else {"detail_kept": product / sharp, "detail_energy": out / sharp}


def _pumping(group: Sequence[Row]) -> float | None:
    """Peak to valley of the pictures' detail energy, in % of its mean; those whose original is flat are left out."""
    energy = [row["detail_out"] / row["detail_sharp"] for row in group if row["detail_sharp"]]
    mean = sum(energy) / len(energy) if len(energy) > 1 else 0
    return 100 * (max(energy) - min(energy)) / mean if mean else None


def _words(group: Sequence[Row]) -> Row:
    """How many words were looked for, and which shares of them were read right and wrong."""
    known = [row for row in group if row["words"]]
    words = sum(row["words"] for row in known)
    return {
        "words": words or None,
        **{name: sum(row[name] for row in known) / words if words else None for name in _SHARES},
    }


def _less(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base


def _percent_more(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None or base <= 0 else 100 * (value / base - 1)


def _means_of_calls(means: Mapping[_Key, Row]) -> dict[_Key, Row]:
    calls: dict[_Key, list[Row]] = {}
    if set(CALL_LEVELS) <= {level for _, level, _ in means}:
        for (source, level, method), mean in means.items():
            if level in CALL_LEVELS:
                calls.setdefault((source, CALLS, method), []).append(mean)
    named = (*_DIFFERENCES, *_AS_THEY_ARE, *_DETAIL)
    return {key: {**_means(group, *named), "words": group[0]["words"]} for key, group in calls.items()}


def _means(group: Sequence[Row], *names: str) -> Row:
    """Means over the rows that have a value; None where none has."""
    known = {name: [row[name] for row in group if row[name] is not None] for name in names}
    return {name: sum(values) / len(values) if values else None for name, values in known.items()}


def summarise(sources: pd.DataFrame, seed: int = 0, draws: int = 2000) -> pd.DataFrame:
    """Table of `SUMMARY_COLUMNS` from one of `SOURCE_COLUMNS`.

    Sources are what is drawn again: the pictures of one source resemble each other, and would make a mean look surer
    than it is.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows(sources):
        groups.setdefault((row["level"], row["method"]), []).append(row)
    inputs = {(row["source"], level): row for (level, method), of in groups.items() if method == IDENTITY for row in of}
    lines: list[Row] = []
    for (level, method), group in groups.items():
        line: Row = {"level": level, "method": method, "sources": len(group), **_means(group, *_MEASURES)}
        for name in _MEASURES:
            values = np.array([row[name] for row in group if row[name] is not None])
            line[f"{name}_low"], line[f"{name}_high"] = bootstrap_interval(values, seed, draws)
        for name in _DETAIL:
            line |= _gain_of_means(name, [(row, inputs[row["source"], level]) for row in group], seed, draws)
        line["detail_energy_most"] = max((e for row in group if (e := row["detail_energy"]) is not None), default=None)
        if level != CALLS:  # a mean within the bound may hide a level beyond it
            flicker = [row["flicker"] for row in group if row["flicker"] is not None]
            line |= {"steady": sum(value <= STEADY for value in flicker), "timed": len(flicker)}
        lines.append(line)
    return table(lines, SUMMARY_COLUMNS)


def _gain_of_means(name: str, pairs: Sequence[tuple[Row, Row]], seed: int, draws: int) -> Row:
    """The gain of a figure's mean over that of the input, in %, with its interval, as columns of a summary."""
    known = [(row[name], base[name]) for row, base in pairs if row[name] is not None and base[name] is not None]
    over, under = np.array(known, dtype=np.float64).reshape(-1, 2).T
    if under.sum() <= 0:
        return {}
    ends = bootstrap_ratio(over, under, seed, draws)
    low, high = (None if end is None else 100 * (end - 1) for end in ends)
    gain = gain_of(name)
    return {gain: 100 * float(over.sum() / under.sum() - 1), f"{gain}_low": low, f"{gain}_high": high}


_WHERE_MEASURED = (
    ("chroma gain dB", "psnr_chroma_gain_db", "+.2f"),
    ("VMAF-NEG gain", "vmaf_neg_gain", "+.2f"),
    ("VMAF gain", "vmaf_gain", "+.2f"),
    ("XPSNR gain dB", "xpsnr_gain_db", "+.2f"),
    ("detail kept gain %", "detail_kept_gain_pct", "+.1f"),
    ("words right", "words_right_gain", "+.3f"),
    ("words wrong", "words_wrong_gain", "+.3f"),
)
"""Gains that are shown where they were measured."""
_VALUES_WHERE_MEASURED = (
    ("detail kept", "detail_kept", ".3f"),
    ("detail energy", "detail_energy", ".3f"),
    ("pumping %", "pumping_pct", ".1f"),
    ("flicker", "flicker", ".3f"),
)
"""Figures that are shown as they are, of the input as well, where they were measured."""


def summary_markdown(summary: pd.DataFrame) -> str:
    """The summary as a Markdown table; without columns that were not measured."""

    def measured(columns: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        return [column for column in columns if any(row[column[1]] is not None for row in rows(summary))]

    gains, values = measured(_WHERE_MEASURED), measured(_VALUES_WHERE_MEASURED)
    timed = any(row["flicker"] is not None for row in rows(summary))
    header = ["level", "method", "PSNR dB", "SSIM", "PSNR gain dB [95 %]", "SSIM gain [95 %]"]
    header += [f"{title} [95 %]" for title, _, _ in (*gains, *values)]
    header += ["steady"] if timed else []
    lines: list[Sequence[str]] = []
    for row in rows(summary):
        cells = [row["level"], row["method"], f"{row['psnr_db']:.2f}", f"{row['ssim']:.4f}"]
        gained = row["method"] != IDENTITY
        for name, form in (("psnr_gain_db", "+.3f"), ("ssim_gain", "+.4f")):
            cells.append(with_interval(row, name, form) if gained else "–")
        cells += [with_interval(row, name, form) if gained else "–" for _, name, form in gains]
        cells += [with_interval(row, name, form) for _, name, form in values]
        if timed:
            cells.append(f"{row['steady']}/{row['timed']}" if row["timed"] else "–")
        lines.append(cells)
    return markdown_table(header, lines, text_columns=2)


def with_interval(row: Mapping[str, Any], name: str, form: str) -> str:
    """A measure of a summary's row with its interval, e.g. `+0.62 [+0.10, +1.04]`; `–` where it is null."""
    if row[name] is None:
        return "–"
    mean, low, high = (row[f"{name}{part}"] for part in ("", "_low", "_high"))
    return f"{mean:{form}}" + ("" if low is None else f" [{low:{form}}, {high:{form}}]")
