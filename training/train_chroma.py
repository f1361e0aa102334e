"""Trains the chroma student on a cache of windows, resumably: the same weights whether interrupted or not.

    python -m vidsharp.training.train_chroma CACHE --out runs/chroma

Into its folder go `checkpoint.pt` (everything; `--resume` continues from it), `weights.safetensors` (what ships) and
`gains.json` (what it gains on the cache's validation windows). One thread, so that the sums have one order.
"""

import argparse
import copy
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as safetensors
from torch import Tensor

from ..models.errors import CheckpointError, VidsharpError
from ..models.nets.checkpoint import load_into
from ..models.nets.chroma import ChromaStudent
from ..pipeline.atomic import make_folder, remove_leftovers, write_atomically
from ..pipeline.ownership import MARK, mark_made, refuse_others
from .data.batches import level_odds
from .data.chroma_patches import Patches, batch_of
from .data.window_cache import open_window_cache
from .loop.chroma_gains import chroma_gains
from .loop.train import CHECKPOINT, WEIGHTS
from .loss.losses import GOOD, relative_error, squared_error

FILES = (CHECKPOINT, WEIGHTS, "gains.json")
MIX = {"light": 1.0, "medium": 1.5, "heavy": 2.0, "compressed": 1.0, "switching": 0.7, "sharp": 1.0, "motion": 0.3}
"""How often a window is of each level; a level that the cache has not is passed over."""
SAVE_EVERY = 500
"""Steps between checkpoints."""


@dataclass(frozen=True)
class Settings:
    """All that the weights depend on, beside the cache."""

    steps: int = 6000
    learning_rate: float = 3e-3
    warmup: int = 100
    floor: float = GOOD
    """Added, squared, to the error that a patch comes with: an error below it is not worth the risk."""
    average: float = 0.995
    """Decay of the running average of the weights, which is what ships."""
    patches: Patches = field(default_factory=Patches)


class ChromaTrainer:
    """A chroma student somewhere along its steps, with its running average and optimiser."""

    def __init__(self, settings: Settings, size: Mapping[str, Any] | None = None) -> None:
        torch.manual_seed(settings.patches.seed)
        self.settings, self.step = settings, 0
        self.net = ChromaStudent(**(size or {})).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).requires_grad_(False).eval()
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99))

    def advance(self, soft: Tensor, sharp: Tensor, luma: Tensor) -> float:
        """One step; returns the loss."""
        rate, done = self.settings.learning_rate, self.step / self.settings.steps
        rate *= min(1.0, (self.step + 1) / self.settings.warmup) * (0.01 + 0.495 * (1 + math.cos(math.pi * done)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        given = squared_error(soft, sharp)
        loss = relative_error(self.net(soft, luma), sharp, given, self.settings.floor).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        parts = {"params_ema": self.average, "params": self.net, "optimizer": self.optimizer}
        return {name: of.state_dict() for name, of in parts.items()} | {
            "step": self.step,
            "settings": asdict(self.settings),
        }

    def restore(self, path: Path) -> None:
        """Goes back to a saved `state`.

        Raises:
            CheckpointError: it is missing, is no checkpoint of this training, or was made with other settings.
        """
        try:
            state = torch.load(path, "cpu", weights_only=True)
            same = state["settings"] == asdict(self.settings)
            step, parts = int(state["step"]), [state[name] for name in ("params_ema", "params", "optimizer")]
        except Exception as error:  # on garbage, torch's reader fails in any way that its bytes lead it to
            raise CheckpointError(f"'{path}' is no checkpoint that this training can resume from.") from error
        if not same:
            raise CheckpointError(f"'{path}' was made with other settings, so training cannot resume from it.")
        load_into(self.average, parts[0], path)
        load_into(self.net, parts[1], path)
        self.optimizer.load_state_dict(parts[2])
        self.step = step


def train_chroma(
    cache: Path,
    out: Path,
    settings: Settings,
    *,
    resume: bool = False,
    stop_after: int | None = None,
    size: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> ChromaTrainer:
    """Trains to the last step, or to `stop_after`, and saves.

    Raises:
        DataError: as `open_window_cache`, or no window is of a level in `MIX`.
        CheckpointError: as `ChromaTrainer.restore`.
        NotOursError, OutputError: the folder holds what this did not make, or cannot be written.
    """
    windows = open_window_cache(cache, "train")
    odds = level_odds(windows.levels, MIX)
    refuse_others(out / MARK, FILES, "train_chroma", remedy="choose another --out")
    trainer = ChromaTrainer(settings, size)
    if resume:
        trainer.restore(out / CHECKPOINT)
    elif (out / CHECKPOINT).exists():
        raise CheckpointError(f"'{out}' holds a training run already; use --resume, or another folder.")
    make_folder(out)
    remove_leftovers(out)
    mark_made(out / MARK, "train_chroma", dict.fromkeys(FILES))
    last, losses = min(settings.steps, stop_after or settings.steps), list[float]()
    while trainer.step < last:
        losses.append(trainer.advance(*batch_of(windows, settings.patches, odds, trainer.step)))
        if trainer.step % SAVE_EVERY == 0 or trainer.step == last:
            buffer = io.BytesIO()
            torch.save(trainer.state(), buffer)
            write_atomically(out / CHECKPOINT, buffer.getvalue())
            say(f"step {trainer.step} of {settings.steps}, loss {np.mean(losses):.4f}")
            losses.clear()
    weights = {name: tensor.contiguous() for name, tensor in trainer.average.state_dict().items()}
    write_atomically(out / WEIGHTS, safetensors(weights))
    return trainer


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--seed", type=int, default=Patches.seed)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        trainer = train_chroma(
            args.cache, args.out, Settings(args.steps, patches=Patches(args.seed)), resume=args.resume
        )
        gains = chroma_gains(trainer.average, open_window_cache(args.cache, "val"))
        table = {name: row._asdict() for name, row in gains.items()}
        write_atomically(args.out / "gains.json", (json.dumps(table, indent=2) + "\n").encode())
        for name, row in gains.items():
            print(f"{name:20} {row.windows:4} {row.input_db:6.2f} dB {row.psnr_db:+.3f} dB, SSIM {row.ssim:+.4f}")
    except VidsharpError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
