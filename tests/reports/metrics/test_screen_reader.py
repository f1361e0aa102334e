"""The reader finds large text where it stands; without its extra, it is one sentence."""

import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from vidsharp.reports.errors import MetricError
from vidsharp.reports.metrics import screen_reader
from vidsharp.reports.metrics.screen_reader import can_read, read_lines
from vidsharp.reports.metrics.words import plain


@pytest.mark.skipif(not can_read(), reason="needs the extra [ocr]")
def test_it_reads_large_text_where_it_stands() -> None:
    picture = Image.new("RGB", (320, 120), "white")
    ImageDraw.Draw(picture).text((30, 60), "Budget report", "black", ImageFont.load_default(32))
    (line,) = read_lines(np.asarray(picture))
    assert plain(line.text) == "budgetreport"
    assert 10 < line.box.left < 60
    assert 45 < line.box.top < line.box.bottom < 115
    assert line.box.right > 180
    assert list(read_lines(np.full((120, 320, 3), 255, np.uint8))) == []


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    screen_reader._engine.cache_clear()
    try:
        assert not can_read()
        with pytest.raises(MetricError, match=r"pip install 'vidsharp\[ocr\]'"):
            read_lines(np.zeros((40, 40, 3), np.uint8))
    finally:
        screen_reader._engine.cache_clear()
