"""The tables of a benchmark: means by group and level, claims made beforehand, floors, and gains by age and height.

Scenes are the unit: every figure is first a mean over the pictures of one source, and intervals are over sources. Only
the curves pool pictures and words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...models.nets.look import DEFAULT_LOOK, named_at
from ..metrics.statistics import bootstrap_interval, holm, signed_rank_p
from ..run.tables import rows, table
from ..templates.markdown import markdown_table
from .evaluation_tables import IDENTITY, ITEM_COLUMNS, SOURCE_COLUMNS, SUMMARY_COLUMNS, by_source, summarise

ALL = "all"
"""The group of all groups."""
WHOLE, WINDOW = "whole", "window"
"""The views of a picture: all of it; and the part of it that is small enough for Real-ESRGAN."""
JUDGED_BY = ("medium", "heavy")
"""The levels that claims are about: usual calls and bad ones."""
FLOORS: Mapping[str, float] = {"vmaf_neg_gain": -1.0, "ssim_gain": -0.005}
"""A source that falls below either has become worse."""

ROW_COLUMNS: Mapping[str, str] = {
    "group": "string",
    "seed": "Int64",
    "view": "string",
    **ITEM_COLUMNS,
    "since_keyframe": "Int64",
    "since_switch": "Int64",
}
"""One row for each picture, method and view, `WHOLE` or `WINDOW`.
`since_*` count the line's pictures since a keyframe and since a change of the sent size."""

WORD_COLUMNS: Mapping[str, str] = {
    "source": "string",
    "level": "string",
    "seed": "Int64",
    "method": "string",
    "text": "string",
    "height_px": "Float64",
    "reading": "string",
}
"""One row for each word of a screen and method; `reading` is right, wrong or missed."""


@dataclass(frozen=True)
class Hypothesis:
    """A claim that was written down before anything was measured: one method gains more than another."""

    method: str
    over: str
    figure: str
    """A gain's column in `SOURCE_COLUMNS`, whose mean over the levels is compared."""
    levels: tuple[str, ...] = JUDGED_BY

    @property
    def text(self) -> str:
        """The claim as a phrase."""
        figure = self.figure.replace("_gain", "").removesuffix("_db").replace("_", "-").upper()
        figure = "chroma PSNR" if figure == "PSNR-CHROMA" else figure
        return f"{self.method} gains more {figure} than {self.over} at {' and '.join(self.levels)}"


HYPOTHESES = (
    Hypothesis("fast", IDENTITY, "vmaf_neg_gain"),
    Hypothesis("fast", IDENTITY, "ssim_gain"),
    Hypothesis("fast", "unsharp", "ssim_gain"),
    Hypothesis("balanced", "fast", "vmaf_neg_gain"),
    Hypothesis("balanced", "fast", "ssim_gain"),
    Hypothesis("fast", "fast-0.1", "vmaf_neg_gain"),
    *(
        Hypothesis(method, IDENTITY, "psnr_chroma_gain_db", (level,))
        for method in ("fast", "balanced")
        for level in JUDGED_BY
    ),
)
CLAIM_COLUMNS: Mapping[str, str] = {
    "claim": "string",
    "sources": "Int64",
    "mean": "Float64",
    "low": "Float64",
    "high": "Float64",
    "p": "Float64",
    "p_holm": "Float64",
}
"""One row for each of `HYPOTHESES` that can be tested: the mean paired difference with its interval, the one-sided p of
Wilcoxon's test, and the same after Holm's correction for all of them."""

FLOOR_COLUMNS: Mapping[str, str] = {
    "level": "string",
    "method": "string",
    "sources": "Int64",
    "below": "Int64",
    "which": "string",
}
"""For each level and method, how many sources fall below one of `FLOORS`, and which, worst first."""

AGES = (0, 1, 2, 4, 8, 16, 32, 64)
"""Lower ends of the classes of pictures since a keyframe or a change of size."""
HEIGHTS = (0, 10, 12, 14, 17, 21, 28)
"""Lower ends of the classes of a word's height in pixels."""
CURVE_COLUMNS: Mapping[str, str] = {
    "level": "string",
    "method": "string",
    "from": "Int64",
    "count": "Int64",
    "value": "Float64",
}
"""One point of a curve: all that lies in the class from `from` up to the next one."""


def source_table(items: pd.DataFrame, view: str) -> pd.DataFrame:
    """Table of `SOURCE_COLUMNS` and `group`, of one view; with several seeds, their means, `words` rounded."""
    of_view = items.loc[items["view"] == view, :]
    groups = dict(zip(items["source"], items["group"], strict=True))
    of_seeds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for seed in sorted(set(of_view["seed"])):
        for row in rows(by_source(of_view.loc[of_view["seed"] == seed, :])):
            of_seeds.setdefault((row["source"], row["level"], row["method"]), []).append(row)
    lines = [{"group": groups[key[0]], **_mean_of_seeds(same)} for key, same in of_seeds.items()]
    return table(lines, {"group": "string", **SOURCE_COLUMNS})


