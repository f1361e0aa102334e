"""Pages that mkdocs.yml's navigation does not name: they go to the end of "How to", so that none is out of reach."""

from pathlib import Path
from typing import Any

SECTION = "How to"


def on_config(config: Any) -> None:
    folder = Path(config.docs_dir)
    pages = [path.relative_to(folder).as_posix() for name in ("*.md", "howto/*.md") for path in folder.glob(name)]
    config.nav = with_unplaced(config.nav, pages)


def with_unplaced(nav: list[Any], pages: list[str]) -> list[Any]:
    """The navigation with the pages that it lacks in `SECTION`, by name."""
    missing = sorted(set(pages) - set(named(nav)))
    return [{SECTION: [*entry[SECTION], *missing]} if SECTION in entry else entry for entry in nav]


def named(nav: Any) -> list[str]:
    """The pages that a part of the navigation names, at any depth."""
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in named(part)]
