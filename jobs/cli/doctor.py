"""The command that tells whether the main job can run here."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..exit_code import OK, SOME_FAILED
from ..files.clips import printable
from .answer import Answer
from .logs import set_up_logs
from .options import PATH, command, config_option

if TYPE_CHECKING:
    from ..tools.doctor_job import Check


@command()
@click.option(
    "-o", "--out", default=Path(), type=PATH, metavar="DIR", help="The output folder to be [default: this one]."
)
@config_option("address")
def doctor(out: Path, address: str | None) -> Answer:
    """Checks what the main job needs.

    Looks at libraries, processor, GPU, encoders, models, memory, disk and engines, and says what is missing and what to
    do.
    Exit codes: 0 the main job can run, 1 it cannot.
    """
    set_up_logs(verbose=False, quiet=True, as_json=False)
    from ..tools.doctor_job import can_run
    from ..tools.doctor_job import doctor as run

    checks = list(run(out, address))
    runs = can_run(checks)
    return Answer(checks, lambda: _say(checks, runs), {"can_run": runs}, OK if runs else SOME_FAILED)


def _say(checks: "list[Check]", runs: bool) -> None:
    click.echo(doctor_text(checks), nl=False)
    click.echo("The main job can run." if runs else "The main job cannot run: see what is broken above.")


def doctor_text(checks: "list[Check]") -> str:
    """A line for each check, and what to do about it below."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{check.state:7}  {check.name:{width}}  {printable(check.found)}")
        if check.advice:
            lines.append(f"{'':{9 + width}}  → {check.advice}")
    return "\n".join(lines) + "\n"
