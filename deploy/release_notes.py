"""A version's notes, out of CHANGELOG.md.

python deploy/release_notes.py 1.2.3 > notes.md
"""

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def release_notes(changelog: str, version: str) -> str:
    """What stands below a version's heading, up to the next one.

    Raises:
        ValueError: there is no such heading, or nothing below it.
    """
    sections = re.split(r"^## +(.+?) *$", changelog, flags=re.MULTILINE)
    notes = {heading.split()[0]: text.strip() for heading, text in zip(sections[1::2], sections[2::2], strict=True)}
    if not notes.get(version):
        raise ValueError(
            f"CHANGELOG.md has no notes below a heading '## {version}'; there are: {', '.join(notes)}. "
            "What is below 'Unreleased' becomes the release's"
        )
    return notes[version] + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(release_notes(CHANGELOG.read_text("utf-8"), sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
