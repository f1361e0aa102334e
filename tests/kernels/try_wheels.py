"""Tries the C library of Linux wheels, on this processor and on others that qemu's user mode stands for.

    python -m tests.kernels.try_wheels dist/*manylinux*.whl

Ends with an error where a library does not load, or one of its instruction sets gives other bits than plain C compiled
here. What was made for other systems is only listed.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

from vidsharp.models.fused.blend_library import GENERIC

from tests.kernels.job_file import HEAD, results
from tests.kernels.processors import PROCESSORS, standing_for
from tests.kernels.test_kernels import PROGRAM, jobs
from tests.kernels.toolchains import OPTIMISED, TOOLCHAINS, Toolchain

LIBRARY = "vidsharp/models/fused/libblend.sharedlib"
RUNNER = PROGRAM[:1]
ONE_IN = 5
"""Of the tests' jobs, so many: emulators take their time."""


def main(wheels: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = TOOLCHAINS["gcc"]
        (folder / "jobs").write_bytes(HEAD + b"".join(jobs()[::ONE_IN]))
        here.run(here.build(PROGRAM, folder / "plain", *OPTIMISED), folder / "jobs", folder / "wanted")
        wanted = [found[GENERIC] for found in results(folder / "wanted")]
        for wheel in map(Path, wheels):
            for label, machine in _machines(wheel).items():
                sets = _sets(wheel, machine, folder, wanted)
                print(f"{wheel.name} on {label}: {len(wanted)} jobs, same bits by {', '.join(sets)}", flush=True)
            if not _machines(wheel):
                print(f"{wheel.name}: not for Linux, not run")


def _machines(wheel: Path) -> dict[str, Toolchain]:
    """What a wheel's library is run on."""
    if "manylinux" in wheel.name and "x86_64" in wheel.name:
        others = {f"{name} (qemu)": standing_for(name) for name in PROCESSORS}
        return {"this processor": TOOLCHAINS["gcc"], **others}
    return {"aarch64 (qemu)": TOOLCHAINS["gcc for ARM"]} if "manylinux" in wheel.name else {}


def _sets(wheel: Path, machine: Toolchain, folder: Path, wanted: list[tuple[int, bytes]]) -> list[str]:
    """The instruction sets that the library has on a machine."""
    with zipfile.ZipFile(wheel) as archive:
        library = Path(archive.extract(LIBRARY, folder / wheel.stem))
    machine.run(machine.build([*RUNNER, library], folder / "runner", "-Wl,-z,now"), folder / "jobs", folder / "made")
    made = results(folder / "made")
    for number, (found, reference) in enumerate(zip(made, wanted, strict=True)):
        for instructions, result in found.items():
            if result != reference:
                sys.exit(f"{wheel.name}: {instructions} differs from plain C in job {number}")
    return list(made[0])


if __name__ == "__main__":
    main(sys.argv[1:])
