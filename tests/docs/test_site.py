"""The site: built strictly, with nothing to fetch, and with all that the command line and the package offer."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from vidsharp import jobs
from vidsharp.jobs.cli.main import main

ROOT = Path(__file__).parents[2]
pytest.importorskip("material", reason="the site needs mkdocs-material and mkdocstrings: pip install -e '.[docs]'")
pytest.importorskip("mkdocstrings", reason="the reference needs mkdocstrings: pip install -e '.[docs]'")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # A proxy that nobody answers at: what a build would fetch, fails.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


class _Fetched(HTMLParser):
    """The addresses that a page has the browser fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in ("script", "img", "source", "iframe") or (tag == "link" and said.get("rel") != "canonical"):
            self.addresses += [address for key in ("src", "href") if (address := said.get(key))]


def test_pages_fetch_only_what_lies_beside_them(site: Path) -> None:
    pages = [page for page in site.rglob("*.html") if page.name != "404.html"]
    assert len(pages) > 25
    for page in pages:
        fetched = _Fetched()
        fetched.feed(page.read_text("utf-8"))
        assert fetched.addresses
        for address in fetched.addresses:
            assert not re.match(r"[a-z]+:|/", address), (page, address)
            assert (page.parent / address.partition("?")[0].partition("#")[0]).exists(), (page, address)


def test_every_command_and_every_public_name_is_in_the_reference(site: Path) -> None:
    commands = (site / "reference/commands.html").read_text("utf-8")
    python = (site / "reference/python.html").read_text("utf-8")
    assert [name for name in main.commands if f"<code>vidsharp {name}</code>" not in commands] == []
    assert [name for name in jobs.__all__ if f'id="vidsharp.jobs.{name}"' not in python] == []


def test_the_reference_says_defaults_and_help_of_options(site: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (site / "reference/python.html").read_text("utf-8"))
    assert "option(" not in text
    assert "Sharp originals at the same paths, to measure against." in text


def test_search_works_from_disk(site: Path) -> None:
    """By a script, since browsers fetch nothing there: index and worker's shim."""
    assert (site / "search/search_index.js").read_text("utf-8").startswith("var __index = ")
    assert "assets/iframe-worker.js" in (site / "index.html").read_text("utf-8")
