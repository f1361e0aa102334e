"""The command of the day."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.speed.performance_page import put

from . import codecs, correctness, end_to_end, hardware, networks
from .step import ROOT, Step, keep, read, run_apart, run_here, scale_of
from .tables import page

TOTAL_S = 540.0
STEPS = (
    Step("versions", 15, hardware.versions),
    Step("ceilings", 30, hardware.ceilings),
    Step("gate", 80, correctness.gate),
    Step("races", 25, correctness.races),
    Step("sanitizer", 35, correctness.races, {"TORCH_CUDA_SANITIZER": "1"}),
    Step("capture", 15, correctness.capture),
    Step("precision", 50, networks.precision),
    Step("students", 100, networks.students),
    Step("compiled", 40, networks.compiled),
    Step("out_of_memory", 20, correctness.out_of_memory),
    Step("codecs", 40, codecs.codecs),
    Step("end_to_end", 90, end_to_end.end_to_end),
)
PAGE, SECTION = ROOT / "docs" / "gpu.md", "gpu day"


_PATIENCE = 20
"""How many times as long a rehearsal may take: on a machine with other work, to start a process takes a minute."""


def run_day(out: Path, steps: Sequence[Step] = STEPS, total_s: float = TOTAL_S, *, rehearse: bool) -> None:
    """Does one step after the other. Each leaves `STEP.json` in `out`, and the tables are written again after each."""
    out.mkdir(parents=True, exist_ok=True)
    patience = _PATIENCE if rehearse else 1
    total_s *= patience
    began, found = time.monotonic(), {}
    for step in steps:
        left_s = total_s - (time.monotonic() - began)
        if left_s <= 0:
            found[step.name] = {"failed": "there was no time left for it"}
            keep(out / f"{step.name}.json", found[step.name])
        else:
            found[step.name] = run_apart(step, out, min(patience * step.limit_s, left_s), rehearse=rehearse)
        click.echo(f"{step.name}: {found[step.name].get('failed') or 'done'}", err=True)
        (out / "tables.md").write_text(page(found, rehearsal=rehearse))


@click.command()
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option("--rehearse", is_flag=True, help="On the CPU, each step as small as can be.")
@click.option("--step", "name", type=click.Choice([step.name for step in STEPS]), help="This one alone, here.")
@click.option("--tables", is_flag=True, help="Only puts the tables of a day that OUT holds into docs/gpu.md.")
def main(out: Path, rehearse: bool, name: str | None, tables: bool) -> None:
    """Says of a GPU what is right, and how fast it is. OUT gets a JSON file for each step, and tables."""
    if name is not None:
        (step,) = (each for each in STEPS if each.name == name)
        run_here(step, out / f"{name}.json", scale_of(rehearse=rehearse))
        return
    if not tables:
        run_day(out, rehearse=rehearse)
    if rehearse:
        click.echo((out / "tables.md").read_text())
        return
    found = {step.name: read(out / f"{step.name}.json") for step in STEPS}
    if "gpu" not in found["versions"]:
        sys.exit(f"{out} holds no day on a GPU: see {out / 'versions.json'}")
    put(PAGE, SECTION, page(found, rehearsal=False))
    click.echo(f"{PAGE.relative_to(ROOT)} has its tables")


if __name__ == "__main__":
    main()
