"""Writes the benchmark's tables into docs/students.md, between the marks of their sections.

    vidsharp evaluate DATA --benchmark --model fast --model balanced --look natural --look crisp --out DIR
    python -m benchmarks.quality.benchmark_table DIR

Rows of doing nothing show the input, all others the gain over it, with 95 % intervals over sources.
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from vidsharp.reports.evaluation.benchmark_tables import (
    ALL,
    ROW_COLUMNS,
    WHOLE,
    claims,
    claims_markdown,
    floors,
    source_table,
)
from vidsharp.reports.evaluation.evaluation_tables import CALL_LEVELS, CALLS, IDENTITY, with_interval
from vidsharp.reports.run.tables import from_parquet, rows
from vidsharp.reports.templates.markdown import markdown_table

from benchmarks.speed.performance_page import put

PAGE = Path(__file__).parents[2] / "docs" / "students.md"
WITH_INTERVALS = {"psnr_db": "+.2f", "ssim": "+.4f", "vmaf_neg": "+.1f"}
"""Gains that have room for their intervals, by figure, with their form."""
ALONE = {"vmaf": "+.1f", "xpsnr_db": "+.2f"}
INPUT = {"psnr_db": ".2f", "ssim": ".4f", "vmaf_neg": ".1f", "vmaf": ".1f", "xpsnr_db": ".2f"}
KINDS_OF_LINES = ("as in training", "VP9", "Lanczos, smaller", "Lanczos, larger again")
BESIDE_HEAVY = ("light", "medium", "heavy")
"""The levels at which Real-ESRGAN is measured."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("benchmark", type=Path, help="the folder that the benchmark wrote")
    folder = parser.parse_args().benchmark
    whole, window = (pd.read_csv(folder / name) for name in ("summary.csv", "windows_summary.csv"))
    put(PAGE, "benchmark", _gains(whole, [level for level in whole["level"].unique() if level != CALLS], whole=True))
    put(PAGE, "beside-real-esrgan", _gains(window, BESIDE_HEAVY, whole=False))
    sources = source_table(from_parquet((folder / "benchmark.parquet").read_bytes(), ROW_COLUMNS), WHOLE)
    put(PAGE, "claims", claims_markdown(claims(sources)))
    put(PAGE, "floors", _below(rows(floors(sources))))
    put(PAGE, "hard-words", _words(pd.read_csv(folder / "hard_words.csv")))
    put(PAGE, "by-group", _by_group(whole))
    put(PAGE, "by-line", _by_line(pd.read_csv(folder / "sources.csv"), json.loads((folder / "lines.json").read_text())))


def _gains(summary: pd.DataFrame, levels: Sequence[str], *, whole: bool) -> str:
    head = ["level", "method", "PSNR, dB", "SSIM", "VMAF-NEG", "VMAF", "XPSNR, dB"]
    head += ["detail kept, %", "flicker"] if whole else []
    lines: list[list[str]] = []
    for level in levels:
        of_level = summary[(summary["level"] == level) & (summary["group"] == ALL)]
        for number, row in enumerate(rows(pd.DataFrame(of_level))):
            input_ = row["method"] == IDENTITY
            cells = [level if number == 0 else "", "doing nothing" if input_ else f"`{row['method']}`"]
            if input_:
                cells += [f"{row[name]:{form}}" for name, form in INPUT.items()]
            else:
                gains = {**WITH_INTERVALS, **ALONE}
                of = {name: _gain(name) for name in gains}
                cells += [with_interval(row, of[name], form) for name, form in WITH_INTERVALS.items()]
                cells += [f"{row[of[name]]:{form}}" for name, form in ALONE.items()]
            if whole:
                kept = row["detail_kept"]
                cells += ["–" if kept is None else f"{100 * kept:.0f}", f"{row['flicker']:.3f}"]
            lines.append(cells)
    return minus(markdown_table(head, lines))


def _gain(figure: str) -> str:
    """The column of a figure's gain, e.g. `psnr_gain_db` for `psnr_db`."""
    return f"{figure.removesuffix('_db')}_gain" + ("_db" if figure.endswith("_db") else "")


