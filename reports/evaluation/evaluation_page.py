"""The page of an evaluation: one HTML file that needs no network and runs no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..run.tables import rows
from ..templates.page_template import page_template
from .evaluation_tables import CALL_LEVELS, CALLS, CLASSIC, IDENTITY, STEADY, with_interval
from .gain_plot import gain_plot

PICTURES_MAX_BYTES = 4_000_000
"""For all pictures together, so that the page stays one that can be mailed."""


@dataclass(frozen=True)
class PictureStrip:
    """Crops of one picture of a source beside each other."""

    source: str
    level: str
    item: str
    pictures: Mapping[str, str]
    """`sharp`, `input`, then the methods by name: data URIs as `picture_uri` makes them."""


def evaluation_page(
    items: pd.DataFrame,
    sources: pd.DataFrame,
    summary: pd.DataFrame,
    strips: Sequence[PictureStrip],
    about: Mapping[str, str],
) -> str:
    """The page as HTML.

    Args:
        items, sources, summary: tables of the columns in `evaluation_tables`.
        strips: shown in order until `PICTURES_MAX_BYTES` is reached.
        about: `data`, `models` and `made`, each a phrase.
    """
    lines = rows(summary)
    levels = list(dict.fromkeys(line["level"] for line in lines))
    compared = [name for name in dict.fromkeys(line["method"] for line in lines) if name != IDENTITY]
    trained = [name for name in compared if name not in CLASSIC]
    shown = _within_limit(strips)
    return page_template("evaluation.html.j2", {"interval": with_interval}).render(
        about=about,
        count=len(items) // (len(compared) + 1),
        headlines=_headlines(lines, CALLS if CALLS in levels else levels[0], trained),
        levels=levels,
        groups=[(level, [line for line in lines if line["level"] == level]) for level in levels],
        compared=compared,
        trained=trained,
        plots=_plots(lines),
        per_source=_per_source(sources),
        timed=any(line["flicker"] is not None for line in lines),
        steady=STEADY,
        calls=CALLS if CALLS in levels else None,
        call_levels=CALL_LEVELS,
        strips=shown,
        left_out=len(strips) - len(shown),
        identity=IDENTITY,
    )


def _headlines(lines: Sequence[Mapping[str, Any]], level: str, trained: Sequence[str]) -> list[dict[str, Any]]:
    """For each student its row at the level to judge by, and the best of the classic methods there."""
    there = {line["method"]: line for line in lines if line["level"] == level}
    best = max((there[name] for name in CLASSIC if name in there), key=lambda line: line["ssim_gain"], default=None)
    return [{"row": there[name], "classic": best} for name in trained]


def _plots(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """PSNR and SSIM; pictures that were sharp already on a scale of their own, since they can only lose, and lose
    more than calls gain."""
    gained = [line for line in lines if line["method"] != IDENTITY]
    soft = [line for line in gained if line["level"] != "sharp"]
    sharp = [line for line in gained if line["level"] == "sharp"]
    plots = []
    for title, chosen in (("Gain", soft), ("What a sharp picture loses", sharp)):
        for unit, name, form in (("PSNR, dB", "psnr_gain_db", "+.2f"), ("SSIM", "ssim_gain", "+.4f")):
            if chosen:
                plots.append({"title": f"{title}: {unit}", "plot": gain_plot(chosen, name, form)})
    return plots


def _per_source(sources: pd.DataFrame) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """The rows by source, level and method."""
    nested: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for line in rows(sources):
        nested.setdefault(line["source"], {}).setdefault(line["level"], {})[line["method"]] = line
    return nested


def _within_limit(strips: Sequence[PictureStrip]) -> list[PictureStrip]:
    shown, used = [], 0
    for strip in strips:
        used += sum(map(len, strip.pictures.values()))
        if used > PICTURES_MAX_BYTES:
            break
        shown.append(strip)
    return shown
