"""The notebooks: each runs from the top, shows a picture or a table, and lies in the repository with its results."""

import json
from pathlib import Path

import pytest

pytest.importorskip("nbclient", reason="the notebooks need nbclient and ipykernel: pip install -e '.[docs]'")
pytest.importorskip("mkdocs", reason="the site needs mkdocs: pip install -e '.[docs]'")
from docs.hooks.notebook_pages import page
from docs.notebooks.run import executed

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs/notebooks").glob("*.ipynb"))
KILOBYTES = 400


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_the_top(notebook: Path, tmp_path: Path) -> None:
    ran = executed(notebook, tmp_path)
    kept = json.loads(notebook.read_text("utf-8"))
    assert [kinds(cell) for cell in ran.cells] == [kinds(cell) for cell in kept["cells"]]


def kinds(cell: dict) -> set[str]:
    """What a cell's results are, but for what it printed: figures differ from run to run."""
    return {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_its_results_on_its_page(notebook: Path) -> None:
    markdown, pictures = page(notebook)
    assert pictures
    assert all(f"]({name})" in markdown for name in pictures)
    assert "Traceback" not in markdown
    assert str(Path.home()) not in markdown
    assert notebook.stat().st_size < KILOBYTES * 1024


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) == 3
