"""What tests of screens need on a machine."""

from importlib.util import find_spec

import pytest
from vidsharp.training.screens import FAMILIES

needs_fonts = pytest.mark.skipif(
    any(find_spec(family.module) is None for family in FAMILIES),
    reason="needs the fonts of screens: pip install 'vidsharp[screens]'",
)
