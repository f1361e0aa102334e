"""Pictures to look at while training runs: the soft crop, the student's, the sharp one, side by side."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ...models.nets.protocol import forward
from ...pipeline.atomic import make_folder
from ..data.pair_set import Domain, PairSet
from .validate import at_each_look, whole_window

MOST = 6


@torch.no_grad()
def save_samples(path: Path, model: nn.Module, pairs: PairSet, domain: Domain, device: torch.device) -> None:
    """Writes a PNG with a row (soft, output at each look, sharp) for the first pair of each level, at most six."""
    nets = list(at_each_look(model).values())
    firsts = [pairs.levels.index(level) for level in dict.fromkeys(pairs.levels)][:MOST]
    rows = []
    for index in firsts:
        soft, sharp = pairs.patch(index, domain, whole_window(pairs, index))
        outs = [forward(net, soft[None].to(device)).float().cpu()[0] for net in nets]
        rows.append(np.concatenate([_picture(x) for x in (soft, *outs, sharp)], axis=1))
    widest = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 4), (0, widest - row.shape[1]), (0, 0))) for row in rows]
    make_folder(path.parent)
    Image.fromarray(np.concatenate(rows)).save(path)


def _picture(x: Tensor) -> np.ndarray:
    """uint8 [H, W, 3] of float [1 or 3, H, W] in 0..1."""
    return (x.clamp(0, 1) * 255 + 0.5).to(torch.uint8).expand(3, -1, -1).permute(1, 2, 0).numpy()
