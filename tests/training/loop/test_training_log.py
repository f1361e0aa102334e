"""What a run writes down: lines in the order of steps, each step once, whatever an earlier try left."""

from pathlib import Path

import pytest
from vidsharp.training.loop.training_log import TrainingLog
from vidsharp.training.loop.validate import Gains

GAINS = {"all": Gains(1.0, 0.01, 4), "light": Gains(2.0, 0.02, 2)}


def write(folder: Path, first: int, steps: range) -> None:
    log = TrainingLog(folder, first)
    for step in steps:
        log.losses(step, 1.0, 1e-3, {"loss": 1 / step, "pixel": 0.5})
        log.gains(step, GAINS)
    log.close()


def test_lines(tmp_path: Path) -> None:
    write(tmp_path, 0, range(1, 3))
    assert (tmp_path / "loss.csv").read_text() == (
        "step,seconds,learning_rate,loss,pixel\n1,1.0,1.000e-03,1,0.5\n2,1.0,1.000e-03,0.5,0.5\n"
    )
    assert (tmp_path / "validation.csv").read_text().splitlines()[:3] == [
        "step,level,crops,psnr_gain_db,ssim_gain",
        "1,all,4,1.0000,0.01000",
        "1,light,2,2.0000,0.02000",
    ]


@pytest.mark.parametrize("first", [0, 1, 3, 5])
@pytest.mark.parametrize("left_over", ["", "6", "6,1.0,1.0", "1"])
def test_what_came_after_the_checkpoint_is_written_anew(tmp_path: Path, first: int, left_over: str) -> None:
    """Also where a killed run left a part of a line."""
    write(tmp_path / "whole", 0, range(1, 9))
    write(tmp_path / "parts", 0, range(1, 6))
    for name in ("loss.csv", "validation.csv"):
        with (tmp_path / "parts" / name).open("a") as file:
            file.write(left_over)
    write(tmp_path / "parts", first, range(first + 1, 9))
    for name in ("loss.csv", "validation.csv"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_empty_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "loss.csv").touch()
    write(tmp_path, 3, range(4, 5))
    assert (tmp_path / "loss.csv").read_text().startswith("step,seconds,")
