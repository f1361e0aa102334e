"""A batch of planes is sharpened as each of its pictures is."""

import numpy as np
import pytest
import torch
from vidsharp.models.planes.plane_tensors import download, sharpen_codes, upload

from tests.support.gpu import EIGHT, noise


@pytest.mark.parametrize("domain", ["luma", "rgb"])
@pytest.mark.parametrize("planes", [1, 3])
def test_a_batch_equals_its_pictures(domain: str, planes: int) -> None:
    seen = 1 if domain == "luma" else planes
    pictures = [[torch.from_numpy(p).float()[None] for p in noise(n, (9, 11))[:seen]] for n in range(3)]

    def darker(x: torch.Tensor) -> torch.Tensor:
        assert x.shape[1:] == (1 if domain == "luma" else 3, 9, 11)
        return x * 0.75

    def sharpened(codes: list[torch.Tensor]) -> list[torch.Tensor]:
        return sharpen_codes([plane.clone() for plane in codes], EIGHT, domain, 1.0, darker)  # type: ignore[arg-type]

    batch = sharpened([torch.cat(planes) for planes in zip(*pictures, strict=True)])
    assert len(batch) == seen
    for number, picture in enumerate(pictures):
        for plane, alone, given in zip(batch, sharpened(picture), picture, strict=True):
            assert plane.dtype == torch.int32
            np.testing.assert_array_equal(plane[number], alone[0])
            assert not torch.equal(plane[number], given[0].to(torch.int32))


@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 255), (np.uint16, 65535), (np.uint16, 1023)])
def test_there_and_back(dtype: type, most: int) -> None:
    plane = np.linspace(0, most, 63 * 37).round().astype(dtype).reshape(63, 37)
    there = upload(plane)
    assert there.dtype == torch.float32
    np.testing.assert_array_equal(there.numpy(), plane)
    back = download(there.to(torch.int32), np.dtype(dtype))
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, plane)


@pytest.mark.filterwarnings("error")
def test_padded_rows_and_planes_that_may_not_be_written() -> None:
    wide = np.arange(40 * 64, dtype=np.uint16).reshape(40, 64)
    np.testing.assert_array_equal(upload(wide[::2, :50]).numpy(), wide[::2, :50])
    wide.flags.writeable = False
    np.testing.assert_array_equal(upload(wide[:, 3:]).numpy(), wide[:, 3:])


def test_nobody_writes_into_what_was_given() -> None:
    plane = np.full((4, 4), 7, np.uint8)
    upload(plane).add_(1)
    assert (plane == 7).all()
