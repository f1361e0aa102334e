"""Runs the notebooks of this folder and keeps their results in them.

Each runs in an empty folder.

    python docs/notebooks/run.py [NOTEBOOK...]
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
SECONDS = 280
"""For one cell, after which it counts as hung."""


def executed(notebook: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with its cells' results, run from the top in a new kernel.

    Args:
        folder: where it runs, and leaves its files.

    Raises:
        CellExecutionError: a cell failed; its text has the traceback.
    """
    read = nbformat.read(notebook, as_version=4)
    NotebookClient(
        read,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    for cell in read.cells:
        cell.metadata.pop("execution", None)  # times, which differ in each run
    return read


def main() -> None:
    for notebook in [Path(name) for name in sys.argv[1:]] or sorted(
        HERE.glob("*.ipynb")
    ):
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(executed(notebook, Path(folder)), notebook)


if __name__ == "__main__":
    main()
