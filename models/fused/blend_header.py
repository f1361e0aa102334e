"""The header `fused/constants.h`, by which C knows what Python defines.

`python -m vidsharp.models.fused.blend_header`."""

from pathlib import Path

from ..nets import blend_weights
from . import blend_library
from .blend_library import FAULTS, SETS

_NUMBERS = {
    blend_weights: ("FACTOR", "TAPS", "SLOPE", "FLOOR"),
    blend_library: (
        *(
            "VERSION",
            "PACK",
            "MOST_LAYERS",
            "MOST_DILATION",
            "MOST_CHANNELS",
            "MOST_BANDS",
            "MOST_GUIDED",
            "MOST_RADIUS",
        ),
        *("SAMPLE_BITS", "MIDDLE", "MOST_GUIDE", "SLOPE_UNIT", "BASE_UNIT", "LEAST_GRAIN"),
    ),
}


def constants_header() -> str:
    """C source: numbers as macros, instruction sets and faults as enumerations."""
    numbers = {name: getattr(module, name) for module, names in _NUMBERS.items() for name in names}
    lines = [
        "/* Written by `python -m vidsharp.models.fused.blend_header`, which says where each is defined. */",
        "#ifndef VIDSHARP_CONSTANTS_H",
        "#define VIDSHARP_CONSTANTS_H",
        *(f"#define {name} {_literal(value)}" for name, value in numbers.items()),
        _enumeration("InstructionSet", [*map(_identifier, SETS), "SETS"]),
        _enumeration("Fault", ["DONE", *FAULTS]),
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _literal(value: float) -> str:
    """A number in C, floats in as many digits as make it the nearest."""
    return str(value) if isinstance(value, int) else f"{value!r}f"


def _identifier(name: str) -> str:
    """AVX512_VNNI for "AVX-512 with VNNI"."""
    return name.upper().replace(" WITH ", "_").replace("-", "")


def _enumeration(kind: str, names: list[str]) -> str:
    return f"typedef enum {{ {', '.join(names)} }} {kind};"


if __name__ == "__main__":
    (Path(__file__).with_name("constants.h")).write_text(constants_header())
