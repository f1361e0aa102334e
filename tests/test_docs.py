"""The documents: lines that fit a screen, and links that lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/weights/*.md")])
WIDTH = 120
FENCE = re.compile(r"^```.*?^```", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")


def prose(text: str) -> list[str]:
    """The lines that can be wrapped: neither code nor tables, nor a single long word or span of code."""
    lines = FENCE.sub("", text).splitlines()
    return [line for line in lines if not line.startswith(("|", "    ")) and not re.fullmatch(r"\W*`[^`]+`\W*", line)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_is_wider_than_a_screen(document: Path) -> None:
    wide = [line for line in prose(document.read_text("utf-8")) if len(line) > WIDTH]
    assert not wide, wide


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_to_a_file(document: Path) -> None:
    targets = [target for target, _ in LINK.findall(FENCE.sub("", document.read_text("utf-8")))]
    within = [target for target in targets if not re.match(r"[a-z]+:", target)]
    missing = [target for target in within if not (document.parent / target).exists()]
    assert not missing, missing
