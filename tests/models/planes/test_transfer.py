"""What becomes a tensor and a plane again is the same, to the last value."""

import numpy as np
import pytest
import torch
from vidsharp.models.planes.transfer import download, upload


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
