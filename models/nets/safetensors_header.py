"""The header of a safetensors file: names and metadata without the weights, and without NumPy, which the format's own
library imports for both (https://github.com/huggingface/safetensors#format)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MOST_BYTES = 100_000_000
"""Of a header, as the format's own library has it."""
_METADATA = "__metadata__"


def read_header(path: Path) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The names of the weights in a file, and what it says of itself; nothing of both where it is no such file, or is
    cut off. What is wrong with it, `checkpoint.py` says, which reads all of it."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header: Any = json.loads(file.read(size)) if size <= _MOST_BYTES else {}
        tags = header.pop(_METADATA, {})
        ends = [entry["data_offsets"][1] for entry in header.values()]
        whole = path.stat().st_size == 8 + size + max(ends, default=0)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return (), {}
    return (tuple(header), tags) if whole and isinstance(tags, dict) else ((), {})
