"""Structural similarity of two planes: by the C library (`metrics.c`) where it was built, and by NumPy elsewhere."""

import ctypes
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from .frame_metrics import Plane, check_sizes, white
from .metrics_library import library, planes_job

Numbers = NDArray[np.float32]

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03

BLOCK = 8
"""Places that one small matrix product slides the window over."""
ROWS = 64
"""Height of the strips in which NumPy takes planes, so that temporaries stay in the cache; a multiple of `BLOCK`."""


def ssim(x: Plane, y: Plane, bit_depth: int) -> float:
    """Structural similarity, Wang et al., IEEE TIP 13(4), 2004: −1..1, and exactly 1 for equal planes.

    Gaussian 11×11 window, σ 1.5, population covariance, mean over the places where the window lies wholly inside. Equal
    to scikit-image's with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`, but for what float32
    leaves out: less than 1e-6 on photos, 3e-5 on the hardest patterns.

    Args:
        x, y: [H, W], uint8 or uint16 with values 0..2^bit_depth − 1, of any strides; only read.

    Raises:
        ValueError: the planes differ in size, or a side is shorter than 11 px.
    """
    check_sizes("SSIM", WINDOW, x, y)
    readable = x.dtype == y.dtype and x.dtype in (np.uint8, np.uint16)
    total = _by_library(x, y, bit_depth) if readable and library() else _by_numpy(x, y, bit_depth)
    return min(total / ((x.shape[0] - WINDOW + 1) * (x.shape[1] - WINDOW + 1)), 1.0)


def _by_library(x: Plane, y: Plane, bit_depth: int) -> float:
    """The sum over all places."""
    metrics = library()
    assert metrics is not None
    window = window_line().astype(np.float32)
    c1, c2 = constants(white(bit_depth))
    with planes_job(x, y, grey=_grey(x, y), c1=c1, c2=c2, window=window.ctypes.data) as job:
        total = ctypes.c_double()
        if not metrics.vidsharp_ssim(job, ctypes.byref(total)):
            raise MemoryError("There is no memory to measure SSIM in.")
        return total.value


def _by_numpy(x: Plane, y: Plane, bit_depth: int) -> float:
    """The sum over all places. NumPy's BLAS should have one thread where other work keeps the cores busy: several wait
    for each other many times in a frame.
    """
    reach = WINDOW - 1
    height, width = x.shape[0] - reach, x.shape[1] - reach
    blocks, (full, rest) = math.ceil(width / BLOCK), divmod(width, BLOCK)
    c1, c2 = constants(white(bit_depth))
    planes = np.zeros((5, ROWS + reach, blocks * BLOCK + reach), np.float32)
    between = np.empty((ROWS, planes.shape[2]), np.float32)
    sums = np.empty((4, blocks, ROWS, BLOCK), np.float32)
    a, b, products, squares, difference = planes
    band = _band()
    total = 0.0
    for top in range(0, height, ROWS):
        grey = _grey(x[top : top + ROWS + reach], y[top : top + ROWS + reach])
        for source, plane in ((x, a), (y, b)):
            rows = source[top : top + ROWS + reach]
            np.subtract(rows, grey, out=plane[: len(rows), : rows.shape[1]])
        # The constants pass the filter unchanged: added here, they are where they are needed below.
        _twice_product(a, b, c1 + c2, out=products)
        np.subtract(a, b, out=difference)
        np.multiply(difference, difference, out=squares)
        squares += products
        for plane, out in zip(planes, sums, strict=False):
            _filter(plane, band, between, out)
        # What lies beyond the planes' edges is computed too, and left out here.
        score = _score(sums, grey, c1)[:, : height - top]
        total += float(score[:full].sum(dtype=np.float64)) + float(score[full:, :, :rest].sum(dtype=np.float64))
    return total


def _score(sums: Numbers, grey: np.float32, c1: float) -> Numbers:
    """SSIM of each place from its window's sums [4, …] of x, y, 2xy + C1 + C2 and x² + y² + C1 + C2, where x and y are
    codes less grey: overwrites them.

    Numerator and denominator take the same steps, so that equal planes give exactly 1.
    """
    mean_x, mean_y, products, squares = sums
    one = _twice_product(mean_x, mean_y, c1, out=np.empty_like(mean_x))
    difference = mean_x - mean_y
    difference *= difference
    products -= one  # 2σxy + C2
    squares -= one
    squares -= difference  # σx² + σy² + C2
    # Luma is compared as it is: 2(x + g)(y + g) = 2xy + 2g(x + y) + 2g².
    mean_x += mean_y
    mean_x += grey
    mean_x *= 2 * grey
    one += mean_x
    products *= one
    one += difference
    squares *= one
    products /= squares
    return products


def _twice_product(x: Numbers, y: Numbers, plus: float, out: Numbers) -> Numbers:
    """2xy + plus, in `out`."""
    np.multiply(x, y, out=out)
    out *= 2
    out += plus
    return out


def _filter(plane: Numbers, band: Numbers, between: Numbers, out: Numbers) -> None:
    """Slides the Gaussian down, then along a plane: [ROWS + 10, 8n + 10] to `out` [n, ROWS, 8], n blocks of columns.

    Both ways are products with a small band matrix, over views that overlap by the window's reach: nothing is copied.
    Faster than a convolution or shifted sums. `between`, [ROWS, 8n + 10], is room to work in.
    """
    (rows, width), long = between.shape, BLOCK + WINDOW - 1
    line, item = plane.strides
    down = as_strided(plane, (rows // BLOCK, long, width), (BLOCK * line, line, item))
    np.matmul(band, down, out=between.reshape(-1, BLOCK, width))
    line, item = between.strides
    along = as_strided(between, (len(out), rows, long), (BLOCK * item, line, item))
    np.matmul(along, band.T, out=out)


def _band() -> Numbers:
    """[BLOCK, BLOCK + 10]: in each row the window's Gaussian, a place further right."""
    line = np.concatenate([window_line(), np.zeros(BLOCK - 1)])
    return np.stack([np.roll(line, shift) for shift in range(BLOCK)]).astype(np.float32)


def window_line() -> NDArray[np.float64]:
    """SSIM's window along a line: [11], summing to 1."""
    gauss = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * SIGMA**2))
    return gauss / gauss.sum()


def _grey(x: Plane, y: Plane) -> np.float32:
    """A code near the mean of two planes: squares of what lies beside it leave float32 more digits."""
    return np.float32(round((x[::8].mean() + y[::8].mean()) / 2))


def constants(data_range: float) -> tuple[float, float]:
    """C1 and C2 of SSIM, which keep it from dividing by nothing, for values that span `data_range`."""
    return (K1 * data_range) ** 2, (K2 * data_range) ** 2
