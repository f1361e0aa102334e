"""Writes the table of students in README.md and docs/students.md, between the marks of its section, from evaluations.

    vidsharp evaluate DATA --model fast --model balanced --look natural --look crisp --out NEW
    vidsharp evaluate DATA --model fast-0.1 --model balanced-0.1 --out EARLIER
    python -m benchmarks.quality.students_table NEW EARLIER

Parameters and operations are those of the students' cards, which `benchmarks/quality/model_card.py` writes.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
from vidsharp.models.nets.catalogue import WEIGHTS
from vidsharp.reports.templates.markdown import markdown_table

from benchmarks.quality.benchmark_table import minus
from benchmarks.speed.performance_page import put

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "students.md")
SECTION = "students"
COLUMNS = (
    "student",
    "parameters",
    "GFLOP at 1080p",
    "light",
    "medium",
    "heavy",
    "VMAF-NEG: medium, heavy",
    "compressed only",
    "already sharp, SSIM",
)
TITLES = {"unsharp": "unsharp mask", "cas": "CAS"}
LEFT_OUT = ("identity",)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("evaluations", type=Path, nargs="+", help="folders that `vidsharp evaluate --out` wrote")
    args = parser.parse_args()
    whole = pd.concat([pd.read_csv(folder / "summary.csv") for folder in args.evaluations])
    whole = whole.drop_duplicates(["level", "method"])
    methods = [method for method in whole["method"].unique() if method not in (*LEFT_OUT, *TITLES)]
    rows = [_cells(pd.DataFrame(whole[whole["method"] == method]), method) for method in (*methods, *TITLES)]
    text = markdown_table(COLUMNS, rows)
    for page in PAGES:
        put(page, SECTION, text)
    print(text)


def _cells(rows: pd.DataFrame, method: str) -> list[str]:
    of: dict[str, dict[str, float]] = rows.set_index("level").to_dict("index")

    def gains(level: str) -> str:
        return f"{of[level]['psnr_gain_db']:+.2f} / {of[level]['ssim_gain']:+.4f}"

    neg = ", ".join(f"{of[level]['vmaf_neg_gain']:+.1f}" for level in ("medium", "heavy"))
    student, _, look = method.partition(" ")
    name = TITLES.get(method) or f"`{student}`" + (f", {look}" if look else "")
    cells = [
        gains("light"),
        gains("medium"),
        gains("heavy"),
        neg,
        gains("compressed"),
        f"{of['sharp']['ssim_gain']:+.4f}",
    ]
    return [name, *_size(student), *map(minus, cells)]


def _size(student: str) -> tuple[str, str]:
    card = WEIGHTS / f"{student}.json"
    if not card.exists():
        return "", ""
    known = json.loads(card.read_text())
    return f"{known['parameters']:,}", f"{known['gflop_1080p']:g}"


if __name__ == "__main__":
    main()
