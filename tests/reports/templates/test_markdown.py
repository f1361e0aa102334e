"""Markdown tables: aligned, and not broken by what is in their cells."""

from vidsharp.reports.templates.markdown import markdown_table


def test_a_table_reads_as_text() -> None:
    assert markdown_table(["name", "n"], [["a|b", "1"], ["c", "1,000"]]).splitlines() == [
        "| name |     n |",
        "| ---- | ----: |",
        "| a\\|b |     1 |",
        "| c    | 1,000 |",
    ]


def test_an_empty_table_is_its_header() -> None:
    assert markdown_table(["a"], []) == "| a   |\n| --- |\n"
