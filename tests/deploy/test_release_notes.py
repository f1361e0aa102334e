"""A release's notes are its section of the changelog, and no other's."""

import pytest

from deploy.release_notes import CHANGELOG, release_notes

TEXT = """# Changelog

## Unreleased

- Not yet.

## 1.10.0 (2026-12-01)

- Ten.
  More of it.

### Faults

- Mended.

## 1.1.0

- One.

## 1.0.0

"""


def test_notes_end_where_the_next_version_begins() -> None:
    assert release_notes(TEXT, "1.10.0") == "- Ten.\n  More of it.\n\n### Faults\n\n- Mended.\n"
    assert release_notes(TEXT, "1.1.0") == "- One.\n"


@pytest.mark.parametrize("version", ["1.1", "1.0.0", "2.0.0", ""])
def test_a_version_without_notes_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match=f"no notes below a heading '## {version}'; there are: Unreleased, 1.10.0"):
        release_notes(TEXT, version)


def test_the_changelog_can_be_read_so() -> None:
    assert release_notes(CHANGELOG.read_text("utf-8"), "Unreleased").startswith("- ")
