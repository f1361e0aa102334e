"""The C code neither reads nor writes where it must not, and does nothing that C leaves undefined."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from vidsharp.models.fused.blend_library import instruction_sets

from tests.kernels.toolchains import BLEND, CONTRACT, METRICS, SANITIZERS, WARNINGS

ROOT = Path(__file__).parents[1]
SOURCES = {"libblend": BLEND, "libmetrics": METRICS}
# -O1 takes a third of the time of -O3, and checks the same.
FLAGS = ["-fPIC", "-shared", *WARNINGS, *CONTRACT, *SANITIZERS, "-O1"]


def watching_environment() -> dict[str, str]:
    """Loads what AddressSanitizer needs into any process. Skips where the compiler has none."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    found = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=False)
    library = Path(found.stdout.strip())
    if not library.is_absolute():
        pytest.skip(f"{compiler} has no AddressSanitizer")
    options = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    environment = {**os.environ, **options, "LD_PRELOAD": str(library), "OPENBLAS_NUM_THREADS": "1"}
    lives = subprocess.run([sys.executable, "-c", ""], env=environment, capture_output=True, text=True, check=False)
    if lives.returncode:
        pytest.skip(f"Python does not start under AddressSanitizer here: {lives.stderr[:200]}")
    return environment


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not instruction_sets(), reason="needs the C library")
def test_the_c_code_stays_within_its_arrays_and_within_what_c_defines(tmp_path: Path) -> None:
    environment = watching_environment()
    for name, sources in SOURCES.items():
        built = subprocess.run(
            ["cc", *FLAGS, *map(str, sources), "-o", str(tmp_path / f"{name}.so"), "-lm"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert built.returncode == 0, built.stderr
    done = subprocess.run(
        [sys.executable, "-m", "tests.sanitized", str(tmp_path)],
        env=environment, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    blended, restored, measured = map(int, done.stdout.split())
    assert (blended, restored) == (60 * len(instruction_sets()), 36 * len(instruction_sets()))
    assert measured == 24
