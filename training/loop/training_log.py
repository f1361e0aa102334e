"""The log of a training run: CSV files, and the same as events for TensorBoard."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from .validate import Gains


class TrainingLog:
    """`loss.csv`: step, seconds, learning rate, loss and its terms. `validation.csv`: gains by level."""

    def __init__(self, folder: Path, first_step: int) -> None:
        """Goes on in a folder; what an earlier try wrote after `first_step` is dropped, since it will be done again."""
        self._losses, self._gains = folder / "loss.csv", folder / "validation.csv"
        for path in (self._losses, self._gains):
            _drop_after(path, first_step)
        self._events = SummaryWriter(str(folder / "tensorboard"), purge_step=first_step + 1)

    def losses(self, step: int, seconds: float, learning_rate: float, terms: Mapping[str, float]) -> None:
        """One line of means since the last one."""
        row = {"step": step, "seconds": f"{seconds:.1f}", "learning_rate": f"{learning_rate:.3e}"}
        _append(self._losses, row | {name: f"{value:.8g}" for name, value in terms.items()})
        for name, value in {**terms, "learning_rate": learning_rate}.items():
            self._events.add_scalar(f"train/{name}", value, step)

    def gains(self, step: int, gains: Mapping[str, Gains]) -> None:
        """One line for each level."""
        for level, gain in gains.items():
            row = {"step": step, "level": level, "crops": gain.crops}
            _append(self._gains, row | {"psnr_gain_db": f"{gain.psnr_db:.4f}", "ssim_gain": f"{gain.ssim:.5f}"})
            self._events.add_scalar(f"psnr_gain_db/{level}", gain.psnr_db, step)
            self._events.add_scalar(f"ssim_gain/{level}", gain.ssim, step)

    def close(self) -> None:
        """Writes out what is buffered."""
        self._events.close()


def _append(path: Path, row: Mapping[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def _drop_after(path: Path, step: int) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    whole = [line for line in lines if line.endswith("\n")]  # a killed run may leave a part of one
    kept = [row for row in whole[1:] if int(row.split(",", 1)[0]) <= step]
    if kept:
        path.write_text("".join([whole[0], *kept]), "utf-8")
    else:
        path.unlink(missing_ok=True)