def _mean_of_seeds(same: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The means of rows of one source, level and method, over those that have a value."""
    mean = dict(same[0])
    for name, kind in SOURCE_COLUMNS.items():
        if kind != "string":
            known = [row[name] for row in same if row[name] is not None]
            mean[name] = sum(known) / len(known) if known else None
    return mean | {"words": None if mean["words"] is None else round(mean["words"])}


def group_summary(sources: pd.DataFrame) -> pd.DataFrame:
    """Table of `SUMMARY_COLUMNS` and `group`: each group, and all together first."""
    named = [(ALL, sources), *((name, part) for name, part in sources.groupby("group", sort=False))]
    lines = [{"group": name, **row} for name, part in named for row in rows(summarise(part[list(SOURCE_COLUMNS)]))]
    return table(lines, {"group": "string", **SUMMARY_COLUMNS})


def claims(sources: pd.DataFrame, hypotheses: Sequence[Hypothesis] = HYPOTHESES) -> pd.DataFrame:
    """Table of `CLAIM_COLUMNS`; claims about what was not run or not measured are left out.

    Holm's correction counts all of them all the same: what was declared was declared.
    """
    lines: list[dict[str, Any]] = []
    for hypothesis in hypotheses:
        gains = _paired(sources, hypothesis)
        if len(gains):
            low, high = bootstrap_interval(gains, 0, 2000)
            figures = {"mean": float(gains.mean()), "low": low, "high": high, "p": signed_rank_p(list(gains))}
            lines.append({"claim": hypothesis.text, "sources": len(gains), **figures})
    undone = {f"not tested {i}": 1.0 for i in range(len(hypotheses) - len(lines))}
    adjusted = holm({line["claim"]: line["p"] for line in lines} | undone)
    return table([{**line, "p_holm": adjusted[line["claim"]]} for line in lines], CLAIM_COLUMNS)


def _paired(sources: pd.DataFrame, hypothesis: Hypothesis) -> np.ndarray:
    """float64 [sources]: the mean over its levels of one method's gain less the other's. A student that was measured at
    its looks stands for itself at the one that it has where none is asked for."""
    chosen = sources[sources["level"].isin(hypothesis.levels)]
    wide = chosen.pivot_table(index="source", columns="method", values=hypothesis.figure, aggfunc="mean")
    at_default = {named_at(method, DEFAULT_LOOK): method for method in (hypothesis.method, hypothesis.over)}
    wide = wide.rename(columns={name: method for name, method in at_default.items() if method not in wide})
    if hypothesis.method not in wide or hypothesis.over not in wide:
        return np.empty(0)
    return (wide[hypothesis.method] - wide[hypothesis.over]).dropna().to_numpy(dtype=np.float64)


def floors(sources: pd.DataFrame) -> pd.DataFrame:
    """Table of `FLOOR_COLUMNS`."""
    lines: list[dict[str, Any]] = []
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows(sources):
        if row["method"] != IDENTITY:
            parts.setdefault((row["level"], row["method"]), []).append(row)
    for (level, method), part in parts.items():
        below = sorted((row for row in part if _depth(row) > 0), key=_depth, reverse=True)
        which = ", ".join(row["source"] for row in below) or None
        lines.append({"level": level, "method": method, "sources": len(part), "below": len(below), "which": which})
    return table(lines, FLOOR_COLUMNS)


def _depth(row: Mapping[str, Any]) -> float:
    """How far a source lies below the nearer of its floors, in units of the floor; not above 0 where it keeps both."""
    depths = [row[name] / floor - 1 for name, floor in FLOORS.items() if row[name] is not None]
    return max(depths, default=0.0)


def gain_by_age(items: pd.DataFrame, since: str) -> pd.DataFrame:
    """Table of `CURVE_COLUMNS`: the mean PSNR gain of luma by pictures since a keyframe or a change of size.

    Args:
        since: `since_keyframe` or `since_switch`.
    """
    whole = items.loc[(items["view"] == WHOLE) & items[since].notna(), :]
    identity = whole["method"] == IDENTITY
    keys = ["source", "level", "seed", "item"]
    base = whole.loc[identity, [*keys, "psnr_db"]].rename(columns={"psnr_db": "base"})
    others = whole.loc[~identity, :].merge(base, on=keys)
    return _curve(others, others[since].to_numpy(int), AGES, (others["psnr_db"] - others["base"]).to_numpy(float))


def words_by_height(words: pd.DataFrame) -> pd.DataFrame:
    """Table of `CURVE_COLUMNS`: the share of words that are read right, by their height."""
    right = (words["reading"] == "right").to_numpy(float)
    return _curve(words, words["height_px"].to_numpy(float), HEIGHTS, right)


def _curve(frame: pd.DataFrame, place: np.ndarray, classes: Sequence[int], value: np.ndarray) -> pd.DataFrame:
    lower = np.asarray(classes)[np.searchsorted(classes, place, side="right") - 1]
    work = pd.DataFrame(
        {"level": frame["level"].to_numpy(), "method": frame["method"].to_numpy(), "from": lower, "v": value}
    )
    grouped = work.groupby(["level", "method", "from"], sort=False)["v"].agg(["size", "mean"]).reset_index()
    named = grouped.sort_values("from", kind="stable").rename(columns={"size": "count", "mean": "value"})
    return table(rows(named), CURVE_COLUMNS)


def claims_markdown(claimed: pd.DataFrame) -> str:
    """The claims as a Markdown table."""
    cells = [
        [
            row["claim"],
            str(row["sources"]),
            f"{row['mean']:+.4g}" + ("" if row["low"] is None else f" [{row['low']:+.4g}, {row['high']:+.4g}]"),
            f"{row['p']:.2g}",
            f"{row['p_holm']:.2g}",
        ]
        for row in rows(claimed)
    ]
    return markdown_table(
        ["declared beforehand", "sources", "mean difference [95 %]", "p", "p (Holm)"], cells, text_columns=1
    )
