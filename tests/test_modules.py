"""The size of modules: each short enough to be read in one go."""

from pathlib import Path

import pytest

from tests.support.modules import ROOT, modules

LONGEST = 350
"""Lines. What wants more of them holds two ideas."""


@pytest.mark.parametrize(
    "file", [*modules().values(), *ROOT.glob("benchmarks/*/*.py")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_no_module_is_long(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= LONGEST
