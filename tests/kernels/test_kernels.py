"""Every instruction set, from every compiler and for every processor, gives the bits of the plain C code.

Its sums of integers, which C does not define beyond 32 bits, are watched by UndefinedBehaviorSanitizer.
"""

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from vidsharp.models.fused.blend_library import GENERIC
from vidsharp.models.fused.blend_packing import packed, packed_chroma
from vidsharp.models.nets.blend_weights import BlendWeights, read_blend_weights
from vidsharp.models.nets.catalogue import CHROMA_WEIGHTS, weights_path
from vidsharp.models.nets.chroma_weights import read_chroma_weights
from vidsharp.models.sequence.cover import Box

from tests.kernels.job_file import HEAD, UNTOUCHED, job_bytes, results
from tests.kernels.toolchains import BLEND, OPTIMISED, TOOLCHAINS, Toolchain, instruction_sets
from tests.support.plain_students import plain_chroma_student, plain_student

PROGRAM = [Path(__file__).with_name("run_jobs.c"), *BLEND]


def students() -> list[BlendWeights]:
    """The shipped ones, and some of hard sizes."""
    shipped = [read_blend_weights(weights_path(name)) for name in ("fast", "balanced")]
    return [
        *(weights for weights in shipped if weights is not None),
        plain_student(1, 8, (16,)),
        plain_student(3, 20, (2,)),
        plain_student(2, 12, (1, 4, 2)),
        plain_student(1, 8, (2,), between=True),
    ]


def planes() -> list[tuple[int, np.ndarray]]:
    """Planes of noise and of extremes, with their peak; some have codes above it."""
    noise, made = np.random.default_rng(0), list[tuple[int, np.ndarray]]()
    kinds = [(np.uint8, 255, 255), (np.uint16, 1023, 65535), (np.uint16, 65535, 65535)]
    for number, ((kind, peak, most), size) in enumerate(product(kinds, [(1, 1), (3, 5), (9, 130), (12, 197), (70, 9)])):
        codes = noise.integers(0, most + 1, size) if number % 2 else np.indices(size).sum(axis=0) % 2 * most
        made.append((peak, codes.astype(kind)))
    return made


def jobs() -> list[bytes]:
    """Whole planes, as codes and as floats, and a part of each that does not begin at its corner."""
    made = []
    for student, (peak, codes) in product(students(), planes()):
        bottom, right = -(-codes.shape[0] // 4), -(-codes.shape[1] // 4)
        ready = packed(student, peak, 1.5)
        made.append(job_bytes(ready, codes, Box(0, 0, bottom, right), rounded=False))
        made.append(job_bytes(ready, codes, Box(bottom // 3, right // 3, bottom, right)))
    # So many cells that the last bit of a sum shows in one; and, louder, features beyond 16 bits, and 32.
    large = np.random.default_rng(1).integers(0, 256, (120, 400)).astype(np.uint8)
    for loud in (1, 1e12):
        made.append(job_bytes(packed(students()[0], 255, 1.5), large, Box(0, 0, 30, 100), rounded=False, loud=loud))
    return [*made, *chroma_jobs()]


def chroma_jobs() -> list[bytes]:
    """Planes of chroma beside luma: the student that ships, and others, on noise and extremes."""
    shipped, made, noise = read_chroma_weights(CHROMA_WEIGHTS), list[bytes](), np.random.default_rng(2)
    assert shipped is not None
    for student, (peak, codes) in product([shipped, plain_chroma_student()], planes()):
        ready = packed_chroma(student, peak.bit_length(), 1.5)
        bottom, right = -(-codes.shape[0] // 4), -(-codes.shape[1] // 4)
        hard = np.indices(codes.shape).sum(axis=0) // 3 % 2 * 1023
        for guide in (noise.integers(0, 1100, codes.shape), hard):
            seen = guide.astype(np.uint16)
            made.append(job_bytes(ready, codes, Box(0, 0, bottom, right), seen, rounded=False))
            made.append(job_bytes(ready, codes, Box(bottom // 3, right // 3, bottom, right), seen))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the jobs."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "jobs").write_bytes(HEAD + b"".join(jobs()))
    return folder


@cache
def run(toolchain: Toolchain, folder: Path, *flags: str) -> list[dict[str, tuple[int, bytes]]]:
    toolchain.require(*flags)
    program = toolchain.build(PROGRAM, folder / "program", *flags)
    toolchain.run(program, folder / "jobs", folder / "results")
    return results(folder / "results")


@pytest.fixture(scope="module")
def wanted(folder: Path) -> list[tuple[int, bytes]]:
    """What the plain C code gives on this processor."""
    return [found[GENERIC] for found in run(TOOLCHAINS["gcc"], folder, *OPTIMISED)]


def test_the_jobs_are_done_and_write_something(wanted: list[tuple[int, bytes]]) -> None:
    assert len(wanted) == len(jobs())
    for fault, plane in wanted:
        assert fault == 0
        assert set(plane) != {UNTOUCHED}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("watched", [False, True], ids=["optimised", "watched"])
@pytest.mark.parametrize("name", TOOLCHAINS)
def test_all_give_the_bits_of_the_plain_code(
    name: str, watched: bool, folder: Path, wanted: list[tuple[int, bytes]]
) -> None:
    toolchain = TOOLCHAINS[name]
    made = run(toolchain, folder, *(toolchain.sanitizers if watched else OPTIMISED))
    assert instruction_sets(toolchain) <= set(made[0])
    for number, (found, reference) in enumerate(zip(made, wanted, strict=True)):
        for instructions, result in found.items():
            assert result == reference, f"{instructions} differs from plain C in job {number}"
