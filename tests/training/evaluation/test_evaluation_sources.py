"""What counts as data to evaluate on, in every layout, and the sentence for all that does not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_sources import PairSequence, SharpClip, find_sources

from tests.support.media import shared_data
from tests.training.simulate.test_clip import write_clip

SUFFIXES = (".mkv", ".mp4")


def image(path: Path, size: tuple[int, int] = (24, 16), seed: int = 0) -> Path:
    """A small picture of noise at a path of any image suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def pair(folder: Path, name: str, size: tuple[int, int] = (24, 16)) -> None:
    """An image in `blur/` and another in `sharp/`."""
    for seed, kind in enumerate(("blur", "sharp")):
        image(folder / kind / name, size, seed)


def found(folder: Path, *exclude: str) -> dict[str, list[str]]:
    """The names of the images of each sequence, by sequence."""
    sequences = find_sources(folder, SUFFIXES, exclude)
    assert all(isinstance(s, PairSequence) for s in sequences)
    return {s.name: [p.blur.name for p in s.pairs] for s in sequences if isinstance(s, PairSequence)}


def test_gopro_uses_the_test_split_and_blur_but_never_blur_gamma(tmp_path: Path) -> None:
    for split, sequence in (("train", "GOPR_A"), ("test", "GOPR_C"), ("test", "GOPR_B")):
        for name in ("000002.png", "000001.png"):
            pair(tmp_path / split / sequence, name)
        image(tmp_path / split / sequence / "blur_gamma" / "000001.png")
        image(tmp_path / split / sequence / "blur_gamma" / "000009.png")
    names = ["000001.png", "000002.png"]
    assert found(tmp_path) == {"GOPR_B": names, "GOPR_C": names}
    (first, *_) = find_sources(tmp_path, SUFFIXES)
    assert isinstance(first, PairSequence)
    assert {p.blur.parent.name for p in first.pairs} == {"blur"}
    assert {p.sharp.parent.name for p in first.pairs} == {"sharp"}


def test_one_sequence_or_a_folder_of_them(tmp_path: Path) -> None:
    pair(tmp_path / "b", "2.jpg")
    pair(tmp_path / "a", "1.webp")
    (tmp_path / "notes").mkdir()
    assert found(tmp_path) == {"a": ["1.webp"], "b": ["2.jpg"]}
    assert found(tmp_path / "a") == {"a": ["1.webp"]}
    assert found(tmp_path, "a*") == {"b": ["2.jpg"]}


def test_clips_in_the_folder_or_in_eval(tmp_path: Path) -> None:
    for name in ("b.mkv", "a.mkv", "a.mp4"):
        write_clip(tmp_path / name, sound=False)
    (tmp_path / "notes.txt").write_text("no clip")
    expected = (
        SharpClip("a.mkv", tmp_path / "a.mkv"),
        SharpClip("a.mp4", tmp_path / "a.mp4"),
        SharpClip("b", tmp_path / "b.mkv"),
    )
    assert find_sources(tmp_path, SUFFIXES) == expected
    assert find_sources(tmp_path, SUFFIXES, ["a.*"]) == expected[2:]
    (tmp_path / "eval").mkdir()
    write_clip(tmp_path / "eval" / "c.mkv", sound=False)
    assert find_sources(tmp_path, SUFFIXES) == (SharpClip("c", tmp_path / "eval" / "c.mkv"),)


def _nothing(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing to see")


def _unpaired(folder: Path) -> None:
    pair(folder / "test" / "SEQ", "1.png")
    image(folder / "test" / "SEQ" / "blur" / "2.png")
    image(folder / "test" / "SEQ" / "sharp" / "3.png")


def _tiny(folder: Path) -> None:
    pair(folder, "1.png", (24, 10))


def _deep(folder: Path) -> None:
    pair(folder, "1.png")
    Image.fromarray(np.zeros((16, 24), np.uint16)).save(folder / "sharp" / "1.png")


def _no_clip(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(b"no clip")


def _excluded(folder: Path) -> None:
    write_clip(folder / "left_out.mkv", sound=False)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_nothing, "holds nothing to measure on"),
        (_unpaired, r"2 of 4 pictures .* \(test/SEQ/blur/2\.png, test/SEQ/sharp/3\.png\)"),
        (_tiny, "24×10 pixels; SSIM needs 11"),
        (_deep, r"sharp/1\.png' has more than 8 bits"),
        (_no_clip, r"a\.mp4' cannot be decoded"),
        (_excluded, "is excluded"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match=said) as caught:
        find_sources(tmp_path, SUFFIXES, ["left_out*"])
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        find_sources(tmp_path / "nowhere", SUFFIXES)


def test_the_real_sample_of_gopro() -> None:
    data = shared_data()
    if data is None or not (data / "eval" / "GOPRO_Large").is_dir():
        pytest.skip("the shared data is not here")
    assert found(data / "eval" / "GOPRO_Large") == {"GOPR_B": ["000001.png"]}
