"""A run as text: the clips to look at come first, and nothing that a name holds is obeyed."""

import json
from typing import Any

import pytest
from vidsharp.reports.run.run_table import run_json, run_markdown, run_table
from vidsharp.reports.run.tables import CHUNK_COLUMNS, CLIP_COLUMNS, table

from tests.support.held_rows import HeldRows


def clip(name: str, status: str = "done", **more: Any) -> dict[str, Any]:
    return {**dict.fromkeys(CLIP_COLUMNS), "clip": name, "status": status, **more}


def tables(clips: list[dict[str, Any]]) -> tuple[HeldRows, HeldRows]:
    return HeldRows(table(clips, CLIP_COLUMNS), CLIP_COLUMNS), HeldRows(table([], CHUNK_COLUMNS), CHUNK_COLUMNS)


CLIPS = [
    clip(
        "good.mp4", frames=1200, frames_lost=0, fps=20.0, ssim_input=0.99, sharpness_before=10.0, sharpness_after=15.0
    ),
    clip("lossy.mp4", frames=900, frames_lost=3, fps=18.5, ssim_input=0.995),
    clip("bad | <img src=x>.mp4", "failed", error="it is [no](javascript:x) video; `remove` it"),
    clip("moved.mp4", "resumed", frames=300, frames_lost=0, ssim_input=0.91),
]


def test_failed_first_then_lost_then_most_moved() -> None:
    header, cells, more = run_table(CLIPS)
    assert header == ["clip", "status", "frames", "lost", "fps", "SSIM to input", "sharper ×"]
    assert [line[0] for line in cells] == ["bad | <img src=x>.mp4", "lossy.mp4", "moved.mp4", "good.mp4"]
    assert cells[0][1:] == ["failed", "–", "–", "–", "–", "–"]
    assert cells[3][1:] == ["done", "1,200", "0", "20.0", "0.9900", "1.50"]
    assert more == 0


def test_what_no_clip_has_is_no_column() -> None:
    assert run_table([clip("a", frames_lost=0)])[0] == ["clip", "status"]
    with_reference = clip("a", ssim_ref_before=0.9, ssim_ref_after=0.925)
    assert run_table([with_reference])[0][2:] == ["SSIM gain"]
    assert run_table([with_reference])[1][0][2:] == ["+0.0250"]


@pytest.mark.parametrize(("limit", "more"), [(1, 3), (4, 0), (9, 0)])
def test_the_rest_is_counted(limit: int, more: int) -> None:
    _, cells, left = run_table(CLIPS, limit)
    assert (len(cells), left) == (min(limit, 4), more)


def test_markdown_says_what_happened_and_escapes_names() -> None:
    said = run_markdown(*tables(CLIPS))
    assert said.startswith("# 3 of 4 recordings were sharpened, 1 failed.\n")
    assert "\n## Failed\n" in said
    assert r"| bad \| \<img src=x\>.mp4 |" in said
    assert r"it is \[no\](javascript:x) video; \`remove\` it" in said


def test_an_empty_run_is_said_too() -> None:
    assert run_markdown(*tables([])).startswith("# There is nothing to show")


def test_json_has_the_tables_values() -> None:
    read = json.loads(run_json(*tables(CLIPS)))
    assert [row["clip"] for row in read["clips"]] == [
        "bad | <img src=x>.mp4", "lossy.mp4", "moved.mp4", "good.mp4"
    ]  # fmt: skip
    assert all(set(row) == set(CLIP_COLUMNS) for row in read["clips"])
    assert read["clips"][3]["sharpness_after"] == 15.0
    assert read["summary"]["counts"] == {"done": 2, "resumed": 1, "failed": 1}
    moved = read["summary"]["moved"]
    assert (moved["low"], moved["high"]) == (0.91, 0.995)
    assert (moved["count"], moved["risen"]) == (3, 3)
