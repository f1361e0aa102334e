"""Writes the lists of columns in `docs/tables.md` again: `.venv/bin/python -m tests.support.tables_page`."""

import re
from pathlib import Path

from vidsharp.reports.run.rows import ChunkRow, ClipRow, FrameRow, columns_in_words

DOCUMENT = Path(__file__).parents[2] / "docs" / "tables.md"


def filled_in(text: str) -> str:
    """The document with its lists made again: each stands between `<!-- NAME -->` and `<!-- end -->`."""
    for name, row in (("clips", ClipRow), ("chunks", ChunkRow), ("frames", FrameRow)):
        lines = columns_in_words(row)
        text, found = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda match, lines=lines: f"{match[1]}{lines}{match[2]}",
            text,
            flags=re.S,
        )
        assert found == 1, f"the document has no list called {name}"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(filled_in(DOCUMENT.read_text()))
