"""Does the teacher help? The same student with and without its answers, at equal compute, over several seeds.

    python -m benchmarks.quality.distillation CACHE --out runs/distillation --recipe fast

CACHE holds windows and a teacher's answers to some of them (`build_windows`, `label_windows`). All ways draw the same
patches; they differ in what is looked at:

    originals   the originals alone
    teacher     the originals, and the teacher's answers where it was asked
    unlabelled  as `teacher`, but half of these answers count as recordings without an original
    staged      a third of the steps in which `crisp` sees the teacher's answers alone, then as `teacher`

`--amounts 0.25 0.5` adds `teacher` with that share of the answers, `--also best` with those of another teacher. Prints,
on validation windows, means over seeds of the gains over doing nothing, and the gain over `originals` with a bootstrap
interval over sources. Finished trainings are kept and an interrupted one goes on.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import numpy as np
import pandas as pd
import torch
from vidsharp.models.nets.look import CRISP, NATURAL, StudentLook
from vidsharp.reports.evaluation.evaluation_tables import IDENTITY
from vidsharp.reports.metrics.statistics import bootstrap_interval
from vidsharp.training.data.labels import LABELS
from vidsharp.training.data.window_cache import open_window_cache
from vidsharp.training.evaluation.methods import methods
from vidsharp.training.loop.train import CHECKPOINT, WEIGHTS, Places, train
from vidsharp.training.recipe import Recipe, read_recipe
from vidsharp.training.teachers import TEACHERS

from benchmarks.quality.on_windows import measured

WAYS = ("originals", "teacher", "unlabelled", "staged")
STAGED = 1 / 3
FIGURES = {"psnr_db": "PSNR, dB", "ssim": "SSIM", "vmaf_neg": "VMAF-NEG"}
DRAWS = 2000


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--amounts", type=float, nargs="*", default=[], help="shares of the answers, above 0, below 1")
    parser.add_argument("--also", nargs="*", default=[], choices=sorted(TEACHERS), help="teachers to try in its place")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--windows", type=int, default=24, help="that are measured, of each level and group")
    args = parser.parse_args()
    torch.set_num_threads(1)
    recipe = replace(read_recipe(args.recipe), steps=args.steps, validate_every=args.steps)
    recipes = {way: taught(recipe, way) for way in args.ways}
    for amount in args.amounts:
        recipes[f"teacher {amount:g}"] = replace(recipe, labels=_some_answers(args.cache, recipe.labels, amount))
    recipes |= {f"teacher {name}": replace(recipe, labels=name) for name in args.also}
    runs = {
        (way, seed): trained(way, replace(of_way, seed=seed), args.cache, args.out / f"{way}-{seed}".replace(" ", "-"))
        for way, of_way in recipes.items()
        for seed in args.seeds
    }
    print(table(args.cache, runs, args.windows))


def taught(recipe: Recipe, way: str) -> Recipe:
    """A recipe that has the teacher's answers, changed in what is looked at and in nothing else."""
    if way == "originals":
        return replace(recipe, crisp={name: weight for name, weight in recipe.crisp.items() if name != "teacher"})
    return replace(recipe, unlabelled=0.5) if way == "unlabelled" else recipe


def trained(way: str, recipe: Recipe, cache: Path, folder: Path) -> Path:
    """The weights of one training."""
    weights = folder.with_name(f"{folder.name}.safetensors")  # an amount has a point in it
    if weights.exists():
        return weights
    start = None
    if way == "staged":
        crisp = {"teacher": recipe.crisp["teacher"]}
        first = replace(recipe, steps=round(recipe.steps * STAGED), answered=1.0, crisp=crisp)
        start = _run(first, cache, folder / "first", None)
        recipe = replace(recipe, steps=recipe.steps - first.steps)
    copyfile(_run(recipe, cache, folder / "last", start), weights)
    return weights


def _run(recipe: Recipe, cache: Path, out: Path, start: Path | None) -> Path:
    pairs = open_window_cache(cache, "train"), open_window_cache(cache, "val")
    checkpoint = out / CHECKPOINT
    done = checkpoint.exists() and torch.load(checkpoint, weights_only=True)["step"] == recipe.steps
    if not done:
        train(recipe, Places(out, start=start), pairs, resume_from=checkpoint if checkpoint.exists() else None)
    return out / WEIGHTS


def _some_answers(cache: Path, teacher: str, amount: float) -> str:
    """A share of a teacher's answers, evenly from all of them, under a name of its own."""
    name = f"{teacher}-{amount:g}"
    files = sorted((cache / LABELS / teacher).glob("*/*.png"))
    for number, file in enumerate(files):
        link = cache / LABELS / name / file.relative_to(cache / LABELS / teacher)
        if int((number + 1) * amount) > int(number * amount) and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
    return name


def table(cache: Path, runs: Mapping[tuple[str, int], Path], windows: int) -> str:
    """Markdown: a line for each level, look, figure and way."""
    students = [StudentLook(str(weights), look) for weights in runs.values() for look in (NATURAL, CRISP)]
    named = {
        name: method
        for name, method in methods(students, device="cpu", threads=1).items()
        if name not in ("unsharp", "cas")
    }
    rows = measured(open_window_cache(cache, "val"), named, windows)
    rows = pd.DataFrame(rows[rows.group == "camera"])
    lines = ["| level | look | figure | way | gain, seeds | over originals |", "|---|---|---|---|---|---|"]
    for level in ("light", "medium", "heavy", "compressed", "sharp"):
        for look in ("natural", "crisp"):
            for figure, title in FIGURES.items():
                gains = _by_source(pd.DataFrame(rows[rows.level == level]), runs, look, figure)
                for way, values in gains.items():
                    over = _over(values, gains.get("originals"))
                    lines.append(f"| {level} | {look} | {title} | {way} | {_seeds(values)} | {over} |")
    return "\n".join(lines)


def _by_source(
    rows: pd.DataFrame, runs: Mapping[tuple[str, int], Path], look: str, figure: str
) -> dict[str, np.ndarray]:
    """Gains over doing nothing, float [seeds, sources], by way."""
    means = rows.pivot_table(index="method", columns="source", values=figure)
    gains: dict[str, list[np.ndarray]] = {}
    for (way, _), weights in runs.items():
        gains.setdefault(way, []).append((means.loc[f"{weights.stem} {look}"] - means.loc[IDENTITY]).to_numpy())
    return {way: np.stack(values) for way, values in gains.items()}


def _seeds(gains: np.ndarray) -> str:
    each = gains.mean(axis=1)
    return f"{each.mean():+.4f} (±{np.ptp(each) / 2:.4f})"


def _over(gains: np.ndarray, originals: np.ndarray | None) -> str:
    if originals is None or originals is gains:
        return ""
    difference = (gains - originals).mean(axis=0)
    low, high = bootstrap_interval(difference, 0, DRAWS)
    interval = "" if low is None else f" [{low:+.4f}, {high:+.4f}]"
    return f"{difference.mean():+.4f}{interval}"


if __name__ == "__main__":
    main()
