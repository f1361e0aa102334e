"""What pictures before and after could bring, by ridge regression: the cheapest predictor with and without them.

    python benchmarks/quality/neighbours_ridge.py CACHE [--windows 2] [--pixels 300000] [--folds 4]

CACHE holds windows (`python -m vidsharp.training.build_windows`). For each group (camera or screen, level), filters
learn to predict sharp − soft luma of a pixel from the soft picture around it, and from patches of other soft pictures
as well. As in RAISR (Romano et al., IEEE TCI 3(1), 2017), each of nine kinds of place has its own filter, by strength
and coherence of its gradients, and patches are turned so that gradients point into one octant. Filters that see other
pictures have two for each kind: by how well t−1 and t+1 match. Filters are fitted to the cache's training sources and
measured on those that are kept for validation; with --folds, each source, of either split, is measured by filters
fitted to other folds.
"""

import argparse
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from neighbours_groups import (
    NOTHING_TO_WIN,
    STILL,
    described,
    gain_db,
    moved_to_centre,
    of_sources,
    pictures,
    row,
    some_windows,
)
from torch import Tensor
from vidsharp.training.data.window_cache import CROP, WindowCache, open_window_cache

OWN, COARSE, OTHER = 4, 3, 2
"""Radii: of the centre's patch; of the means of 3×3 around it, in steps of 3 px; of another picture's patch."""
MARGIN = 3 * COARSE + 1
PICTURES = 7
"""Centre, t−1, t+1, t−2, t+2, two far ones."""
CELLS = (3, 3, 2)
"""Kinds of place: by strength and coherence of gradients, and by how well neighbours match."""
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
"""Of the mean square of a feature; the best one for a group and choice is taken, which flatters all of them."""
PRIOR_PENALTY = 1e-2
"""Of the centre's own filters, where those of more pictures are drawn to them."""
MOST_PIXELS = 8192
"""Of one window."""

Key = tuple[str, str]
"""A source, and `still` or `moving`, told by the pictures as they are shown: after they were moved, where they are."""


def _patch(radius: int, step: int = 1, hole: int = -1) -> list[tuple[int, int]]:
    steps = range(-radius, radius + 1)
    return [(step * y, step * x) for y in steps for x in steps if max(abs(y), abs(x)) > hole]


_PLACES = [
    *((0, place) for place in _patch(OWN)),
    *((PICTURES, place) for place in _patch(COARSE, 3, hole=1)),
    *((plane, place) for plane in range(1, PICTURES) for place in _patch(OTHER)),
]
"""The plane of each feature, and where in it: the pictures, then the centre's means of 3×3."""
_COUNT = {plane: sum(of == plane for of, _ in _PLACES) for plane in range(PICTURES + 1)}
_FROM = _COUNT[0] + _COUNT[PICTURES]
_PAIR = 2 * _COUNT[1]
CHOICES = {
    "alone": list(range(_FROM)),
    "t±1": list(range(_FROM + _PAIR)),
    "t±1, t±2": list(range(_FROM + 2 * _PAIR)),
    "t±1, t±2, far": list(range(_FROM + 3 * _PAIR)),
    "far": [*range(_FROM), *range(_FROM + 2 * _PAIR, _FROM + 3 * _PAIR)],
}
"""Features of each choice of pictures."""


def _offsets() -> Tensor:
    """int64 [4, features]: where features lie from a pixel, in flat planes, for each turn: mirrored, transposed."""
    tables: list[list[int]] = []
    for mirrored, transposed in ((0, 0), (1, 0), (0, 1), (1, 1)):
        table: list[int] = []
        for plane, (y, x) in _PLACES:
            x = -x if mirrored else x
            y, x = (x, y) if transposed else (y, x)
            table.append((plane * CROP + y) * CROP + x)
        tables.append(table)
    return torch.tensor(tables)


_OFFSETS = _offsets()


