"""A batch of planes is sharpened as each of its pictures is."""

import numpy as np
import pytest
import torch
from vidsharp.models.planes.plane_tensors import sharpen_codes

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
