"""Links of the documents, turned from where files are in the repository to where they are in the site."""

import pytest

pytest.importorskip("mkdocs", reason="the site needs mkdocs: pip install -e '.[docs]'")
from docs.hooks.repository_files import in_prose, turned


@pytest.mark.parametrize(
    ("link", "here", "there"),
    [
        ("media.md#pictures", "faults.md", "media.md#pictures"),
        ("../tables.md", "howto/train.md", "../tables.md"),
        ("../CONTRIBUTING.md", "architecture.md", "project/contributing.md"),
        ("docs/architecture.md#rooms", "project/contributing.md", "../architecture.md#rooms"),
        ("../../deploy/Dockerfile", "howto/cluster.md", "../repository/deploy/Dockerfile.txt"),
        ("../README.md", "cluster.md", "index.md"),
        ("notebooks/read.ipynb", "index.md", "notebooks/read.md"),
        ("read.ipynb", "notebooks/read.md", "read.ipynb"),
        ("https://example.org/a.md", "index.md", "https://example.org/a.md"),
    ],
)
def test_a_link_leads_to_where_its_file_is_in_the_site(link: str, here: str, there: str) -> None:
    assert turned(f"See [it]({link}).", here) == f"See [it]({there})."


def test_code_stays_as_it_is() -> None:
    text = "a\n\n```\n[a](b)\n```\n\na"
    assert in_prose(text, lambda prose: prose.replace("a", "x")) == text.replace("a\n\n", "x\n\n").replace("\na", "\nx")
