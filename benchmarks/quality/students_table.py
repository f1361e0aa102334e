"""Writes the table of students in README.md and docs/students.md, between its marks, from evaluations.

    vidsharp evaluate DATA --model fast --model balanced --look natural --look crisp --out NEW
    vidsharp evaluate DATA --model fast-0.1 --model balanced-0.1 --out EARLIER
    python benchmarks/quality/students_table.py NEW EARLIER

Parameters and operations are those of the students' cards, which `benchmarks/quality/model_card.py` writes.
"""

import argparse
import json
import re
from pathlib import Path

import pandas as pd
from vidsharp.models.nets.catalogue import WEIGHTS

from benchmarks.quality.model_card import table

PAGES = (Path("README.md"), Path("docs/students.md"))
MARKS = "<!-- students -->", "<!-- end of students -->"
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
    text = table(
        COLUMNS, [_line(pd.DataFrame(whole[whole["method"] == method]), method) for method in (*methods, *TITLES)]
    )
    for page in PAGES:
        page.write_text(_between(page.read_text(), text))
    print(text)


def _between(page: str, text: str) -> str:
    before, marked, rest = page.partition(MARKS[0])
    _, ended, after = rest.partition(MARKS[1])
    if not (marked and ended):
        raise SystemExit(f"The page has no marks {' and '.join(MARKS)} to write a table between.")
    return f"{before}{marked}\n{text}\n{ended}{after}"


def _line(rows: pd.DataFrame, method: str) -> str:
    of: dict[str, dict[str, float]] = rows.set_index("level").to_dict("index")

    def gains(level: str) -> str:
        return f"{of[level]['psnr_gain_db']:+.2f} / {of[level]['ssim_gain']:+.4f}"

    neg = ", ".join(f"{of[level]['vmaf_neg_gain']:+.1f}" for level in ("medium", "heavy"))
    student, _, look = method.partition(" ")
    name = TITLES.get(method) or f"`{student}`" + (f", {look}" if look else "")
    cells = [name, *_size(student), gains("light"), gains("medium"), gains("heavy"), neg, gains("compressed")]
    line = f"| {' | '.join(cells)} | {of['sharp']['ssim_gain']:+.4f} |"
    return re.sub(r"(?<=[ ,])-(?=[0-9])", "−", line)


def _size(student: str) -> tuple[str, str]:
    card = WEIGHTS / f"{student}.json"
    if not card.exists():
        return "", ""
    known = json.loads(card.read_text())
    return f"{known['parameters']:,}", f"{known['gflop_1080p']:g}"


if __name__ == "__main__":
    main()
