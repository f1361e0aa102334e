"""The end of a run on the terminal: a short table of its clips, those to look at first on top."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...reports.run.run_table import run_table
from ...reports.run.tables import CLIP_COLUMNS

MOST = 10
"""So many clips are shown; the report has all."""


def show_run(rows: Sequence[Mapping[str, Any]], console: Console | None = None) -> None:
    """Prints the table to stdout.

    Args:
        rows: of the `clips` table; columns that a row lacks count as null.
        console: where to print instead.
    """
    header, cells, more = run_table([dict.fromkeys(CLIP_COLUMNS) | dict(row) for row in rows], MOST)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(header):
        # A long name takes more lines, and leaves the figures whole.
        heading = name.replace(" ", "\n")
        shown.add_column(heading, justify="left" if number < 2 else "right", overflow="fold", no_wrap=number > 0)
    for line in cells:
        # `Text`: names come from outside, and are no markup.
        shown.add_row(*(Text(cell) for cell in line), style="red" if line[1] == "failed" else None)
    console = console or Console()
    console.print(shown)
    if more:
        console.print(f"… and {more} more, all in the report", highlight=False)
