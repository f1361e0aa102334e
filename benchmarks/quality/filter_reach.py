"""How far must a linear filter reach to undo a blur? The best filters that pairs of pictures themselves allow.

    python -m benchmarks.quality.filter_reach GOPRO_Large/test GOPRO_Large/train --model best

In each block of a picture, ridge regression of sharp − blurred luma on the N×N pixels around a place is fitted to every
other strip of rows and measured on those between, and the other way round. No student knows the sharp picture: one that
blends filters of that reach can hardly gain more than filters which do. Prints the gain in dB over doing nothing, with
the best of a few penalties, which flatters all sizes alike. A student that is named is shown the picture as it is, and
at a half and a third of its size: there the same blur is as much shorter, and its change, brought back, reaches as much
farther.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from vidsharp.models.nets.catalogue import load_student
from vidsharp.models.nets.look import NATURAL
from vidsharp.models.nets.protocol import forward
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.data.paired_pictures import pair_up, read_rgb, sequence_folders

SIDES_PX = (5, 9, 13, 17, 25)
"""Of the filters."""
BLOCK_PX, STRIP_PX = 240, 16
PENALTIES = (1e-3, 1e-2, 1e-1)
"""Added to the diagonal, as a share of its mean."""
SMALLER = (1, 2, 3)
"""How much smaller a student is shown pictures."""
LUMA = (0.299, 0.587, 0.114)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, nargs="+", help="that holds blur/ and sharp/, or folders that do")
    parser.add_argument("--model", action="append", default=[], help="a student that is asked, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    nets = {name: load_student(name, look=NATURAL).net for name in args.model}
    rows, asked = [], []
    for folder in args.folder:
        for sequence, pairs in pair_up(sequence_folders(folder), folder).items():
            for pair in pairs:
                blurred, sharp = (read_rgb(file) @ np.array(LUMA) for file in pair)
                gains = [f"{gain_db(blurred, sharp, side):+.2f}" for side in SIDES_PX]
                rows.append([f"{sequence.name}/{pair.blur.name}", *gains])
                asked += [
                    [rows[-1][0], name, *(f"{asked_smaller(net, blurred, sharp, by):+.3f}" for by in SMALLER)]
                    for name, net in nets.items()
                ]
    print(markdown_table(["pair", *(f"{side}×{side}" for side in SIDES_PX)], rows))
    if asked:
        print(markdown_table(["pair", "student, natural", *(f"1/{by} of the size" for by in SMALLER)], asked))


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


@torch.inference_mode()
def asked_smaller(net: torch.nn.Module, blurred: np.ndarray, sharp: np.ndarray, by: int) -> float:
    """What a student of luma gains in dB over doing nothing, shown a picture `by` times smaller.

    Args:
        blurred, sharp: float [H, W], codes of 8 bits.
    """
    soft, goal = (torch.from_numpy(plane / 255).float()[None, None] for plane in (blurred, sharp))
    size = soft.shape[-2:]

    def resized(plane: Tensor, size: Sequence[int]) -> Tensor:
        return F.interpolate(plane, size=list(size), mode="bicubic", antialias=True)

    small = resized(soft, [side // by for side in size])
    made = (soft + resized(forward(net, small) - small, size)).clamp(0, 1)
    before, after = (float((plane - goal).square().mean()) for plane in (soft, made))
    return float(10 * np.log10(before / after))


def _errors(seen: np.ndarray, missing: np.ndarray, other: np.ndarray, other_missing: np.ndarray) -> np.ndarray:
    """Squared errors on other pixels, one for each penalty."""
    squares, products = seen.T @ seen, seen.T @ missing
    mean = np.trace(squares) / len(squares)
    fitted = [np.linalg.solve(squares + share * mean * np.eye(len(squares)), products) for share in PENALTIES]
    return np.array([np.square(other_missing - other @ filters).sum() for filters in fitted])


if __name__ == "__main__":
    main()
