"""Compilers that the C code is tested with, for this processor and for others, which qemu's user mode runs."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLEND = sorted((ROOT / "models" / "fused").glob("*.c"))
METRICS = [ROOT / "reports" / "metrics" / "metrics.c"]
WARNINGS = ("-Wall", "-Wextra", "-Werror")
OPTIMISED = ("-O3", "-Wframe-larger-than=16384")
"""As it is built; threads may have little stack."""
CONTRACT = ("-ffp-contract=off",)
"""Of the flags in pyproject.toml, the one that bits depend on."""
SANITIZERS = ("-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_UNDEFINED = ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all")
"""AddressSanitizer has no room for its map in an emulator; without it, clang optimises in seconds, not minutes."""


@dataclass(frozen=True)
class Toolchain:
    """A compiler, and what runs its programs."""

    compiler: tuple[str, ...]
    packages: str
    """Debian's, that hold it."""
    emulator: tuple[str, ...] = ()
    machine: str = ""
    """That it is for; empty: this one."""
    sanitizers: tuple[str, ...] = SANITIZERS
    """Flags that make its programs watch themselves."""

    def require(self, *flags: str) -> None:
        """Skips the test where anything is missing; fails it where all must be there, in CI."""
        missing = [name for name in (self.compiler[0], *self.emulator[:1]) if shutil.which(name) is None]
        if not missing and not self._links(*flags):
            missing = [f"what {self.compiler[0]} links"]
        if missing:
            outcome = pytest.fail if "VIDSHARP_NEEDS_COMPILER" in os.environ else pytest.skip
            outcome(f"needs {' and '.join(missing)}: apt-get install {self.packages}")

    def _links(self, *flags: str) -> bool:
        """Whether a program with these flags can be built: headers and sanitizers come in packages of their own."""
        command = [*self.compiler, *flags, "-x", "c", "-", "-o", os.devnull]
        program = "#include <math.h>\nint main(void) { return 0; }\n"
        return subprocess.run(command, input=program, text=True, capture_output=True, check=False).returncode == 0

    def build(self, sources: list[Path], out: Path, *flags: str) -> Path:
        """A program without warnings."""
        command = [*self.compiler, *WARNINGS, *CONTRACT, *flags, *map(str, sources), "-o", str(out), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        return out

    def run(self, program: Path, *arguments: Path) -> None:
        """Runs a program to its end; what sanitizers say fails the test."""
        command = [*self.emulator, str(program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]


_ARM = "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
_QEMU = ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")
TOOLCHAINS = {
    "gcc": Toolchain(("gcc",), "gcc libc6-dev"),
    "clang": Toolchain(("clang",), "clang libclang-rt-dev"),
    "gcc for ARM": Toolchain(("aarch64-linux-gnu-gcc",), _ARM, _QEMU, "aarch64", _UNDEFINED),
    "clang for ARM": Toolchain(
        ("clang", "--target=aarch64-linux-gnu"),
        f"clang {_ARM}",
        _QEMU,
        "aarch64",
        (*_UNDEFINED, "-fsanitize-trap=undefined"),  # it has no words for it there
    ),
}


def instruction_sets(toolchain: Toolchain) -> set[str]:
    """Those that its programs must have, at least."""
    machine = toolchain.machine or platform.machine()
    return {"generic"} | ({"NEON"} if machine == "aarch64" else set())
