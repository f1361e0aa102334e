"""Each column is declared once, with a type and a meaning, and the document says the same."""

from dataclasses import MISSING, fields
from typing import Any

import pytest
from vidsharp.reports.run.rows import ChunkRow, ClipRow, FrameRow, dtypes_of

from tests.support.tables_page import DOCUMENT, filled_in

ROWS = [ClipRow, ChunkRow, FrameRow]


@pytest.mark.parametrize("row", ROWS)
def test_every_column_has_a_type_and_a_meaning_and_only_what_names_the_row_is_needed(row: type) -> None:
    assert list(dtypes_of(row)) == [each.name for each in fields(row)]
    assert all(each.metadata["meaning"] for each in fields(row))
    needed = [each.name for each in fields(row) if each.default is MISSING]
    assert needed == list(dtypes_of(row))[: len(needed)]
    assert 1 <= len(needed) <= 2


@pytest.mark.parametrize("row", ROWS)
def test_a_misspelt_column_is_an_error(row: Any) -> None:
    needed = {each.name: 0 for each in fields(row) if each.default is MISSING}
    assert vars(row(**needed)) == {**dict.fromkeys(dtypes_of(row)), **needed}
    with pytest.raises(TypeError, match="wall_seconds"):
        row(**needed, wall_seconds=1.0)


def test_the_document_has_all_columns() -> None:
    text = DOCUMENT.read_text()
    assert filled_in(text) == text, "run .venv/bin/python -m tests.support.tables_page"
