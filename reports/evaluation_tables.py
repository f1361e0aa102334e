"""The tables of an evaluation: for each picture, for each source, and the means over sources with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .markdown import markdown_table
from .statistics import bootstrap_interval
from .tables import rows, table

IDENTITY = "identity"
"""The method that does nothing; gains are over it."""
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
    "words": "Int64",
    "words_right": "Int64",
    "words_wrong": "Int64",
}
"""One row for each picture, level and method; `change` is the mean |x_t − x_{t−1}| of luma, in codes. Of the `words`
that stand in a picture, so many are read right and wrong (`words.py`); the rest is missed. What was not measured is
null."""

_LEVELS_OF = ("psnr_db", "ssim", "psnr_chroma_db", "vmaf", "vmaf_neg", "xpsnr_db")
"""What is compared with doing nothing."""


def gain_of(name: str) -> str:
    """The column of a figure's gain over doing nothing: `psnr_db` → `psnr_gain_db`, `ssim` → `ssim_gain`."""
    return f"{name.removesuffix('_db')}_gain{'_db' if name.endswith('_db') else ''}"


SOURCE_COLUMNS: Mapping[str, str] = {
    "source": "string",
    "level": "string",
    "method": "string",
    **dict.fromkeys(_LEVELS_OF, "Float64"),
    **{gain_of(name): "Float64" for name in _LEVELS_OF},
    "flicker": "Float64",
    "psnr_swing_db": "Float64",
    "words": "Int64",
    "words_right": "Float64",
    "words_wrong": "Float64",
    "words_right_gain": "Float64",
    "words_wrong_gain": "Float64",
}
"""One row for each source, level and method: means over its pictures, gains over doing nothing,
flicker = Σ change / Σ change_sharp, which is null for images and where the sharp original stands still (`STILL`), and
psnr_swing_db, the best picture's PSNR less the worst one's. `words_right` and `words_wrong` are shares of `words`."""

Row = dict[str, Any]
_Key = tuple[str, str, str]
"""Source, level, method."""
_SHARES = ("words_right", "words_wrong")
_GAINS = (*map(gain_of, _LEVELS_OF), *(f"{name}_gain" for name in _SHARES))
_MEASURES = (*_LEVELS_OF, *_GAINS, "flicker", "psnr_swing_db", *_SHARES)
SUMMARY_COLUMNS: Mapping[str, str] = {
    "level": "string",
    "method": "string",
    "sources": "Int64",
    **{f"{name}{part}": "Float64" for name in _MEASURES for part in ("", "_low", "_high")},
    "steady": "Int64",
    "timed": "Int64",
}
"""One row for each level and method: means over sources, and the ends of a 95 % bootstrap interval over sources (null
for fewer than two). Of `timed` sources that have a flicker, `steady` keep it within `STEADY`; null for `CALLS`."""


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
        gains = {gain_of(name): _less(mean[name], base[name]) for name in _LEVELS_OF}
        gains |= {f"{name}_gain": _less(mean[name], base[name]) for name in _SHARES}
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
    }


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


def _means_of_calls(means: Mapping[_Key, Row]) -> dict[_Key, Row]:
    calls: dict[_Key, list[Row]] = {}
    if set(CALL_LEVELS) <= {level for _, level, _ in means}:
        for (source, level, method), mean in means.items():
            if level in CALL_LEVELS:
                calls.setdefault((source, CALLS, method), []).append(mean)
    named = (*_LEVELS_OF, "flicker", "psnr_swing_db", *_SHARES)
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
    lines: list[Row] = []
    for (level, method), group in groups.items():
        line: Row = {"level": level, "method": method, "sources": len(group), **_means(group, *_MEASURES)}
        for name in _MEASURES:
            values = np.array([row[name] for row in group if row[name] is not None])
            line[f"{name}_low"], line[f"{name}_high"] = bootstrap_interval(values, seed, draws)
        if level != CALLS:  # a mean within the bound may hide a level beyond it
            flicker = [row["flicker"] for row in group if row["flicker"] is not None]
            line |= {"steady": sum(value <= STEADY for value in flicker), "timed": len(flicker)}
        lines.append(line)
    return table(lines, SUMMARY_COLUMNS)


_WHERE_MEASURED = (
    ("chroma gain dB", "psnr_chroma_gain_db", "+.2f"),
    ("VMAF-NEG gain", "vmaf_neg_gain", "+.2f"),
    ("VMAF gain", "vmaf_gain", "+.2f"),
    ("XPSNR gain dB", "xpsnr_gain_db", "+.2f"),
    ("words right", "words_right_gain", "+.3f"),
    ("words wrong", "words_wrong_gain", "+.3f"),
)
"""Columns of a summary that are shown where they were measured."""


def summary_markdown(summary: pd.DataFrame) -> str:
    """The summary as a Markdown table; the columns on flicker only where it was measured."""
    timed = any(row["flicker"] is not None for row in rows(summary))
    header = ["level", "method", "PSNR dB", "SSIM", "PSNR gain dB [95 %]", "SSIM gain [95 %]"]
    more = [
        (title, name, form)
        for title, name, form in _WHERE_MEASURED
        if any(row[name] is not None for row in rows(summary))
    ]
    header += [f"{title} [95 %]" for title, _, _ in more]
    header += ["flicker [95 %]", "steady"] if timed else []
    lines: list[Sequence[str]] = []
    for row in rows(summary):
        cells = [row["level"], row["method"], f"{row['psnr_db']:.2f}", f"{row['ssim']:.4f}"]
        gained = row["method"] != IDENTITY
        for name, form in (("psnr_gain_db", "+.3f"), ("ssim_gain", "+.4f")):
            cells.append(with_interval(row, name, form) if gained else "–")
        cells += [with_interval(row, name, form) if gained else "–" for _, name, form in more]
        if timed:
            steady = f"{row['steady']}/{row['timed']}" if row["timed"] else "–"
            cells += [with_interval(row, "flicker", ".3f"), steady]
        lines.append(cells)
    return markdown_table(header, lines, text_columns=2)


def with_interval(row: Mapping[str, Any], name: str, form: str) -> str:
    """A measure of a summary's row with its interval, e.g. `+0.62 [+0.10, +1.04]`; `–` where it is null."""
    if row[name] is None:
        return "–"
    mean, low, high = (row[f"{name}{part}"] for part in ("", "_low", "_high"))
    return f"{mean:{form}}" + ("" if low is None else f" [{low:{form}}, {high:{form}}]")