def _below(found: Sequence[Mapping[str, Any]]) -> str:
    """Methods by levels: how many sources fall below a floor."""
    levels = list(dict.fromkeys(row["level"] for row in found))
    methods = list(dict.fromkeys(row["method"] for row in found))
    of = {(row["method"], row["level"]): f"{row['below']} of {row['sources']}" for row in found}
    return markdown_table(
        ["method", *levels], [[f"`{method}`", *(of[method, level] for level in levels)] for method in methods]
    )


def _words(words: pd.DataFrame) -> str:
    head = ["level", "method", "read right, %", "read wrong, %", "right: points", "wrong: points"]
    lines: list[list[str]] = []
    for level in words["level"].unique():
        for number, row in enumerate(rows(pd.DataFrame(words[words["level"] == level]))):
            nothing = row["method"] == IDENTITY
            points = (
                ["", ""]
                if nothing
                else [*(with_interval(row, f"{way}_gain_pct", "+.1f") for way in ("right", "wrong"))]
            )
            shares = [f"{row['right_pct']:.0f}", f"{row['wrong_pct']:.0f}"]
            name = "doing nothing" if nothing else f"`{row['method']}`"
            lines.append([level if number == 0 else "", name, *shares, *points])
    return minus(markdown_table(head, lines))


def _by_group(summary: pd.DataFrame) -> str:
    """Gains at medium and heavy, a column for each group of sources."""
    groups = [group for group in summary["group"].unique() if group != ALL]
    lines: list[list[str]] = []
    for level in ("medium", "heavy"):
        methods = [method for method in summary["method"].unique() if method != IDENTITY]
        for number, method in enumerate(methods):
            of = summary[(summary["level"] == level) & (summary["method"] == method)].set_index("group")
            cells = [f"{of.at[g, 'psnr_gain_db']:+.2f} / {of.at[g, 'vmaf_neg_gain']:+.1f}" for g in groups]
            lines.append([level if number == 0 else "", f"`{method}`", *cells])
    return minus(markdown_table(["level", "method", *groups], lines))


def _by_line(sources: pd.DataFrame, lines: Mapping[str, Mapping[str, Any]]) -> str:
    """Gains at the levels of calls, on lines of kinds that training draws and on others."""
    gains: defaultdict[tuple[str, str], defaultdict[str, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows(sources):
        line = lines.get(row["source"], {}).get(f"{row['level']}/0")
        if line is not None and row["method"] != IDENTITY:
            of = gains[row["level"], _kind(line)]
            of[row["method"]].append((row["psnr_gain_db"], row["vmaf_neg_gain"]))
    methods = list(dict.fromkeys(method for of in gains.values() for method in of))
    cells: list[list[str]] = []
    for level in (*CALL_LEVELS, "switching"):
        kinds = [kind for kind in KINDS_OF_LINES if (level, kind) in gains]
        for number, kind in enumerate(kinds):
            means = {method: np.mean(each, axis=0) for method, each in gains[level, kind].items()}
            count = len(gains[level, kind][methods[0]])
            shown = [f"{means[method][0]:+.2f} / {means[method][1]:+.1f}" for method in methods]
            cells.append([level if number == 0 else "", kind, f"{count}", *shown])
    return minus(markdown_table(["level", "line", "sources", *(f"`{method}`" for method in methods)], cells))


def _kind(line: Mapping[str, Any]) -> str:
    """What training never drew of a line; the scaler that comes last counts most."""
    if "LANCZOS" in (line["up_filter"], line["down_filter"]):
        return "Lanczos, larger again" if line["up_filter"] == "LANCZOS" else "Lanczos, smaller"
    return "VP9" if line["encoder"] == "vp9" else "as in training"


def minus(text: str) -> str:
    """The text with a minus sign before its negative numbers; hyphens in names stay."""
    return re.sub(r"(?<!\w)-(?=[0-9])", "−", text)


if __name__ == "__main__":
    main()
