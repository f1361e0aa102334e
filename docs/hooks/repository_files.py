"""What the documents link to outside docs/: some of it becomes pages of the site, the rest is copied beside them.

In the repository, links lead to files (`../CONTRIBUTING.md`); here they are turned to where these are in the site.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"(^```.*?^```)", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
COMMENT = re.compile(r"^<!--.*?-->$", re.M)

PAGES = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    **{f"models/weights/{path.name}": f"models/{path.name}" for path in (ROOT / "models/weights").glob("*.md")},
}
"""Files of the repository, by their paths, and the pages that they are here."""
SOURCES = {page: file for file, page in PAGES.items()}


def on_files(files: Files, config: Any) -> Files:
    for file, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / file)))
    for copied in sorted({target for page in files.documentation_pages() for target in outside(page)}):
        files.append(File.generated(config, copy_of(copied), abs_src_path=str(ROOT / copied)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    here = page.file.src_uri
    # Python's Markdown takes a table behind a comment for a part of it.
    return in_prose(COMMENT.sub("\n", markdown), lambda prose: turned(prose, here))


def turned(prose: str, here: str) -> str:
    """Prose of the page `here` with its links turned to where their targets are in the site."""

    def turn(link: re.Match[str]) -> str:
        if re.match(r"[a-z]+:", link[1]):
            return link[0]
        target = place(resolved(link[1], here), here)
        return f"]({posixpath.relpath(target, posixpath.dirname(here) or '.')}{link[2] or ''})"

    return LINK.sub(turn, prose)


def place(target: str, here: str) -> str:
    """Where a file of the repository is in the site; a notebook is its page, but on that page the file itself."""
    if target == "README.md":
        return "index.md"
    if target in PAGES:
        return PAGES[target]
    if not target.startswith("docs/"):
        return copy_of(target)
    inside = target.removeprefix("docs/")
    notebook = inside.endswith(".ipynb") and not here.startswith("notebooks/")
    return inside.removesuffix(".ipynb") + ".md" if notebook else inside


def resolved(link: str, here: str) -> str:
    """The path in the repository of what the page `here` links to."""
    source = SOURCES.get(here, f"docs/{here}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def outside(page: File) -> Iterator[str]:
    """Files of the repository that a page links to and that are neither in docs/ nor pages."""
    for link, _ in LINK.findall(FENCE.sub("", page.content_string)):
        target = resolved(link, page.src_uri)
        is_page = target.startswith("docs/") or target == "README.md" or target in PAGES
        if not is_page and not re.match(r"[a-z]+:", link) and (ROOT / target).is_file():
            yield target


def copy_of(file: str) -> str:
    """Where a file is copied to: as a text, which every browser shows."""
    return f"repository/{file}.txt"


def in_prose(markdown: str, change: Callable[[str], str]) -> str:
    """Markdown changed everywhere but in its blocks of code."""
    return "".join(part if part.startswith("```") else change(part) for part in FENCE.split(markdown))
