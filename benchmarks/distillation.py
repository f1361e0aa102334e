"""Does the teacher help? The same student with and without it, at equal compute, over several seeds, on unseen sources.

    python benchmarks/distillation.py --data TRAIN --teacher WEIGHTS --unseen EVAL --out runs/distillation

Trains a shortened recipe once for each α (weight of the L1 to the teacher's picture; 0 is without) and seed, then
evaluates all of them and the teacher in one run, and prints means over seeds of the gains over doing nothing. Finished
trainings are kept, so the command can be repeated after an interruption.
"""

import argparse
import tomllib
from pathlib import Path
from shutil import copyfile

import numpy as np
import pandas as pd
from vidsharp.jobs.evaluate_job import EvaluateConfig, evaluate
from vidsharp.jobs.train_config import TrainConfig
from vidsharp.jobs.train_job import train
from vidsharp.training.recipe import RECIPES
from vidsharp.training.train import CHECKPOINT, WEIGHTS


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="what the students train on")
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--unseen", type=Path, required=True, help="folder of sharp clips that training never saw")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="ablation")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--alphas", type=float, nargs="+", default=[0.0, 1.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--exclude", nargs="*", default=[], help="patterns of clips to leave out")
    args = parser.parse_args()
    names = {}
    for alpha in args.alphas:
        names[alpha] = [_trained(args, alpha, seed) for seed in args.seeds]
    models = (str(args.teacher), *(str(name) for group in names.values() for name in group))
    result = evaluate(
        EvaluateConfig(args.unseen, models, args.out / "evaluation", exclude=tuple(args.exclude), threads=args.threads)
    )
    _print_table(result.summary.set_index(["level", "method"]), args.teacher, names)


def _print_table(summary: pd.DataFrame, teacher: Path, names: dict[float, list[Path]]) -> None:
    """A line for the teacher and for each α, at each level: mean over seeds, and how far seeds lie from it."""
    print("| level | α | PSNR gain dB | SSIM gain |\n|---|---|---|---|")
    for level in dict.fromkeys(summary.index.get_level_values("level")):
        taught_by = summary.loc[(level, teacher.stem)]
        print(f"| {level} | teacher | {taught_by['psnr_gain_db']:+.3f} | {taught_by['ssim_gain']:+.5f} |")
        for alpha, group in names.items():
            rows = summary.loc[[(level, name.stem) for name in group]]
            psnr, ssim = (np.array(rows[key], float) for key in ("psnr_gain_db", "ssim_gain"))
            means = f"{psnr.mean():+.3f} (±{np.ptp(psnr) / 2:.3f}) | {ssim.mean():+.5f} (±{np.ptp(ssim) / 2:.5f})"
            print(f"| {level} | {alpha:g} | {means} |")


def _trained(args: argparse.Namespace, alpha: float, seed: int) -> Path:
    """The weights of one training, named for what was different in it."""
    name = f"alpha{alpha:g}_seed{seed}"
    weights = args.out / f"{name}.safetensors"
    if not weights.exists():
        folder = args.out / name
        folder.mkdir(parents=True, exist_ok=True)
        changes = {"steps": args.steps, "seed": seed, "teacher_weight": alpha}
        recipe = folder / "recipe.toml"
        recipe.write_text(_changed(RECIPES / f"{args.recipe}.toml", changes))
        train(
            TrainConfig(
                args.data,
                folder,
                recipe=str(recipe),
                teacher=args.teacher if alpha else None,
                resume=(folder / CHECKPOINT).exists(),
                threads=args.threads,
                loader_workers=0,
            ),
            print,
        )
        copyfile(folder / WEIGHTS, weights)
    return weights


def _changed(recipe: Path, changes: dict[str, float]) -> str:
    """A recipe's text with some values replaced."""
    text = recipe.read_text()
    kept = [line for line in text.splitlines() if line.split("=")[0].strip() not in changes]
    changed = "\n".join([*(f"{name} = {value}" for name, value in changes.items()), *kept]) + "\n"
    tomllib.loads(changed)
    return changed


if __name__ == "__main__":
    main()
