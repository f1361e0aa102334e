"""The cache of crops: patches are windows of the whole, and what a teacher makes of them is kept while true."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from vidsharp.training.data.crop_cache import CropCache, open_crop_cache, taught_crops
from vidsharp.training.data.pair_set import Domain, Window
from vidsharp.training.errors import DataError

from tests.support import crops

WHOLE = Window(0, 0, 256, 256)


@pytest.fixture
def cache(tmp_path: Path) -> CropCache:
    return crops.open_both(crops.write_cache(tmp_path, train=2, val=1))[0]


@pytest.mark.parametrize("domain", ["luma", "rgb"])
@pytest.mark.parametrize(
    ("top", "left", "height", "width"),
    [(0, 0, 31, 31), (3, 8, 31, 32), (225, 225, 31, 31), (224, 7, 32, 20), (1, 1, 16, 17)],
)
def test_patches_are_windows_of_the_whole(
    cache: CropCache, domain: Domain, top: int, left: int, height: int, width: int
) -> None:
    """Of colour, too, which is interpolated: at the window's edge it must look beyond."""
    whole = cache.patch(1, domain, WHOLE)
    part = cache.patch(1, domain, Window(top, left, height, width))
    for all_of_it, some in zip(whole, part, strict=True):
        assert all_of_it.shape == (1 if domain == "luma" else 3, 256, 256)
        assert torch.equal(some, all_of_it[:, top : top + height, left : left + width])


def test_luma_is_the_code_over_255(cache: CropCache) -> None:
    soft, sharp = cache.patch(0, "luma", WHOLE)
    assert np.array_equal(np.rint(soft[0].numpy() * 255), cache.soft[0, :256])
    assert np.array_equal(np.rint(sharp[0].numpy() * 255), cache.sharp[0, :256])


def test_missing_unequal_and_broken_caches(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no 'train' pairs, or not whole; build windows"):
        open_crop_cache(tmp_path / "nowhere", "train")
    crops.write_cache(tmp_path, train=2, val=2)
    np.save(tmp_path / "val_soft.npy", np.zeros((3, 384, 256), np.uint8))
    with pytest.raises(DataError, match="has 3 soft and 2 sharp 'val' crops"):
        open_crop_cache(tmp_path, "val")
    for index in ("[{}]", "{", "[1, 2]"):
        (tmp_path / "train.json").write_text(index)
        with pytest.raises(DataError, match="holds no 'train' pairs"):
            open_crop_cache(tmp_path, "train")


def doubled(soft: Tensor) -> Tensor:
    return (soft * 1.5 - 0.2).clamp(0, 1)


@pytest.mark.parametrize("domain", ["luma", "rgb"])
def test_the_teacher_sees_each_soft_crop_once(cache: CropCache, domain: Domain) -> None:
    seen: list[Tensor] = []

    def teach(soft: Tensor) -> Tensor:
        seen.append(soft)
        return doubled(soft)

    taught = taught_crops(cache, domain, "0123456789abcdef", teach, print)
    assert len(seen) == len(cache.levels)
    for index, mine in enumerate(taught.pictures):
        soft, _ = cache.patch(index, domain, WHOLE)
        assert torch.equal(seen[index][0], soft)
        assert np.array_equal(mine, doubled(soft).numpy().astype(np.float16))
    assert not list(cache.folder.glob("*.part*"))
    again = taught_crops(cache, domain, "0123456789abcdef", teach, print)
    assert np.array_equal(again.pictures, taught.pictures)
    assert len(seen) == len(cache.levels), "a second run reads what the first one kept"
    taught_crops(cache, domain, "another teacher", teach, print)
    assert len(seen) == 2 * len(cache.levels)


def test_two_containers_teach_into_one_cache(cache: CropCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share the disk, and each has a process of the same number."""
    monkeypatch.setattr(os, "getpid", lambda: 17)
    others: list[np.ndarray] = []

    def teach(soft: Tensor) -> Tensor:
        if not others:
            others.append(taught_crops(cache, "luma", "key", doubled, print).pictures)
        return doubled(soft)

    try:
        mine = taught_crops(cache, "luma", "key", teach, print).pictures
    except OSError as error:
        mine = error
    assert isinstance(mine, np.ndarray), f"one container's file was taken by the other: {mine}"
    assert np.array_equal(mine, others[0])
    assert [path.name for path in cache.folder.glob("*taught*")] == ["train_taught_luma_key.npy"]


def test_crops_made_anew_are_taught_anew(cache: CropCache) -> None:
    first = np.array(taught_crops(cache, "luma", "key", doubled, print).pictures)
    np.save(cache.folder / "train_soft.npy", np.array(cache.soft)[::-1])
    later = (cache.folder / "train_taught_luma_key.npy").stat().st_mtime + 10
    os.utime(cache.folder / "train.json", (later, later))
    second = taught_crops(open_crop_cache(cache.folder, "train"), "luma", "key", doubled, print)
    assert np.array_equal(second.pictures, first[::-1])
