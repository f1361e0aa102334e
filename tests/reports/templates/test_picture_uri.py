"""A picture in a page is the picture."""

import base64
import io

import numpy as np
from PIL import Image
from vidsharp.reports.templates.picture_uri import picture_uri


def test_a_picture_is_a_webp_that_looks_the_same() -> None:
    shown = np.tile(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], (64, 1, 3))
    kind, _, content = picture_uri(shown).partition(";base64,")
    assert kind == "data:image/webp"
    back = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))
    assert np.abs(back.astype(int) - shown).mean() < 2
