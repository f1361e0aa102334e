"""The committed header says what Python says."""

from pathlib import Path

import numpy as np
from vidsharp.models.fused.blend_header import constants_header
from vidsharp.models.fused.blend_library import FAULTS
from vidsharp.models.nets.blend_weights import FLOOR, SLOPE

HEADER = Path(__file__).parents[3] / "models" / "fused" / "constants.h"


def test_the_header_is_up_to_date() -> None:
    assert HEADER.read_text() == constants_header(), "run: python -m vidsharp.models.fused.blend_header"


def test_floats_are_written_to_the_last_bit() -> None:
    lines = dict(
        line.split()[1:] for line in HEADER.read_text().splitlines() if line.startswith("#define") and line[-1] == "f"
    )
    assert {name: np.float32(value[:-1]) for name, value in lines.items()} == {
        "SLOPE": np.float32(SLOPE),
        "FLOOR": np.float32(FLOOR),
    }


def test_every_set_and_fault_has_its_number() -> None:
    header = HEADER.read_text()
    assert "{ GENERIC, NEON, AVX2, AVX2_VNNI, AVX512, AVX512_VNNI, SETS }" in header
    assert f"{{ DONE, {', '.join(FAULTS)} }}" in header
