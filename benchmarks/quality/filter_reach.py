"""How far must a linear filter reach to undo a blur? The best filters that pairs of pictures themselves allow.

    python -m benchmarks.quality.filter_reach GOPRO_Large/test GOPRO_Large/train

In each block of a picture, ridge regression of sharp − blurred luma on the N×N pixels around a place is fitted to every
other strip of rows and measured on those between, and the other way round. No student knows the sharp picture: one that
blends filters of that reach can hardly gain more than filters which do. Prints the gain in dB over doing nothing, with
the best of a few penalties, which flatters all sizes alike.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.data.paired_pictures import pair_up, read_rgb, sequence_folders

SIDES_PX = (5, 9, 13, 17, 25)
"""Of the filters."""
BLOCK_PX, STRIP_PX = 240, 16
PENALTIES = (1e-3, 1e-2, 1e-1)
"""Added to the diagonal, as a share of its mean."""
LUMA = (0.299, 0.587, 0.114)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, nargs="+", help="that holds blur/ and sharp/, or folders that do")
    args = parser.parse_args()
    rows = []
    for folder in args.folder:
        for sequence, pairs in pair_up(sequence_folders(folder), folder).items():
            for pair in pairs:
                blurred, sharp = (read_rgb(file) @ np.array(LUMA) for file in pair)
                gains = [f"{gain_db(blurred, sharp, side):+.2f}" for side in SIDES_PX]
                rows.append([f"{sequence.name}/{pair.blur.name}", *gains])
    print(markdown_table(["pair", *(f"{side}×{side}" for side in SIDES_PX)], rows))


def gain_db(blurred: np.ndarray, sharp: np.ndarray, side: int, block_px: int = BLOCK_PX) -> float:
    """What filters of side² taps gain in dB over doing nothing, on pixels that they were not fitted to.

    Args:
        blurred, sharp: float [H, W]; what no whole block covers is left out.
    """
    before, after = 0.0, np.zeros(len(PENALTIES))
    padded = np.pad(blurred, side // 2, mode="reflect")
    around = sliding_window_view(padded, (side, side))
    for top in range(0, blurred.shape[0] - block_px + 1, block_px):
        for left in range(0, blurred.shape[1] - block_px + 1, block_px):
            place = slice(top, top + block_px), slice(left, left + block_px)
            missing = (sharp - blurred)[place].ravel()
            seen = (around[place] - blurred[place][..., None, None]).reshape(block_px**2, side**2)
            one = np.repeat(np.arange(block_px) // STRIP_PX % 2 == 0, block_px)
            before += float((missing**2).sum())
            after += sum(_errors(seen[fit], missing[fit], seen[~fit], missing[~fit]) for fit in (one, ~one))
    return float(10 * np.log10(before / after.min()))


def _errors(seen: np.ndarray, missing: np.ndarray, other: np.ndarray, other_missing: np.ndarray) -> np.ndarray:
    """Squared errors on other pixels, one for each penalty."""
    squares, products = seen.T @ seen, seen.T @ missing
    mean = np.trace(squares) / len(squares)
    fitted = [np.linalg.solve(squares + share * mean * np.eye(len(squares)), products) for share in PENALTIES]
    return np.array([np.square(other_missing - other @ filters).sum() for filters in fitted])


if __name__ == "__main__":
    main()
