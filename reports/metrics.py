"""What is measured on frames: likeness (SSIM, PSNR), sharpness, and change from frame to frame, all on luma.

Planes are [H, W], uint8 or uint16 with values 0..2^bit_depth − 1, of any strides; they are only read. All sums of
integers are exact. Planes are taken in strips of rows, so that temporaries stay in the cache: about 6 MB for 1080p.
NumPy's BLAS should have one thread where other work keeps the cores busy: several wait for each other many times in a
frame. Times: `benchmarks/metrics.py`.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Plane = NDArray[np.unsignedinteger]
Numbers = NDArray[np.float32]

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03

BLOCK = 8
"""Places that one small matrix product slides the SSIM window over."""

ROWS = 64
"""Height of a strip; a multiple of `BLOCK`."""


def ssim(x: Plane, y: Plane, bit_depth: int) -> float:
    """Structural similarity, Wang et al., IEEE TIP 13(4), 2004: −1..1, and exactly 1 for equal planes.

    Gaussian 11×11 window, σ 1.5, population covariance, mean over the places where the window lies wholly inside. Equal
    to scikit-image's with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`, but for what float32
    leaves out: less than 1e-6 on photos, 3e-5 on the hardest patterns. In float64 it takes twice as long.

    Raises:
        ValueError: the planes differ in size, or a side is shorter than 11 px.
    """
    _check("SSIM", WINDOW, x, y)
    reach = WINDOW - 1
    height, width = x.shape[0] - reach, x.shape[1] - reach
    blocks, (full, rest) = math.ceil(width / BLOCK), divmod(width, BLOCK)
    c1, c2 = ((k * _white(bit_depth)) ** 2 for k in (K1, K2))
    planes = np.zeros((5, ROWS + reach, blocks * BLOCK + reach), np.float32)
    between = np.empty((ROWS, planes.shape[2]), np.float32)
    sums = np.empty((4, blocks, ROWS, BLOCK), np.float32)
    a, b, products, squares, difference = planes
    band = _band()
    total = 0.0
    for top in range(0, height, ROWS):
        # Squares of small numbers leave float32 more digits for what they differ by.
        some = slice(top, top + ROWS + reach, BLOCK)
        grey = np.float32(round((x[some].mean() + y[some].mean()) / 2))
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
    return min(total / (height * width), 1.0)


def psnr(x: Plane, y: Plane, bit_depth: int) -> float:
    """Peak signal-to-noise ratio in dB, at most 6·bit_depth + 12 (60 dB at 8 bits).

    The cap is libvmaf's: without it, pictures that are equal or nearly so would rule a mean.

    Raises:
        ValueError: the planes differ in size, or are empty.
    """
    _check("PSNR", 1, x, y)
    squares = 0
    for rows in _strips(x, 0):
        difference = _difference(x[rows], y[rows]).astype(np.float64).ravel()
        squares += int(np.dot(difference, difference))
    cap = 6.0 * bit_depth + 12.0
    return min(cap, 10 * math.log10(_white(bit_depth) ** 2 * x.size / squares)) if squares else cap


def sharpness(x: Plane, bit_depth: int) -> float:
    """Variance of the Laplacian (up + down + left + right − 4·centre) in squared 8-bit steps, ≥ 0: more is sharper.

    Pech-Pacheco et al., ICPR 2000; over the places whose four neighbours are inside. Noise counts as sharpness, so it
    compares versions of one recording, not recordings.

    Raises:
        ValueError: a side is shorter than 3 px.
    """
    _check("Sharpness", 3, x)
    # The Laplacian reaches 4 times white: for 8 bits, 16 hold it, and are twice as fast as 32.
    dtype = np.int16 if x.dtype == np.uint8 else np.int32
    total = squares = 0
    for rows in _strips(x, 2):
        plane = x[rows].astype(dtype)
        edges = plane[:-2, 1:-1] + plane[2:, 1:-1]
        edges += plane[1:-1, :-2]
        edges += plane[1:-1, 2:]
        edges -= 4 * plane[1:-1, 1:-1]
        values = edges.astype(np.float64).ravel()
        total += int(values.sum())
        squares += int(np.dot(values, values))
    places = (x.shape[0] - 2) * (x.shape[1] - 2)
    return (places * squares - total**2) / (places**2 * 4 ** (bit_depth - 8))


def change(x: Plane, before: Plane, bit_depth: int) -> float:
    """Mean |x − before| in 8-bit steps, 0..255 and a little: how much a frame differs from the one before.

    Raises:
        ValueError: the planes differ in size, or are empty.
    """
    _check("Change", 1, x, before)
    # 32 bits hold the sum of a row, and are faster than 64.
    rows = (_difference(x[part], before[part]).sum(axis=1, dtype=np.uint32) for part in _strips(x, 0))
    return sum(int(row.sum(dtype=np.uint64)) for row in rows) / (x.size * 2 ** (bit_depth - 8))


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
    gauss = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * SIGMA**2))
    line = np.concatenate([gauss / gauss.sum(), np.zeros(BLOCK - 1)])
    return np.stack([np.roll(line, shift) for shift in range(BLOCK)]).astype(np.float32)


def _difference(x: Plane, y: Plane) -> Plane:
    """|x − y| in the type of the planes, which a plain difference would overflow."""
    return np.maximum(x, y) - np.minimum(x, y)


def _strips(x: Plane, overlap: int) -> Iterator[slice]:
    """The rows of a plane, `ROWS` at a time, and the `overlap` rows after them."""
    return (slice(top, top + ROWS + overlap) for top in range(0, x.shape[0] - overlap, ROWS))


def _white(bit_depth: int) -> int:
    return 2**bit_depth - 1


def _check(what: str, side: int, x: Plane, *others: Plane) -> None:
    for other in others:
        if other.shape != x.shape:
            raise ValueError(f"{what} compares planes of one size, not {_size(x)} with {_size(other)}.")
    if min(x.shape) < side:
        raise ValueError(f"{what} needs at least {side}×{side} px, and the frame has {_size(x)}.")


def _size(x: Plane) -> str:
    height, width = x.shape
    return f"{width}×{height}"
