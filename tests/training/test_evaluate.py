"""The evaluation's table, on clips made here."""

from pathlib import Path

import pytest
from vidsharp.training.evaluate import Row, evaluate, summarise

from tests.training.test_simulate_clip import write_clip


def test_every_source_level_and_method_has_a_row(tmp_path: Path) -> None:
    for name in ("a.mkv", "b.mkv"):
        write_clip(tmp_path / name, sound=False)
    rows = evaluate(sorted(tmp_path.iterdir()), "fast", levels=["light", "sharp"], length=6, every=3, threads=1)
    assert {(r.source, r.level) for r in rows} == {(s, lv) for s in "ab" for lv in ("light", "sharp")}
    assert {r.method for r in rows} == {"identity", "unsharp", "cas", "fast"}
    for row in rows:
        if (row.level, row.method) == ("sharp", "identity"):
            assert (row.psnr_db, row.ssim) == (pytest.approx(60), pytest.approx(1))
        elif row.level == "light":
            assert 15 < row.psnr_db < 50
            assert 0.3 < row.ssim < 1


def test_summary_states_gains_over_identity() -> None:
    rows = [
        Row(source, level, method, 30 + gain + extra, 0.9 + gain / 100)
        for source, extra in (("a", 0.0), ("b", 3.0))
        for level in ("light", "heavy")
        for method, gain in (("identity", 0.0), ("fast", 1.0))
    ]
    lines = summarise(rows).splitlines()
    assert "| light | identity | 31.50 | 0.9000 | +0.000 [+0.000, +0.000] | +0.0000 [+0.0000, +0.0000] |" in lines
    assert "| light | fast | 32.50 | 0.9100 | +1.000 [+1.000, +1.000] | +0.0100 [+0.0100, +0.0100] |" in lines
    assert lines[-1].startswith("| light+heavy | fast |")
