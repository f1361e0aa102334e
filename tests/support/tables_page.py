"""Writes the lists of columns in `docs/tables.md` again: `.venv/bin/python -m tests.support.tables_page`."""

from pathlib import Path

from vidsharp.reports.run.rows import ChunkRow, ClipRow, FrameRow, columns_in_words

from tests.support import marked_sections as sections

DOCUMENT = Path(__file__).parents[2] / "docs" / "tables.md"


def filled_in(text: str) -> str:
    """The document with its lists made again."""
    tables = {"clips": ClipRow, "chunks": ChunkRow, "frames": FrameRow}
    return sections.filled_in(text, {name: columns_in_words(row) for name, row in tables.items()})


if __name__ == "__main__":
    DOCUMENT.write_text(filled_in(DOCUMENT.read_text()))
