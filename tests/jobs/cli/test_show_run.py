"""The table at the end of a run is plain text, whatever clips are called."""

import io
from typing import Any

from rich.console import Console
from vidsharp.jobs.cli.show_run import MOST, show_run


def shown(rows: list[dict[str, Any]], width: int = 120) -> str:
    stream = io.StringIO()
    show_run(rows, Console(file=stream, width=width))
    return stream.getvalue()


def test_worst_first_and_the_rest_counted() -> None:
    rows = [{"clip": f"clip-{n}.mp4", "status": "done", "ssim_input": 0.9 + n / 1000} for n in range(MOST + 5)]
    lines = shown([*rows, {"clip": "[red]bad[/red].mp4", "status": "failed"}]).splitlines()
    assert [line.split() for line in lines[:3]] == [["SSIM"], ["to"], ["clip", "status", "input"]]
    assert lines[3].split() == ["[red]bad[/red].mp4", "failed", "–"]
    assert lines[4].split() == ["clip-0.mp4", "done", "0.9000"]
    assert len(lines) == MOST + 4
    assert lines[-1] == "… and 6 more, all in the report"


def test_a_long_name_is_folded_and_not_cut() -> None:
    name = "a" * 150 + ".mp4"
    text = shown([{"clip": name, "status": "done", "ssim_input": 0.5}], width=60)
    first, *more = text.splitlines()[3:]
    assert first.split()[1:] == ["done", "0.5000"]
    assert "".join(line.split()[0] for line in (first, *more)) == name
