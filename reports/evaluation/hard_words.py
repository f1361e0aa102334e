"""Words that matter: those that the reader gets right sometimes, so that a method can win or lose them.

Most words of a screen are read in any case, or in none. A word is hard where doing nothing reads it right in 20 to 80 %
of its *other* soft recordings: those of the same source at other levels and with other seeds. The recording that is
compared has no say in whether its words are hard: else they would be chosen where the input was unlucky, and whatever
is tried next would seem to help.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..metrics.statistics import bootstrap_ratio
from ..metrics.words import plain
from ..run.tables import rows, table
from ..templates.markdown import markdown_table
from .evaluation_tables import IDENTITY, with_interval

EASE = (0.2, 0.8)
"""Shares of readings between which, ends included, a word is hard."""
SHARP_LEVEL = "sharp"
"""Not a soft recording: nearly all is read there."""

_MEASURES = ("right_pct", "wrong_pct", "right_gain_pct", "wrong_gain_pct")
HARD_WORD_COLUMNS: Mapping[str, str] = {
    "level": "string",
    "method": "string",
    "sources": "Int64",
    "words": "Int64",
    **{f"{name}{part}": "Float64" for name in _MEASURES for part in ("", "_low", "_high")},
}
"""One row for each soft level and method: which share of the hard words is read right and wrong, and how many points
that is above doing nothing. Shares are of all words of all sources; the ends of the 95 % bootstrap intervals are over
sources (null for fewer than two)."""


def hard_words(words: pd.DataFrame) -> pd.DataFrame:
    """Table of `HARD_WORD_COLUMNS` from one of `WORD_COLUMNS`; empty where no word was read in two recordings."""
    if not len(words):
        return table([], HARD_WORD_COLUMNS)
    soft = words.loc[words["level"] != SHARP_LEVEL, ["source", "level", "seed", "method", "text", "reading"]]
    soft = soft.assign(
        word=soft["text"].map(plain),
        right=(soft["reading"] == "right").astype(float),
        wrong=(soft["reading"] == "wrong").astype(float),
    )
    hard = soft.merge(_hard(soft.loc[soft["method"] == IDENTITY, :]), on=["source", "level", "seed", "word"])
    sums = hard.groupby(["level", "method", "source"], sort=False)[["right", "wrong"]].agg(["sum", "size"])
    by_source = pd.DataFrame(
        {"words": sums["right"]["size"], "right": sums["right"]["sum"], "wrong": sums["wrong"]["sum"]}
    ).reset_index()
    inputs = by_source.loc[by_source["method"] == IDENTITY, :].drop(columns=["method", "words"])
    both = by_source.merge(inputs, on=["level", "source"], suffixes=("", "_input"))
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows(both):
        groups.setdefault((row["level"], row["method"]), []).append(row)
    lines = [{"level": level, "method": method, **_figures(group)} for (level, method), group in groups.items()]
    return table(lines, HARD_WORD_COLUMNS)


def _hard(inputs: pd.DataFrame) -> pd.DataFrame:
    """(source, level, seed, word) of each hard word, from the readings of doing nothing.

    A word is what its letters are: if a source shows it twice, both count for its ease.
    """
    in_one = inputs.groupby(["source", "level", "seed", "word"], sort=False)["right"].agg(["sum", "size"]).reset_index()
    in_all = in_one.groupby(["source", "word"], sort=False)[["sum", "size"]].transform("sum")
    elsewhere = in_all["size"] - in_one["size"]
    ease = (in_all["sum"] - in_one["sum"]) / elsewhere.where(elsewhere > 0)
    return in_one.loc[ease.between(EASE[0] - 1e-9, EASE[1] + 1e-9), ["source", "level", "seed", "word"]]


def _figures(of_sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One row's figures from each source's counts of one method, `right` and so on, and of doing nothing, `_input`."""
    names = ("words", "right", "right_input", "wrong", "wrong_input")
    counts = {name: np.array([row[name] for row in of_sources], dtype=np.float64) for name in names}
    count = counts["words"]
    found: dict[str, Any] = {"sources": len(of_sources), "words": int(count.sum())}
    for name in ("right", "wrong"):
        read, before = counts[name], counts[f"{name}_input"]
        for column, values in ((f"{name}_pct", read), (f"{name}_gain_pct", read - before)):
            ends = bootstrap_ratio(100 * values, count, 0, 2000)
            found |= {column: 100 * values.sum() / count.sum(), f"{column}_low": ends[0], f"{column}_high": ends[1]}
    return found


def hard_words_markdown(hard: pd.DataFrame) -> str:
    """The table as Markdown; empty where there are no hard words."""
    lines = rows(hard)
    if not lines:
        return ""
    cells = [
        [
            row["level"],
            row["method"],
            f"{row['words']} in {row['sources']}",
            *(f"{row[f'{name}_pct']:.1f}" for name in ("right", "wrong")),
            *(
                "–" if row["method"] == IDENTITY else with_interval(row, f"{name}_gain_pct", "+.1f")
                for name in ("right", "wrong")
            ),
        ]
        for row in lines
    ]
    header = ["level", "method", "hard words in sources", "right %", "wrong %", "right: points [95 %]"]
    return markdown_table([*header, "wrong: points [95 %]"], cells, text_columns=2)
