"""How students do on the windows that are kept for validation: quick enough to choose by, and no benchmark.

    python benchmarks/quality/on_windows.py CACHE --model runs/fast/weights.safetensors --look natural --look crisp

Prints gains over doing nothing as means over sources, a line for each level (cameras and screens apart) and method:
PSNR, SSIM, VMAF-NEG with the worst window, and three values beside the input's: how much of the original's detail is
there, the energy of detail, and the change over time as a share of the original's.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from vidsharp.models.nets.look import StudentLook, at_looks, parse_look
from vidsharp.reports.evaluation.evaluation_tables import IDENTITY
from vidsharp.training.data.window_cache import NEAR, RADIUS, WindowCache, open_window_cache, planes_of
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Position
from vidsharp.training.evaluation.measure_pictures import measure_pictures
from vidsharp.training.evaluation.methods import Method, methods

PICTURES = range(RADIUS - 1, RADIUS + 2)
"""Of each window: its centre, and one before and after it."""

SHARES = (("detail_product", "detail_sharp"), ("detail_out", "detail_sharp"), ("change", "change_sharp"))
"""How much of the original's detail is kept, its energy, and change over time: what is divided by what."""


def measured(cache: WindowCache, named: Mapping[str, Method], most: int) -> pd.DataFrame:
    """A row for each window and method: means over the window's pictures, and sums of its detail.

    Args:
        most: windows of one level and group, drawn as evenly as can be from its sources.
    """
    rows = []
    for level, group, index in chosen(cache, most):
        made = measure_pictures(places_of(cache, index), named, vmaf=True)
        for method, figures in made.figures.items():
            row = {"level": level, "group": group, "source": cache.sources[index], "window": index, "method": method}
            for name in ("psnr_db", "ssim", "vmaf_neg", "change", "change_sharp"):
                values = [getattr(figure, name) for figure in figures]
                row[name] = float(np.mean([value for value in values if value is not None]))
            for name in ("detail_product", "detail_out", "detail_sharp"):
                row[name] = float(sum(getattr(figure, name) for figure in figures))
            rows.append(row)
    return pd.DataFrame(rows)


def chosen(cache: WindowCache, most: int) -> Iterator[tuple[str, str, int]]:
    """(level, `camera` or `screen`, number) of the windows that are measured."""
    subjects = [part.subject for part in cache.parts for _ in part.ages]
    strata: defaultdict[tuple[str, str], defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, (level, subject, source) in enumerate(zip(cache.levels, subjects, cache.sources, strict=True)):
        strata[level, subject][source].append(index)
    rng = np.random.default_rng(0)
    for (level, group), sources in sorted(strata.items()):
        each = -(-most // len(sources))
        for indices in sources.values():
            for index in sorted(rng.permutation(indices)[:each].tolist()):
                yield level, group, index


def places_of(cache: WindowCache, index: int) -> list[Position]:
    """The pictures of a window, in order."""
    soft, sharp = cache.planes(index)
    assert len(soft) == NEAR
    places: list[Position] = []
    for t in PICTURES:
        before = (places[-1].soft, places[-1].sharp) if places else None
        places.append(Position(f"{index}-{t}", CLIP_FORMAT, planes_of(soft[t]), planes_of(sharp[t]), before))
    return places


def table(rows: pd.DataFrame) -> str:
    """Markdown: gains over doing nothing, means over sources of means over windows."""
    nothing = rows[rows.method == IDENTITY].set_index("window")
    lines = [
        "| level | group | method | PSNR, dB | SSIM | VMAF-NEG | worst | detail kept | energy | change |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for level, group, method in rows[["level", "group", "method"]].drop_duplicates().itertuples(index=False):
        if method == IDENTITY:
            continue
        some = rows[(rows.level == level) & (rows.group == group) & (rows.method == method)].reset_index(drop=True)
        before = nothing.loc[some["window"]].reset_index()
        sources = np.asarray(some["source"])
        gains = [_over_sources(np.asarray(some[of] - before[of]), sources) for of in ("psnr_db", "ssim", "vmaf_neg")]
        worst = (some["vmaf_neg"] - before["vmaf_neg"]).min()
        shares = [
            " → ".join(f"{of[top].sum() / of[bottom].sum():.2f}" for of in (before, some)) for top, bottom in SHARES
        ]
        figures = f"{gains[0]:+.2f} | {gains[1]:+.4f} | {gains[2]:+.1f} | {worst:+.1f} | {' | '.join(shares)}"
        lines.append(f"| {level} | {group} | {method} | {figures} |")
    return "\n".join(lines)


def _over_sources(gains: np.ndarray, sources: np.ndarray) -> float:
    """The mean over sources of their means."""
    return float(np.mean([gains[sources == source].mean() for source in np.unique(sources)]))


def students_named(models: Sequence[str], looks: Sequence[str]) -> tuple[StudentLook, ...]:
    """Every model at every look."""
    return at_looks(models, [look for text in looks if (look := parse_look(text)) is not None])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--look", action="append", default=[])
    parser.add_argument("--windows", type=int, default=24, help="of each level and group [default: 24]")
    parser.add_argument("--without", nargs="+", default=["unsharp", "cas"], help="methods to leave out")
    args = parser.parse_args()
    named = methods(students_named(args.model, args.look), device="cpu", threads=1)
    named = {name: method for name, method in named.items() if name not in args.without}
    print(table(measured(open_window_cache(args.cache, "val"), named, args.windows)))


if __name__ == "__main__":
    main()
