"""What pictures before and after bring a net: the student's design with them, and with the centre in their place.

    python benchmarks/quality/neighbours_net.py CACHE [--steps 1500] [--windows 8]

CACHE holds windows (`python -m vidsharp.training.build_windows`). Each net is trained alike: same steps, same
patches, same first weights, one thread. The net beside it that sees no neighbours has as many weights and as much to
compute.
"""

import argparse
import copy
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from torch import Tensor, nn
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.blend_weights import FACTOR, FLOOR, PHASES, SLOPE
from vidsharp.models.nets.cells import cells_with_rim
from vidsharp.reports.metrics.vmaf import perceptual_scores
from vidsharp.training.data.batches import Batch, level_odds
from vidsharp.training.data.pair_set import Window
from vidsharp.training.data.window_cache import CROP, WindowCache, open_window_cache
from vidsharp.training.loop.trainer import learning_rate
from vidsharp.training.loss.objective import Objective
from vidsharp.training.recipe import Recipe, read_recipe

PICTURES = 3
"""The centre, t−1, t+1."""
OWN_BANDS = 3
MIX = {"light": 1, "medium": 1, "heavy": 1, "compressed": 1, "switching": 1, "sharp": 1, "motion": 0.2}
NETS = ("centre repeated", "neighbours", "neighbours, aligned")
_WHOLE = Window(0, 0, CROP, CROP)


class SeveralPictures(BlendStudent):
    """`fast` with a filter more on each neighbour; the guide sees the neighbours' spectra, and how loud each one's
    difference to the centre is.
    """

    def __init__(self) -> None:
        super().__init__(OWN_BANDS + PICTURES - 1, width=16, dilations=(1, 2, 4, 1))
        with torch.no_grad():  # the neighbours' filters start as the first of the centre
            self.filters[OWN_BANDS:] = self.filters[0]
        self.enter = nn.Conv2d(2 * PICTURES * PHASES, 16, 1)

    def forward(self, luma: Tensor) -> Tensor:
        """Float [N, 1, H, W] of [N, 3, H, W], the centre first."""
        cells = [cells_with_rim(luma[:, i : i + 1]) for i in range(PICTURES)]
        weights = self._cell_weights()
        split = OWN_BANDS * PHASES
        parts = [weights[:split], *weights[split:].split(PHASES)]
        bands = torch.cat([F.conv2d(of, part) for of, part in zip(cells, parts, strict=True)], dim=1)
        blend = self.head(self._features([of[..., 1:-1, 1:-1] for of in cells]))
        weighted = (blend[:, : bands.shape[1]] * bands).unflatten(1, (self.bands, PHASES)).sum(dim=1)
        return luma[:, :1] + F.pixel_shuffle(weighted + blend[:, bands.shape[1] :], FACTOR)

    def _features(self, cells: list[Tensor]) -> Tensor:
        centre, *others = cells
        weight = self.spectrum.weight
        contrast = (weight - weight.mean(dim=1, keepdim=True)) * 4
        signed = [F.conv2d(of, contrast, self.spectrum.bias) for of in cells]
        loud = [signed[0], *(F.conv2d(of - centre, contrast) for of in others)]
        x = self.enter(torch.cat([*signed, *(0.3 * ((of.abs() + FLOOR).log() + 4) for of in loud)], dim=1))
        x = F.leaky_relu(x, SLOPE)
        for layer in self.layers:
            x = x + F.leaky_relu(layer(x), SLOPE)
        return x


@dataclass(frozen=True)
class Windows:
    """Some windows of a cache: numbers [N] in it; codes, uint8 [N, 3, 192, 192], of the three pictures as they are and
    moved to the centre; and of the sharp centre [N, 192, 192].
    """

    cache: WindowCache
    numbers: np.ndarray
    plain: np.ndarray
    moved: np.ndarray
    sharp: np.ndarray

    def of(self, net: str) -> np.ndarray:
        """What a net is shown."""
        if net == NETS[0]:
            return np.broadcast_to(self.plain[:, :1], self.plain.shape)
        return self.plain if net == NETS[1] else self.moved


def read_windows(cache: WindowCache, each: int) -> Windows:
    """Some windows of each part."""
    numbers = [index for _, chosen in some_windows(cache, each) for index in chosen]
    plain, moved = (np.empty((len(numbers), PICTURES, CROP, CROP), np.uint8) for _ in range(2))
    sharp = np.empty((len(numbers), CROP, CROP), np.uint8)
    for place, index in enumerate(numbers):
        soft, target = pictures(cache, index, far=False)
        plain[place], moved[place], sharp[place] = (_codes(of) for of in (soft, moved_to_centre(soft), target))
    return Windows(cache, np.array(numbers), plain, moved, sharp)


def _codes(luma: Tensor) -> np.ndarray:
    return (255 * luma).add_(0.5).clamp_(0, 255).byte().numpy().reshape(-1, CROP, CROP).squeeze()


