"""Pictures are converted by one thread, everywhere.

swscale's threads share a picture by rows, and each writes up to 32 bytes past the end of its rows, into the beginning
of the row below. Where that row is another thread's and was ready first, it is spoilt: one picture of 98 × 66 in
twenty, on two cores.
"""

import ast
from pathlib import Path

import pytest

from tests.support.modules import ROOT, modules, tree

CONVERTS = {"reformat", "to_image", "to_rgb"}


@pytest.mark.parametrize(
    "file",
    [*modules().values(), *ROOT.glob("benchmarks/*/*.py"), *ROOT.glob("tests/**/*.py")],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_by_one_thread(file: Path) -> None:
    for call in ast.walk(tree(file)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            given = {word.arg: ast.unparse(word.value) for word in call.keywords}
            if call.func.attr in CONVERTS or (call.func.attr == "to_ndarray" and "format" in given):
                assert given.get("threads") == "1", f"{file.relative_to(ROOT)}:{call.lineno}: threads=1"
