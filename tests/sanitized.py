"""What `test_sanitized.py` runs: the C code on planes of hard sizes and contents, in libraries that watch themselves.

python -m tests.sanitized FOLDER    where FOLDER has libblend.so and libmetrics.so
"""

import ctypes
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from vidsharp.models.fused import c_library


def _watched(folder: Path) -> Callable[..., ctypes.CDLL]:
    def load(_: Path, name: str, fits: Callable[[ctypes.CDLL], bool]) -> ctypes.CDLL:
        library = ctypes.CDLL(str(folder / f"{name}.so"))
        assert fits(library), name
        return library

    return load


def _planes(size: tuple[int, int], kind: type, largest: int, seed: int) -> np.ndarray:
    """Noise, or checks of the extremes, in rows that begin at odd addresses where they are of bytes."""
    height, width = size
    room = np.random.default_rng(seed).integers(0, largest + 1, (height, width + 3)).astype(kind)
    if seed % 2:
        room[...] = np.where(np.indices(room.shape).sum(axis=0) % 2, largest, 0)
    # A copy of its own size: whoever reads beyond it is found out.
    return np.array(room[:, 1 : width + 1]) if seed % 3 else room[:, 1 : width + 1]


def _blend() -> int:
    from vidsharp.models.fused.blend_library import instruction_sets
    from vidsharp.models.fused.fused_blend import FusedBlend

    from tests.support.plain_students import plain_student

    done = 0
    students = [
        plain_student(),
        plain_student(1, 8, (16,)),
        plain_student(3, 20, (2,)),
        plain_student(2, 16, (1, 4, 2)),
    ]
    peaks = [(np.uint8, 255, 255), (np.uint16, 1023, 65535), (np.uint16, 65535, 65535)]
    sizes = [(1, 1), (3, 5), (9, 130), (37, 67), (16, 192)]
    for number, (student, (kind, peak, largest), size) in enumerate(product(students, peaks, sizes)):
        for instructions in instruction_sets():
            codes = _planes(size, kind, largest, number)
            fused = FusedBlend(student, peak, 1.5, instructions)
            made = fused.sharpen(codes)
            assert made.max() <= peak
            np.testing.assert_array_equal(made, fused.sharpen(np.minimum(codes, kind(peak))))
            fused.sharpen(codes, 2, rounded=False)
            done += 1
    return done


def _chroma() -> int:
    from vidsharp.models.fused.blend_library import instruction_sets
    from vidsharp.models.fused.fused_chroma import FusedChroma
    from vidsharp.models.planes.plane_format import PlaneFormat

    from tests.support.plain_students import plain_chroma_student

    done = 0
    depths = [(np.uint8, 8, 255), (np.uint16, 10, 65535), (np.uint16, 16, 65535)]
    sizes = [(1, 1), (3, 5), (18, 260), (75, 134)]
    students = [plain_chroma_student(radii=radii) for radii in ((8, 2), (4,), ())]
    for number, (student, (kind, bits, largest), size) in enumerate(product(students, depths, sizes)):
        half = -(-size[0] // 2), -(-size[1] // 2)
        for instructions in instruction_sets():
            luma, *chroma = (_planes(each, kind, largest, number + k) for k, each in enumerate((size, half, half)))
            fused = FusedChroma(student, 1.5, 2, instructions)
            made = fused.planes([luma, *chroma], PlaneFormat(bits, False, "bt709", True))
            assert max(plane.max() for plane in made) < 2**bits
            done += 1
    return done


def _metrics() -> int:
    from vidsharp.reports.metrics.frame_metrics import change, psnr, sharpness
    from vidsharp.reports.metrics.metrics_library import library
    from vidsharp.reports.metrics.ssim import ssim

    done = 0
    for number, (depth, size) in enumerate(product((8, 10, 16), [(11, 11), (12, 600), (23, 522), (40, 4099)])):
        kind = np.uint8 if depth == 8 else np.uint16
        for seed in (number, number + 1):
            x, y = (_planes(size, kind, 2**depth - 1, each) for each in (seed, seed + 1))
            assert -1 <= ssim(x, y, depth) <= 1
            assert psnr(x, y, depth) >= 0
            assert change(x, y, depth) >= 0
            assert sharpness(x, depth) >= 0
            done += library() is not None
    return done


if __name__ == "__main__":
    c_library.c_library = _watched(Path(sys.argv[1]))
    print(_blend(), _chroma(), _metrics())