@dataclass(frozen=True)
class Looks:
    """What the gradients around some pixels are like, float32 [N] and int64 [N]."""

    strength: Tensor
    coherence: Tensor
    mismatch: Tensor
    turn: Tensor


def looks_at(soft: Tensor, at: Tensor) -> Looks:
    """Of pictures [7, 1, 192, 192] in codes, at flat places."""
    centre = soft[:1]
    dy, dx = torch.gradient(centre, dim=(-2, -1))
    mismatch = (soft[1:3] - centre).abs().mean(dim=0, keepdim=True)
    sums = [F.avg_pool2d(of, 7, 1, 3).flatten()[at] for of in (dx * dx, dy * dy, dx * dy, mismatch)]
    xx, yy, xy, mismatch = sums
    root = ((xx - yy) ** 2 + 4 * xy**2).sqrt()
    large, small = ((xx + yy + root) / 2).sqrt(), ((xx + yy - root) / 2).clamp_(min=0).sqrt()
    coherence = (large - small) / (large + small + 0.01)
    return Looks(large, coherence, mismatch, (xy < 0).long() + 2 * (yy > xx).long())


@dataclass(frozen=True)
class Sums:
    """All that a fit or an error needs to know of some pixels, by cell: G [18, d, d], b [18, d], e [18]."""

    gram: Tensor
    product: Tensor
    energy: Tensor

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.gram + other.gram, self.product + other.product, self.energy + other.energy)

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(self.gram - other.gram, self.product - other.product, self.energy - other.energy)

    def error(self, weights: Tensor, features: list[int]) -> float:
        """Sum of squared errors of filters [18, chosen features]."""
        gram, product = _chosen(self.gram, features), self.product[:, features]
        fitted = torch.einsum("ci,cij,cj->", weights.float(), gram, weights.float())
        return float(self.energy.sum().double() - 2 * (weights * product).sum() + fitted)


def _chosen(gram: Tensor, features: list[int]) -> Tensor:
    """Rows and columns of some features."""
    if features[-1] == len(features) - 1:
        return gram[:, : len(features), : len(features)]
    return gram[:, features][:, :, features]


def summed(features: Tensor, wanted: Tensor, cells: Tensor) -> Sums:
    """Sums of samples [N, d], [N], whose cells are [N]."""
    count, d = int(np.prod(CELLS)), features.shape[1]
    sums = Sums(torch.zeros(count, d, d), torch.zeros(count, d), torch.zeros(count))
    order = cells.argsort()
    features, wanted = features[order], wanted[order]
    ends = torch.bincount(cells, minlength=count).cumsum(0).tolist()
    for cell, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
        x, y = features[begin:end], wanted[begin:end]
        sums.gram[cell], sums.product[cell], sums.energy[cell] = x.T @ x, x.T @ y, y @ y
    return sums


def fitted(sums: Sums, choice: str, penalty: float) -> Tensor:
    """Filters [18, chosen features], float64. The centre's are drawn to the one that fits all cells best; those of more
    pictures to the centre's, with nothing of the others, so that a large penalty makes them equal to it.
    """
    features = CHOICES[choice]
    gram, product = _chosen(sums.gram, features).double(), sums.product[:, features].double()
    eye = torch.eye(len(features), dtype=torch.float64)
    if choice == "alone":  # it does not know how well neighbours match
        gram, product = (of.unflatten(0, CELLS).sum(dim=2).flatten(0, 1) for of in (gram, product))
        whole = gram.sum(dim=0)
        prior = torch.linalg.solve(whole + 1e-4 * whole.diagonal().mean() * eye, product.sum(dim=0))
    else:
        prior = F.pad(fitted(sums, "alone", PRIOR_PENALTY), (0, len(features) - _FROM))
    strength = penalty * gram.diagonal(dim1=1, dim2=2).mean(dim=1)[:, None, None] + 1e-6
    weights = torch.linalg.solve(gram + strength * eye, product + strength[:, 0] * prior)
    return weights.repeat_interleave(CELLS[2], 0) if choice == "alone" else weights


