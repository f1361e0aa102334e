"""The command that writes screens to look at."""

from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from vidsharp.training.screens import screen_clip
from vidsharp.training.screens.__main__ import main

from tests.training.screens.needs import needs_fonts

pytestmark = needs_fonts


def test_sheet_and_lossless_clips(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main,
        ["--out", str(tmp_path), *["--seed=8", "--count=3", "--size=321x181", "--frames=4", "--clips"]],
    )
    assert done.exit_code == 0, done.output
    assert len(done.output.split()) == len(list(tmp_path.iterdir())) == 4
    with Image.open(tmp_path / "screens-8.png") as sheet:
        assert sheet.size == (2 * 321 + 8, 2 * 181 + 8)
    screen = screen_clip(9, 321, 181, 4)
    with av.open(str(tmp_path / f"screens-9-{screen.layout}.mkv")) as clip:
        pictures = [frame.to_ndarray(format="rgb24", threads=1) for frame in clip.decode(video=0)]
    assert len(pictures) == 4
    assert all(np.array_equal(a, b.picture) for a, b in zip(pictures, screen.frames, strict=True))


@pytest.mark.parametrize("size", ["large", "100x50"])
def test_size_that_cannot_be_is_one_line(tmp_path: Path, size: str) -> None:
    done = CliRunner().invoke(main, ["--out", str(tmp_path / "new"), "--size", size])
    assert done.exit_code == 1
    assert done.output.startswith("Error: A ")
    assert done.output.count("\n") == 1
    assert not (tmp_path / "new").exists()
