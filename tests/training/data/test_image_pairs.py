"""Paired pictures on disk: which layouts are read, how they are split and cut, and what is refused before any work."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from vidsharp.models.planes.colour import rgb_to_yuv
from vidsharp.training.data.image_pairs import ImagePairs, holds_image_pairs, open_image_pairs
from vidsharp.training.data.pair_set import Domain, PairSet, Window
from vidsharp.training.errors import DataError

from tests.support.media import shared_data

WHOLE = Window(0, 0, 24, 32)
SEQUENCES = [f"GOPR{number:04}_11_00" for number in range(20)]


def picture(seed: int, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8)


def add_pair(folder: Path, name: str, seed: int = 0) -> None:
    """blur/NAME holds picture(seed), sharp/NAME picture(seed + 1000)."""
    for side, offset in (("blur", 0), ("sharp", 1000)):
        (folder / side).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(seed + offset)).save(folder / side / name)


@pytest.fixture
def gopro(tmp_path: Path) -> Path:
    """Twenty sequences of two pairs for training; one that must not be touched lies beside them."""
    folder = tmp_path / "GOPRO_Large"
    for number, sequence in enumerate(SEQUENCES):
        for frame in (1, 2):
            add_pair(folder / "train" / sequence, f"{frame:06}.png", 10 * number + frame)
    add_pair(folder / "test" / "GOPR9999_11_00", "000001.png")
    return folder


def both(folder: Path, share: float = 0.1) -> tuple[ImagePairs, ImagePairs]:
    return open_image_pairs(folder, "train", share), open_image_pairs(folder, "val", share)


@pytest.mark.parametrize(("share", "held_back"), [(0.01, 1), (0.1, 2), (0.5, 10), (0.999, 19)])
def test_gopro_is_split_by_whole_sequences_of_train(gopro: Path, share: float, held_back: int) -> None:
    train, val = both(gopro, share)
    assert len(set(val.sources)) == held_back
    assert not set(train.sources) & set(val.sources)
    assert sorted([*train.sources, *val.sources]) == sorted(SEQUENCES * 2)
    assert set(train.levels) == set(val.levels) == {"blur"}
    assert len(val.levels) == len(val.sources) == len(val.files) == len(val.sizes) == 2 * held_back


def test_split_stays_the_same(tmp_path: Path) -> None:
    """Written out: a run that resumes after an update must not train on what it validated with."""
    for name in ("GOPR0372_07_00", "GOPR0378_13_00", "GOPR0379_11_00"):
        add_pair(tmp_path / name, "000001.png")
    assert open_image_pairs(tmp_path, "val").sources == ["GOPR0378_13_00"]


def test_pairs_hold_what_their_files_hold(gopro: Path) -> None:
    pairs: PairSet = open_image_pairs(gopro, "train")
    number = SEQUENCES.index(pairs.sources[3])
    assert pairs.sources[2] == pairs.sources[3]  # so this is the sequence's second pair
    soft, sharp = pairs.patch(3, "rgb", WHOLE)
    assert torch.equal(soft, as_rgb(picture(10 * number + 2)))
    assert torch.equal(sharp, as_rgb(picture(10 * number + 1002)))
    assert pairs.size(3) == (24, 32)


def as_rgb(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1) / 255


@pytest.mark.parametrize("domain", ["luma", "rgb"])
def test_windows_are_cut_and_turned_alike(gopro: Path, domain: Domain) -> None:
    pairs = open_image_pairs(gopro, "train")
    window = Window(3, 5, 16, 8, mirrored=True, transposed=True)
    wholes = pairs.patch(0, domain, WHOLE)
    for cut, whole in zip(pairs.patch(0, domain, window), wholes, strict=True):
        assert cut.shape == (3 if domain == "rgb" else 1, 8, 16)
        assert cut.dtype == torch.float32
        assert torch.equal(cut, whole[:, 3:19, 5:13].flip(-1).mT)
    assert not torch.equal(*wholes)


def test_luma_is_that_of_a_call(gopro: Path) -> None:
    pairs = open_image_pairs(gopro, "train")
    rgb, luma = (pairs.patch(0, domain, WHOLE)[0] for domain in ("rgb", "luma"))
    (codes,) = rgb_to_yuv(rgb[None], None, matrix="bt601", full_range=False, bit_depth=8, chroma_left=True)
    assert (luma[0] * 255 - codes).abs().max() <= 0.5 + 1e-4  # the codes are rounded


def test_sequence_folders(tmp_path: Path) -> None:
    for sequence in ("a", "b"):
        add_pair(tmp_path / sequence, "1.png")
    train, val = both(tmp_path)
    assert sorted([*train.sources, *val.sources]) == ["a", "b"]


@pytest.mark.parametrize("root", [".", "train"])
def test_flat_folder_keeps_frames_of_one_clip_together(tmp_path: Path, root: str) -> None:
    for name in ("call_a_001", "call_a_002", "call_b-1", "portrait", "7"):
        add_pair(tmp_path / root, f"{name}.png")
    train, val = both(tmp_path)
    assert sorted([*train.sources, *val.sources]) == ["7", "call_a", "call_a", "call_b", "portrait"]
    assert not set(train.sources) & set(val.sources)


def test_pairs_reach_spawned_workers(gopro: Path) -> None:
    pairs = open_image_pairs(gopro, "train")
    assert pickle.loads(pickle.dumps(pairs)) == pairs
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert torch.equal(pool.submit(pairs.patch, 0, "rgb", WHOLE).result()[0], pairs.patch(0, "rgb", WHOLE)[0])


def test_recognises_layouts(gopro: Path, tmp_path: Path) -> None:
    assert holds_image_pairs(gopro)
    assert holds_image_pairs(gopro / "train")
    assert holds_image_pairs(gopro / "train" / SEQUENCES[0])
    for other in (tmp_path, gopro / "train" / SEQUENCES[0] / "blur", tmp_path / "absent"):
        assert not holds_image_pairs(other)
        with pytest.raises(DataError, match="holds no paired pictures"):
            open_image_pairs(other, "train")


def test_one_sequence_is_for_training(tmp_path: Path) -> None:
    add_pair(tmp_path / "only", "1.png")
    assert open_image_pairs(tmp_path, "train").sources == ["only"]
    with pytest.raises(DataError, match=r"single sequence, 'only'.*add another"):
        open_image_pairs(tmp_path, "val")


def test_all_names_are_checked_but_headers_of_one_split_only(gopro: Path) -> None:
    file = open_image_pairs(gopro, "train").files[0].blur
    file.write_bytes(b"GIF of a cat")
    with pytest.raises(DataError, match=rf"{file.name}' cannot be read"):
        open_image_pairs(gopro, "train")
    open_image_pairs(gopro, "val")
    file.unlink()
    for split in ("train", "val"):
        with pytest.raises(DataError, match=rf"1 of 79 pictures .*train/{file.parent.parent.name}/sharp/{file.name}"):
            open_image_pairs(gopro, split)


def test_broken_pixels_are_met_when_cut(gopro: Path) -> None:
    pairs = open_image_pairs(gopro, "train")
    file = pairs.files[0].sharp
    file.write_bytes(file.read_bytes()[:500])
    assert open_image_pairs(gopro, "train").sizes == pairs.sizes
    with pytest.raises(DataError, match=rf"{file.name}' cannot be read"):
        pairs.patch(0, "luma", WHOLE)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_share_lies_between_0_and_1(gopro: Path, share: float) -> None:
    with pytest.raises(DataError, match="share of validation"):
        open_image_pairs(gopro, "train", share)


def test_real_gopro() -> None:
    data = shared_data()
    folder = data / "eval" / "GOPRO_Large" if data else None
    if folder is None or not folder.is_dir():
        pytest.skip("no shared data here")
    pairs = open_image_pairs(folder, "train")
    assert pairs.sources == ["GOPR_A"]
    assert pairs.size(0) == (720, 1280)
    soft, sharp = pairs.patch(0, "luma", Window(200, 300, 128, 128))
    assert 16 / 255 <= float(soft.min()) < float(soft.max()) <= 235 / 255
    assert 0 < float((soft - sharp).abs().mean()) < 0.1
    with pytest.raises(DataError, match="single sequence"):
        open_image_pairs(folder, "val")
