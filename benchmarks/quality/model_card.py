"""Writes the figures of a shipped student's card, models/weights/NAME.json and a table in NAME.md, from an evaluation.

vidsharp evaluate DATA --model fast --look natural --look crisp --frames 24 --every 8 --out EVALUATION
python benchmarks/quality/model_card.py EVALUATION fast

The JSON holds the gains of the look that the student has unless another is asked for; the table holds all that were
measured, beside doing nothing, an unsharp mask and CAS. It stands between the headings "Measured" and "Limits".
"""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from safetensors.numpy import load_file
from vidsharp.jobs.tools.bench import bench_model
from vidsharp.models.nets.catalogue import WEIGHTS, look_of, weights_digest, weights_path
from vidsharp.models.nets.look import CRISP, NATURAL, named_at
from vidsharp.reports.templates.markdown import markdown_table

TRAINED_ON = (
    "vidsharp's public photos and clips (credits in the card), and screens made by code, over simulated calls; CPU only"
)
LICENCE = "Apache-2.0; the training data's CC BY credits travel with it"
SLOW_GFLOP = 100
"""Beyond this, a few runs are enough."""
LEVELS = ("light", "medium", "heavy", "compressed", "switching", "sharp", "calls")
BESIDE = ("identity", "unsharp", "cas")
COLUMNS = (
    "level",
    "method",
    "PSNR dB",
    "SSIM",
    "VMAF-NEG",
    "PSNR gain dB [95 %]",
    "SSIM gain [95 %]",
    "VMAF-NEG gain",
    "flicker",
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("evaluation", type=Path, help="folder that `vidsharp evaluate --out` wrote")
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    summary = pd.read_csv(args.evaluation / "summary.csv")
    for name in args.models:
        look = look_of(name)
        shown = [name] if look is None else [named_at(name, each) for each in (NATURAL, CRISP)]
        card = {
            "parameters": sum(of.size for key, of in load_file(weights_path(name)).items() if key != "dilations"),
            **_cost(name),
            "gains": {
                row["level"]: [round(row["psnr_gain_db"], 3), round(row["ssim_gain"], 5)]
                for row in pd.DataFrame(summary[summary["method"] == named_at(name, look)]).to_dict("records")
            },
            "trained_on": TRAINED_ON,
            "licence": LICENCE,
        }
        (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n")
        text = WEIGHTS / f"{name}.md"
        text.write_text(
            with_figures(text.read_text(), weights_digest(name), markdown_table(COLUMNS, _rows(summary, shown), 2))
        )
        print(name, json.dumps(card))


def with_figures(card: str, digest: str, figures: str) -> str:
    """A card's text with another digest of its weights, and with other figures before its limits."""
    card = re.sub(r"SHA-256 `[0-9a-f]{64}`", f"SHA-256 `{digest}`", card, count=1)
    before, after = card.split("\n## Limits\n")
    return before[: before.index("\n| level") + 1] + figures + "\n## Limits\n" + after


def _cost(name: str) -> dict[str, float]:
    quick = bench_model(1920, 1080, model=name, device="cpu", threads=None, warmup=1, runs=1)
    runs = 3 if quick["gflop_per_frame"] > SLOW_GFLOP else 50
    speed = bench_model(1920, 1080, model=name, device="cpu", threads=None, warmup=1, runs=runs)
    return {"gflop_1080p": round(speed["gflop_per_frame"], 2), "ms_1080p": round(speed["ms_p50"], 1)}


def _rows(summary: pd.DataFrame, shown: Sequence[str]) -> list[list[str]]:
    """The cells of a row for each level and method."""
    rows: dict[tuple[str, str], dict[str, float]] = summary.set_index(["level", "method"]).to_dict("index")  # type: ignore[assignment]
    return [
        [level, method, *_cells(of, method)]
        for level in LEVELS
        for method in (*BESIDE, *shown)
        if (of := rows.get((level, method)))
    ]


def _cells(of: Mapping[str, float], method: str) -> list[str]:
    def gain(name: str, digits: str) -> str:
        return f"{of[name]:+{digits}} [{of[f'{name}_low']:+{digits}}, {of[f'{name}_high']:+{digits}}]"

    gains = [gain("psnr_gain_db", ".3f"), gain("ssim_gain", ".4f"), f"{of['vmaf_neg_gain']:+.1f}"]
    if method == BESIDE[0]:
        gains = ["–"] * len(gains)
    return [f"{of['psnr_db']:.2f}", f"{of['ssim']:.4f}", f"{of['vmaf_neg']:.1f}", *gains, f"{of['flicker']:.3f}"]


if __name__ == "__main__":
    main()
