"""Writes the figures of a shipped student's card, models/weights/NAME.json, from an evaluation and a bench.

vidsharp evaluate DATA --model fast --model balanced --out EVALUATION
python benchmarks/model_card.py EVALUATION fast balanced
"""

import argparse
import json
from pathlib import Path

import pandas as pd
from vidsharp.jobs.bench import bench_model
from vidsharp.models.catalogue import WEIGHTS, load_student

TRAINED_ON = "vidsharp's public photos and clips (credits in the card), made soft by simulated calls; CPU only"
LICENCE = "Apache-2.0; the training data's CC BY credits travel with it"
SLOW_GFLOP = 100
"""Beyond this, a few runs are enough."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("evaluation", type=Path, help="folder that `vidsharp evaluate --out` wrote")
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    summary = pd.read_csv(args.evaluation / "summary.csv")
    for name in args.models:
        quick = bench_model(1920, 1080, model=name, device="cpu", threads=None, warmup=1, runs=1)
        runs = 3 if quick["gflop_per_frame"] > SLOW_GFLOP else 50
        speed = bench_model(1920, 1080, model=name, device="cpu", threads=None, warmup=1, runs=runs)
        mine = summary[summary["method"] == name]
        card = {
            "parameters": sum(p.numel() for p in load_student(name).net.parameters()),
            "gflop_1080p": round(speed["gflop_per_frame"], 2),
            "ms_1080p": round(speed["ms_p50"], 1),
            "gains": {
                row.level: [round(float(row.psnr_gain_db), 3), round(float(row.ssim_gain), 5)]  # type: ignore[arg-type]
                for row in mine.itertuples()
            },
            "trained_on": TRAINED_ON,
            "licence": LICENCE,
        }
        (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n")
        print(name, json.dumps(card))


if __name__ == "__main__":
    main()
