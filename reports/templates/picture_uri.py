"""Pictures as URIs, to stand inside a page or a table of texts."""

import base64
import io

import numpy as np
from PIL import Image


def picture_uri(rgb: np.ndarray, quality: int = 92) -> str:
    """A uint8 RGB picture [H, W, 3] as a data URI: WebP of `quality` 0 to 100."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "WEBP", quality=quality, method=2)  # half the time of 4, for 4 % more bytes
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
