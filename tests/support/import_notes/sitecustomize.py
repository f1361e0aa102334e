"""A Python, and all that it starts, that notes which heavy packages are imported, and by what kind of process.

It is the `sitecustomize` of processes whose PYTHONPATH names its folder; `IMPORT_NOTES` names the file of notes. A line
is the kind of process and the package, in the order of imports, also of those that fail.
"""

import os
import sys
from functools import partial
from typing import Any

HEAVY = {
    *("PIL", "av", "fsspec", "jinja2", "matplotlib", "numpy", "pandas", "pyarrow", "ray", "rich", "s3fs", "scipy"),
    *("onnx", "onnxruntime", "skimage", "spandrel", "tensorboardX", "torch", "torchvision"),
}
_KIND = "worker" if any("local_worker" in word or "default_worker" in word for word in sys.orig_argv) else "driver"
_FILE = os.environ.get("IMPORT_NOTES")
_noted: set[str] = set()


def _note(file: str, event: str, arguments: tuple[Any, ...]) -> None:
    if event != "import":
        return
    package = str(arguments[0]).partition(".")[0]
    if package in HEAVY and package not in _noted:
        _noted.add(package)
        with open(file, "a", encoding="ascii") as notes:  # noqa: PTH123  # pathlib costs time
            notes.write(f"{_KIND} {package}\n")


if _FILE:
    sys.addaudithook(partial(_note, _FILE))