def train(windows: Windows, net: str, recipe: Recipe) -> nn.Module:
    """The running average of a net's weights."""
    torch.manual_seed(recipe.seed)
    model = SeveralPictures().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), recipe.learning_rate, (0.9, recipe.beta2))
    objective = Objective(recipe, None, None)
    odds = level_odds([windows.cache.levels[int(index)] for index in windows.numbers], MIX)
    shown = windows.of(net)
    for step in range(recipe.steps):
        rng = np.random.default_rng([recipe.seed, step])
        soft, sharp = _patches(shown, windows.sharp, rng.choice(len(odds), recipe.batch, p=odds), recipe.patch_px, rng)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step, recipe.steps)
        loss, _ = objective([model(soft)], Batch(soft[:, :1], sharp))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_norm)
        optimizer.step()
        decay = min(recipe.ema_decay, (1 + step) / (10 + step))
        for mean, now in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(now.detach(), 1 - decay)
    return average.eval()


def _patches(
    shown: np.ndarray, sharp: np.ndarray, picks: np.ndarray, side: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Float32 [N, 3, side, side] and [N, 1, side, side] from drawn places, turned at random."""
    soft_rows, sharp_rows = [], []
    for pick in picks:
        top, left = rng.integers(0, CROP - side + 1, 2)
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        for rows, picture in ((soft_rows, shown[pick]), (sharp_rows, sharp[pick][None])):
            cut = np.rot90(picture[:, top : top + side, left : left + side], turns, (1, 2))
            rows.append(np.ascontiguousarray(cut[..., ::-1] if mirrored else cut))
    soft, target = (torch.from_numpy(np.stack(rows)).float() / 255 for rows in (soft_rows, sharp_rows))
    return soft, target


@torch.inference_mode()
def answers(model: nn.Module, windows: Windows, net: str) -> np.ndarray:
    """uint8 [N, 192, 192]."""
    shown = windows.of(net)
    return np.stack([_codes(model(torch.from_numpy(shown[i].copy())[None].float() / 255)) for i in range(len(shown))])


def squared_errors(answer: np.ndarray, sharp: np.ndarray) -> np.ndarray:
    """Mean of each window, in 0..1 squared."""
    return np.stack([((a.astype(np.float32) - s) ** 2).mean() / 255**2 for a, s in zip(answer, sharp, strict=True)])


def vmaf_neg(windows: Windows, answer: np.ndarray) -> np.ndarray:
    """A figure of each window, as the picture after its soft t−1, so that VMAF sees the motion there is."""
    before = np.stack([_codes(windows.cache.neighbours(int(i), "luma", _WHOLE, 1)[1][0]) for i in windows.numbers])
    shown = np.stack([windows.plain[:, 1], answer], axis=1).reshape(-1, CROP, CROP)
    wanted = np.stack([before, windows.sharp], axis=1).reshape(-1, CROP, CROP)
    return np.array(perceptual_scores(list(shown), list(wanted)).vmaf_neg[1::2])


def table(windows: Windows, errors: dict[str, np.ndarray], scores: dict[str, np.ndarray]) -> Iterator[str]:
    """Markdown: what each net gains by group, and what neighbours add to it."""
    soft = windows.plain.astype(np.int16)
    still = np.abs(soft[:, 0] - soft[:, 1]).mean(axis=(1, 2)) < 255 * STILL
    members: dict[tuple[str, str, str], dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, index in enumerate(windows.numbers):
        part = windows.cache.part_of(int(index))
        if errors["nothing"][place] > NOTHING_TO_WIN:
            pace = "still" if still[place] else "moving"
            for group in ((part.subject, part.level, pace), (part.subject, "all", pace), ("all", "all", "all")):
                members[group][part.source, part.level].append(place)
    yield row(["", "level", "", "sources", *(f"{net}: {unit}" for net in NETS for unit in ("dB", "NEG"))])
    yield "|---" * (4 + 2 * len(NETS)) + "|"
    for group, places in sorted(members.items()):
        first: list[dict[tuple[str, str], float]] = []
        cells: list[str] = []
        for net in NETS:
            gains = {
                at: float(gain_db(errors["nothing"][of].sum(), errors[net][of].sum())) for at, of in places.items()
            }
            raised = {at: float((scores[net][of] - scores["nothing"][of]).mean()) for at, of in places.items()}
            if not first:
                first = [gains, raised]
                cells += [f"{np.mean(of_sources(gains)):+.3f}", f"{np.mean(of_sources(raised)):+.2f}"]
            else:
                for figures, alone, digits in zip((gains, raised), first, (3, 2), strict=True):
                    cells.append(described(of_sources({at: figures[at] - alone[at] for at in figures}), digits))
        yield row([*group, len({source for source, _ in places}), *cells])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--windows", type=int, default=8, help="of each part")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    fast = read_recipe("fast-0.1")
    recipe = replace(fast, steps=args.steps, teacher_weight=0.0, untouched=0.0, seed=args.seed)
    training, unseen = (read_windows(open_window_cache(args.cache, split), args.windows) for split in ("train", "val"))
    began = time.process_time()
    made = {"nothing": unseen.plain[:, 0]}
    for net in NETS:
        made[net] = answers(train(training, net, recipe), unseen, net)
        print(f"{net}: {(time.process_time() - began) / 60:.1f} core-minutes since the first began", flush=True)
    errors = {name: squared_errors(answer, unseen.sharp) for name, answer in made.items()}
    scores = {name: vmaf_neg(unseen, answer) for name, answer in made.items()}
    for line in table(unseen, errors, scores):
        print(line, flush=True)


if __name__ == "__main__":
    main()
