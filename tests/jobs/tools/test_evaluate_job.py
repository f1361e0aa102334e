"""The evaluation as a job: what it writes agrees with what it returns, and wrong requests end before any work."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from vidsharp.jobs import EvaluateConfig, evaluate
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.tools import evaluate_job
from vidsharp.models.errors import ModelError
from vidsharp.pipeline.errors import OutputError
from vidsharp.reports.evaluation.evaluation_tables import ITEM_COLUMNS
from vidsharp.reports.metrics.vmaf import vmaf_ffmpeg
from vidsharp.reports.run.tables import from_parquet, rows

from tests.training.evaluation.test_evaluation_sources import pair
from tests.training.simulate.test_clip import write_clip

EVIL = "<img src=x onerror=alert(1)>"


def test_image_pairs_give_tables_and_a_page(tmp_path: Path) -> None:
    for sequence in ("a", EVIL):
        for name in ("1.png", "2.png"):
            pair(tmp_path / "data" / "test" / sequence, name, (48, 32))
    out = tmp_path / "deep" / "out"
    result = evaluate(EvaluateConfig(tmp_path / "data", out=out, device="cpu"))
    assert sorted(path.name for path in out.iterdir()) == [
        ".vidsharp-made.json",
        "evaluation.csv", "evaluation.parquet", "index.html", "sources.csv", "summary.csv", "summary.md",
    ]  # fmt: skip
    kept = from_parquet((out / "evaluation.parquet").read_bytes(), ITEM_COLUMNS)
    pd.testing.assert_frame_equal(kept, result.items)
    assert len(kept) == 2 * 2 * 4
    assert set(kept["level"]) == {"blur"}
    page = (out / "index.html").read_text()
    assert result.page == out / "index.html"
    assert EVIL not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    mean = np.mean([row["psnr_db"] for row in rows(kept) if row["method"] == "fast"])
    (fast,) = [row for row in rows(result.summary) if row["method"] == "fast"]
    assert fast["psnr_db"] == pytest.approx(mean)
    assert f"{mean:.2f}" in page
    assert f"{fast['psnr_gain_db']:+.3f}" in page
    assert (out / "summary.md").read_text() == result.markdown


def test_clips_are_made_soft_and_nothing_is_written_unasked(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    result = evaluate(EvaluateConfig(tmp_path, levels=("light", "sharp"), frames=4, every=4, device="cpu"))
    assert [(r["level"], r["method"]) for r in rows(result.items)] == [
        (level, method) for level in ("light", "sharp") for method in ("identity", "unsharp", "cas", "fast")
    ]
    assert result.page is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]
    flicker = {(r["level"], r["method"]): r["flicker"] for r in rows(result.summary)}
    assert flicker["sharp", "identity"] == 1
    assert 0.3 < flicker["light", "identity"] < 1


def test_wrong_requests_end_before_any_work(tmp_path: Path) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"levels": ("awful",)}, "--levels 'awful' is not known"),
        ({"frames": 0}, "--frames 0 is too few"),
        ({"every": 0}, "--every 0 is too few"),
        ({"threads": 0}, "--threads 0 is too few"),
        ({"models": ()}, "--model"),
    ]
    for change, said in wrong:
        with pytest.raises(UsageError, match=said):
            EvaluateConfig(tmp_path, **change)
    pair(tmp_path / "data", "1.png")
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="--levels is for clips"):
        evaluate(EvaluateConfig(tmp_path / "data", levels=("light",), out=out))
    with pytest.raises(ModelError, match="no model 'fastest'"):
        evaluate(EvaluateConfig(tmp_path / "data", models=("fastest",), out=out))
    with pytest.raises(OutputError, match="cannot be written"):
        evaluate(EvaluateConfig(tmp_path / "data", out=tmp_path / "file" / "below"))
    assert not out.exists()


def test_each_extra_that_is_missing_is_one_sentence_and_its_columns_are_null(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(evaluate_job, "vmaf_ffmpeg", lambda: None)
    monkeypatch.setattr(evaluate_job, "can_read", lambda: False)
    logging.getLogger("vidsharp").propagate = True
    pair(tmp_path / "data", "1.png", (48, 40))
    result = evaluate(EvaluateConfig(tmp_path / "data", device="cpu"))
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == [
        "VMAF, VMAF-NEG and XPSNR are left out: pip install 'vidsharp[vmaf]'",
        "words are not read: pip install 'vidsharp[ocr]'",
    ]
    for name in ("vmaf", "vmaf_neg", "xpsnr_db", "words"):
        assert set(result.items[name].isna()) == {True}
    assert "VMAF" not in result.markdown


@pytest.mark.skipif(vmaf_ffmpeg() is None, reason="needs the extra [vmaf]")
def test_with_vmaf_its_columns_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate_job, "can_read", lambda: False)
    pair(tmp_path / "data", "1.png", (48, 40))
    result = evaluate(EvaluateConfig(tmp_path / "data", device="cpu"))
    assert set(result.items["vmaf_neg"].isna()) == {False}
    assert "VMAF-NEG gain" in result.markdown
