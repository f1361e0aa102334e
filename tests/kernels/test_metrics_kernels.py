"""What is measured in C, by every compiler and for every processor, is what NumPy measures."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from vidsharp.reports.metrics import ssim as ssim_module
from vidsharp.reports.metrics.frame_metrics import white
from vidsharp.reports.metrics.metrics_library import planes_job

from tests.kernels.toolchains import METRICS, OPTIMISED, TOOLCHAINS

PROGRAM = [Path(__file__).with_name("run_metrics.c"), *METRICS]
PAIRS = list(product([8, 10], [(11, 11), (12, 600), (23, 522), (11, 1700)], ["noise", "equal", "extremes"]))


def pair(bit_depth: int, size: tuple[int, int], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Planes [H, W]."""
    noise, most = np.random.default_rng(0), 2**bit_depth - 1
    x, y = (noise.integers(0, most + 1, size).astype(np.uint8 if bit_depth == 8 else np.uint16) for _ in range(2))
    if kind == "equal":
        y = x.copy()
    elif kind == "extremes":
        x[...] = np.indices(size).sum(axis=0) % 2 * most
        y = most - x
    return x, y


def job_bytes(x: np.ndarray, y: np.ndarray, bit_depth: int) -> bytes:
    window = ssim_module.window_line().astype(np.float32)
    c1, c2 = ssim_module.constants(white(bit_depth))
    with planes_job(x, y, grey=ssim_module._grey(x, y), c1=c1, c2=c2) as job:
        return bytes(job._obj) + x.tobytes() + y.tobytes() + window.tobytes()


def exact_sums(x: np.ndarray, y: np.ndarray) -> list[int]:
    """Of differences, their squares, Laplacians and their squares."""
    x, y = x.astype(np.int64), y.astype(np.int64)
    edges = x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:] - 4 * x[1:-1, 1:-1]
    return [int(each.sum()) for each in (abs(x - y), (x - y) ** 2, edges, edges**2)]


@pytest.mark.slow
@pytest.mark.parametrize("watched", [False, True], ids=["optimised", "watched"])
@pytest.mark.parametrize("name", TOOLCHAINS)
def test_all_measure_what_numpy_measures(name: str, watched: bool, tmp_path: Path) -> None:
    toolchain = TOOLCHAINS[name]
    flags = toolchain.sanitizers if watched else (*OPTIMISED, "-ffp-contract=fast")
    toolchain.require(*flags)
    planes = [(*pair(*each), each[0]) for each in PAIRS]
    (tmp_path / "planes").write_bytes(b"".join(job_bytes(*each) for each in planes))
    toolchain.run(toolchain.build(PROGRAM, tmp_path / "run", *flags), tmp_path / "planes", tmp_path / "results")
    lines = (tmp_path / "results").read_text().splitlines()
    for line, (x, y, bit_depth), (_, _, kind) in zip(lines, planes, PAIRS, strict=True):
        total, *sums = line.split()
        places = (x.shape[0] - 10) * (x.shape[1] - 10)
        assert float(total) / places == pytest.approx(ssim_module._by_numpy(x, y, bit_depth) / places, abs=3e-5)
        assert kind != "equal" or float(total) == places
        assert list(map(int, sums)) == (exact_sums(x, y) if bit_depth == 8 else [])