Group = list[tuple[str, list[tuple[Tensor, Tensor]]]]
"""Sources, and their windows: pictures [7, 1, 192, 192] and sharp [1, 192, 192] in codes."""


def sums_of(group: Group, pixels: int, seed: int = 0) -> dict[Key, Sums]:
    """Sums of each source, still and moving, over so many pixels in all."""
    torch.manual_seed(seed)
    each = min(pixels // sum(len(windows) for _, windows in group), MOST_PIXELS)
    edges: list[Tensor] = []
    sums: dict[Key, Sums] = {}
    drawn = [window for _, windows in group for window in windows][::10]
    looks = [looks_at(soft, _drawn(each)) for soft, _ in drawn]
    for name, count in zip(("strength", "coherence", "mismatch"), CELLS, strict=True):
        every = torch.cat([getattr(of, name) for of in looks])
        edges.append(torch.quantile(every[:: len(every) // 100_000 + 1], torch.arange(1, count) / count))
    for source, windows in group:
        samples: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = defaultdict(list)
        for soft, sharp in windows:
            still = (soft[0] - soft[1]).abs().mean() < 255 * STILL
            samples["still" if still else "moving"].append(_sampled(soft, sharp, _drawn(each), edges))
        for pace, of in samples.items():
            more = summed(*(torch.cat(column) for column in zip(*of, strict=True)))
            sums[source, pace] = sums[source, pace] + more if (source, pace) in sums else more
    return {key: of for key, of in sums.items() if float(of.energy.sum()) > NOTHING_TO_WIN * 255**2 * each}


def _drawn(count: int) -> Tensor:
    rows, columns = (torch.randint(MARGIN, CROP - MARGIN, (count,)) for _ in range(2))
    return rows * CROP + columns


def _sampled(soft: Tensor, sharp: Tensor, at: Tensor, edges: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Features [N, d], what they shall predict [N], and cells [N]."""
    looks = looks_at(soft, at)
    planes = torch.cat([soft, F.avg_pool2d(soft[:1], 3, 1, 1)]).flatten()
    features = planes.take(at[:, None] + _OFFSETS[looks.turn])
    features -= features[:, : _COUNT[0]].mean(dim=1, keepdim=True)
    cells = torch.zeros_like(at)
    for value, count, edge in zip((looks.strength, looks.coherence, looks.mismatch), CELLS, edges, strict=True):
        cells = count * cells + torch.bucketize(value, edge)
    return features, (sharp - soft[0]).flatten()[at], cells


def errors_of(sums: Mapping[Key, Sums], held_out: Callable[[str], int | None]) -> dict[str, dict[Key, float]]:
    """By choice, each key's sum of squared errors under filters fitted to the sources of other folds; sources of fold
    None are fitted to and not measured. `nothing` is the error before.
    """
    folds = sorted({fold for source, _ in sums if (fold := held_out(source)) is not None})
    keys = {fold: [key for key in sums if held_out(key[0]) == fold] for fold in folds}
    every = _total(list(sums.values()))
    errors: dict[str, dict[Key, float]] = {
        "nothing": {key: float(sums[key].energy.sum()) for fold in folds for key in keys[fold]}
    }
    tried = {(choice, penalty): {} for choice in CHOICES for penalty in PENALTIES}
    for fold in folds:
        rest = every - _total([sums[key] for key in keys[fold]])
        for choice, penalty in tried:
            weights = fitted(rest, choice, penalty)
            tried[choice, penalty] |= {key: sums[key].error(weights, CHOICES[choice]) for key in keys[fold]}
    for choice in CHOICES:
        errors[choice] = min((tried[choice, penalty] for penalty in PENALTIES), key=lambda of: sum(of.values()))
    return errors


def _total(parts: list[Sums]) -> Sums:
    total = Sums(*(of.clone() for of in (parts[0].gram, parts[0].product, parts[0].energy)))
    for part in parts[1:]:
        total.gram.add_(part.gram)
        total.product.add_(part.product)
        total.energy.add_(part.energy)
    return total


def read_groups(
    caches: list[WindowCache], each: list[int]
) -> dict[tuple[str, str], list[tuple[str, WindowCache, int]]]:
    """(subject, level) to windows, so many of each part of each cache."""
    groups: dict[tuple[str, str], list[tuple[str, WindowCache, int]]] = defaultdict(list)
    for cache, count in zip(caches, each, strict=True):
        for part, chosen in some_windows(cache, count):
            groups[part.subject, part.level] += [(part.source, cache, index) for index in chosen]
    return groups


def loaded(members: list[tuple[str, WindowCache, int]], moved: bool) -> Group:
    """The pictures of a group, in codes. The far ones are never moved: no search of a few pixels finds them."""
    windows: dict[str, list[tuple[Tensor, Tensor]]] = defaultdict(list)
    for source, cache, index in members:
        soft, sharp = pictures(cache, index, far=True)
        if ((soft[0] - sharp) ** 2).mean() > NOTHING_TO_WIN:
            soft = torch.cat([moved_to_centre(soft[:5]), soft[5:]]) if moved else soft
            windows[source].append((255 * soft, 255 * sharp))
    return list(windows.items())


Errors = dict[tuple[str, str], dict[str, dict[Key, float]]]
"""By group, choice and key."""


def table(errors: Errors) -> Iterator[str]:
    """Markdown: the gain of the picture alone, and what other pictures add to it."""
    yield row(["", "level", "", "sources", *CHOICES])
    yield "|---" * (4 + len(CHOICES)) + "|"
    gains: dict[tuple[str, str, str], dict[str, dict[tuple[str, str], float]]] = {}
    for (shown, level), of_group in sorted(errors.items()):
        for (source, pace), before in of_group["nothing"].items():
            for group in ((shown, level, pace), (shown, "all", pace), ("all", "all", "all")):
                mine = gains.setdefault(group, {choice: {} for choice in CHOICES})
                unit = (source, level) if group[2] == pace else (source, f"{level} {pace}")
                for choice in CHOICES:
                    mine[choice][unit] = float(gain_db(np.array(before), np.array(of_group[choice][source, pace])))
    for group, mine in sorted(gains.items()):
        alone = mine["alone"]
        more = [{unit: of[unit] - alone[unit] for unit in of} for choice, of in mine.items() if choice != "alone"]
        cells = [f"{np.mean(of_sources(alone)):+.2f}", *(described(of_sources(of), 2) for of in more)]
        yield row([*group, len({source for source, _ in alone}), *cells])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--windows", type=int, default=2, help="of each part; thrice as many of validation's")
    parser.add_argument("--pixels", type=int, default=300_000, help="of each group")
    parser.add_argument("--folds", type=int, help="measure every source, by filters fitted to the other folds")
    args = parser.parse_args()
    torch.set_num_threads(1)
    caches = [open_window_cache(args.cache, split) for split in ("train", "val")]
    unseen = set(caches[1].sources)

    def held_out(source: str) -> int | None:
        if args.folds:
            return zlib.crc32(source.encode()) % args.folds
        return 0 if source in unseen else None

    groups = read_groups(caches, [args.windows, args.windows if args.folds else 3 * args.windows])
    for moved in (False, True):
        errors: Errors = {}
        for group, members in groups.items():
            sums = sums_of(loaded(members, moved), args.pixels)
            if any(held_out(source) is not None for source, _ in sums):
                errors[group] = errors_of(sums, held_out)
        placed = "moved to the centre by block matching" if moved else "as they are"
        print(f"\nPictures {placed} ({time.process_time() / 60:.1f} core-minutes):\n")
        for line in table(errors):
            print(line, flush=True)


if __name__ == "__main__":
    main()
