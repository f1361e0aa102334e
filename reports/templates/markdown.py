"""Markdown tables, padded so that they also read well in a terminal."""

import re
from collections.abc import Sequence


def as_text(text: str) -> str:
    """Text from outside that shall appear in Markdown as it is: no markup, no HTML, no link, one line."""
    return re.sub(r"([\\`*\[\]<>&~#])", r"\\\1", " ".join(text.split()))


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """A table as Markdown, ending in a newline.

    Args:
        rows: cells as they shall appear; a `|` in them is escaped.
        text_columns: so many columns, from the left, hold text and are aligned left; numbers are aligned right.
    """
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(header))]
    rule = ["-" * width if i < text_columns else "-" * (width - 1) + ":" for i, width in enumerate(widths)]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i < text_columns else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |\n"

    return "".join(map(line, (cells[0], rule, *cells[1:])))
