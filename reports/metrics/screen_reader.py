"""The reader of text in pictures: RapidOCR, whose models lie in its wheel (the extra `[ocr]`)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..errors import MetricError
from .words import Box, Text

SUREST = 0.5
"""Lines that the reader itself gives less than this are not taken for read."""


def read_lines(picture: np.ndarray) -> Sequence[Text]:
    """The lines of text in an RGB picture, uint8 [H, W, 3], on one CPU thread.

    Raises:
        MetricError: the extra `[ocr]` is not installed.
    """
    found, _ = _engine()(np.ascontiguousarray(picture[:, :, ::-1]), use_cls=False)  # it takes OpenCV's BGR
    lines: list[Text] = []
    for corners, text, sure in found or ():
        if float(sure) >= SUREST:
            x, y = zip(*corners, strict=True)
            lines.append(Text(str(text), Box(min(x), min(y), max(x), max(y))))
    return lines


def can_read() -> bool:
    """Whether the extra `[ocr]` is installed."""
    try:
        _engine()
    except MetricError:
        return False
    return True


@cache
def _engine() -> Any:
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError as error:
        raise MetricError("Reading words needs the extra [ocr]: pip install 'vidsharp[ocr]'.") from error
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
