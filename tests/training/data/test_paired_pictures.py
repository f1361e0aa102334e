"""Pictures that pair up: where sequences lie, which files belong together, and the sentence for all that do not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vidsharp.training.data.paired_pictures import ImagePair, pair_sizes, pair_up, read_rgb, sequence_folders
from vidsharp.training.errors import DataError

from tests.training.evaluation.test_evaluation_sources import image, pair


def opened(folder: Path) -> list[tuple[int, int]]:
    """The sizes of all pairs below a folder."""
    paired = pair_up(sequence_folders(folder), folder)
    return pair_sizes([one for pairs in paired.values() for one in pairs], folder)


def test_a_sequence_is_the_folder_itself_or_lies_in_it(tmp_path: Path) -> None:
    for side in ("b/blur", "b/blur_gamma", "a/sharp", ".hidden/blur", "gamma/blur_gamma", "deep/er/blur"):
        (tmp_path / side).mkdir(parents=True)
    (tmp_path / "notes.txt").touch()
    assert sequence_folders(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert sequence_folders(tmp_path / "b") == [tmp_path / "b"]
    for nothing in ("nowhere", "notes.txt", "gamma", "b/blur"):
        assert sequence_folders(tmp_path / nothing) == []


def test_pictures_pair_up_by_name(tmp_path: Path) -> None:
    image(tmp_path / "b" / "blur" / "2.jpg", (24, 16))
    image(tmp_path / "b" / "sharp" / "2.PNG", (24, 16))
    for name in ("1.webp", "0.bmp"):
        pair(tmp_path / "b", name, (16, 12))
    pair(tmp_path / "a", "1.jpeg")
    for other in ("a/blur/._1.jpeg", "a/blur/.0.png", "a/sharp/Thumbs.db", "a/blur_gamma/9.png"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_text("not looked at")
    a, b = (tmp_path / name for name in "ab")
    paired = pair_up([a, b], tmp_path)
    assert paired == {
        a: (ImagePair(a / "blur/1.jpeg", a / "sharp/1.jpeg"),),
        b: (
            ImagePair(b / "blur/0.bmp", b / "sharp/0.bmp"),
            ImagePair(b / "blur/1.webp", b / "sharp/1.webp"),
            ImagePair(b / "blur/2.jpg", b / "sharp/2.PNG"),
        ),
    }
    assert pair_sizes(paired[b], tmp_path) == [(12, 16), (12, 16), (16, 24)]


def _no_sharp(folder: Path) -> None:
    image(folder / "a" / "blur" / "1.png")


def _only_gamma(folder: Path) -> None:
    image(folder / "a" / "sharp" / "1.png")
    image(folder / "a" / "blur_gamma" / "1.png")


def _empty_sharp(folder: Path) -> None:
    image(folder / "a" / "blur" / "1.png")
    (folder / "a" / "sharp").mkdir()


def _lonely(folder: Path) -> None:
    for name in ("1.png", "2.png"):
        pair(folder / "a", name)
        pair(folder / "b", name)
        (folder / "b" / "blur" / name).unlink()
    for name in ("3.png", "4.png"):
        image(folder / "a" / "blur" / name)
    pair(folder / "b", "5.png")


def _twice(folder: Path) -> None:
    pair(folder / "a", "1.png")
    image(folder / "a" / "sharp" / "1.jpg")


def _unequal(folder: Path) -> None:
    pair(folder / "a", "1.png")
    pair(folder / "a", "2.png")
    image(folder / "a" / "sharp" / "2.png", (16, 24))


def _no_picture(folder: Path) -> None:
    pair(folder / "a", "1.png")
    (folder / "a" / "sharp" / "1.png").write_bytes(b"GIF of a cat")


def _empty_file(folder: Path) -> None:
    pair(folder / "a", "1.png")
    (folder / "a" / "blur" / "1.png").write_bytes(b"")


def _deep(folder: Path) -> None:
    pair(folder / "a", "1.png")
    Image.fromarray(np.zeros((16, 24), np.uint16)).save(folder / "a" / "blur" / "1.png")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_no_sharp, r"a/sharp' is missing"),
        (_only_gamma, r"a/blur' is missing"),
        (_empty_sharp, r"a/sharp' holds no pictures \(looked for \.png "),
        (_lonely, r"4 of 10 pictures .* \(a/blur/3\.png, a/blur/4\.png, b/sharp/1\.png and 1 more\)"),
        (_twice, r"a/sharp/1\.jpg' and '1\.png' beside it have one name"),
        (_unequal, r"1 of 2 pairs .* \(a/blur/2\.png 24×16 and 16×24\)"),
        (_no_picture, r"a/sharp/1\.png' cannot be read as a picture"),
        (_empty_file, r"a/blur/1\.png' cannot be read as a picture"),
        (_deep, r"a/blur/1\.png' has more than 8 bits"),
    ],
)
def test_what_does_not_pair_up_is_one_sentence(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match=said) as caught:
        opened(tmp_path)
    assert "\n" not in str(caught.value)


def test_grey_and_transparent_pictures_are_read(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png")
    pixels = np.asarray(Image.open(path))
    np.testing.assert_array_equal(read_rgb(path), pixels)
    Image.fromarray(np.dstack([pixels, np.zeros_like(pixels[..., :1])])).save(tmp_path / "clear.png")
    np.testing.assert_array_equal(read_rgb(tmp_path / "clear.png"), pixels)
    for mode in ("L", "P"):
        Image.new(mode, (24, 16), 7).save(tmp_path / f"{mode}.png")
        assert read_rgb(tmp_path / f"{mode}.png").shape == (16, 24, 3)


def test_pixels_that_cannot_be_read(tmp_path: Path) -> None:
    """Their headers are whole."""
    pair(tmp_path, "1.png", (256, 256))
    path = tmp_path / "blur" / "1.png"
    whole = path.read_bytes()
    first, second, rest = whole.split(b"IDAT", 2)  # chunks of pixels
    for content in (whole[: len(whole) // 2], b"IDAT".join([first, second]) + b"\0\0\0\0" + rest):
        path.write_bytes(content)
        assert opened(tmp_path) == [(256, 256)]
        with pytest.raises(DataError, match=r"1\.png' cannot be read as a picture"):
            read_rgb(path)
    Image.fromarray(np.zeros((16, 16), np.uint16)).save(path)
    with pytest.raises(DataError, match="more than 8 bits"):
        read_rgb(path)
