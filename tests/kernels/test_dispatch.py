"""The library asks the processor what it can: each gets the instructions that it has, no others, and the same bits."""

import platform
from pathlib import Path

import numpy as np
import pytest
from vidsharp.models.enhance import Enhancer
from vidsharp.models.fused.blend_library import GENERIC
from vidsharp.models.fused.blend_packing import packed
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence.cover import Box

from tests.kernels.job_file import HEAD, job_bytes, results
from tests.kernels.processors import PROCESSORS, standing_for
from tests.kernels.test_kernels import PROGRAM
from tests.kernels.toolchains import OPTIMISED, TOOLCHAINS
from tests.support.plain_students import plain_student

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the processors are x86-64's")


KINDS = ((np.uint8, 255), (np.uint16, 1023))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With jobs, and the program that does them."""
    folder = tmp_path_factory.mktemp("dispatch")
    noise = np.random.default_rng(0)
    jobs = [
        job_bytes(
            packed(plain_student(2, 12, (1, 4)), peak, 1.5),
            noise.integers(0, peak + 1, (24, 90)).astype(kind),
            Box(0, 0, 6, 23),
        )
        for kind, peak in ((np.uint8, 255), (np.uint16, 1023))
    ]
    (folder / "jobs").write_bytes(HEAD + b"".join(jobs))
    TOOLCHAINS["gcc"].require()
    TOOLCHAINS["gcc"].build(PROGRAM, folder / "program", *OPTIMISED)
    return folder


@pytest.mark.parametrize("processor", PROCESSORS)
def test_a_processor_gets_what_it_has_and_the_same_bits(processor: str, folder: Path) -> None:
    there = standing_for(processor)
    there.require()
    TOOLCHAINS["gcc"].run(folder / "program", folder / "jobs", folder / "here")
    there.run(folder / "program", folder / "jobs", folder / "there")
    for here, found in zip(results(folder / "here"), results(folder / "there"), strict=True):
        assert set(found) == PROCESSORS[processor]
        assert {fault for fault, _ in found.values()} == {0}
        assert {plane for _, plane in found.values()} == {here[GENERIC][1]}


def test_torch_does_the_student_where_the_library_has_no_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidsharp.models.fused.blend_library.instruction_sets", lambda: (GENERIC,))
    assert Enhancer("fast").provenance(PlaneFormat(8, False, "bt709", True))["by"].startswith("torch ")
