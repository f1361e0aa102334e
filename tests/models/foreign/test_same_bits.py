"""Networks of others in the session that all pictures go through: strips and reuse have the whole's bits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from vidsharp.models.cpu import torch_student
from vidsharp.models.enhance import Enhancer
from vidsharp.models.errors import DeviceError
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.nets.export_onnx import onnx_of
from vidsharp.models.sequence.neighbours import Picture
from vidsharp.models.sequence.session import Session

from tests.support.foreign import small_net, write_compact, write_onnx
from tests.support.gpu import EIGHT, noise

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def _exported(path: Path) -> Path:
    path.write_bytes(onnx_of("fast"))
    return path


NETWORKS: dict[str, Callable[[Path], Path]] = {
    "spandrel's, RGB": lambda folder: write_compact(folder / "a.pth"),
    "ONNX, RGB": lambda folder: write_onnx(folder / "b.onnx", small_net(3, stride=2), (1, 3, 64, 64)),
    "ours as ONNX, luma": lambda folder: _exported(folder / "c.onnx"),
}


@pytest.mark.parametrize("network", NETWORKS)
def test_reuse_and_strips_give_the_whole_pictures_bits(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = NETWORKS[network](tmp_path)
    whole = Enhancer(path, threads=1)
    monkeypatch.setattr(torch_student, "STRIP_PIXELS", {"luma": 1 << 15, "rgb": 1 << 15})
    striped = Enhancer(path, threads=2)
    planes, session = noise(0, (320, 256)), Session(striped)
    for place in (None, (5, 9), (200, 17), (319, 255)):
        planes = [plane.copy() for plane in planes]
        if place is not None:
            planes[0][place] ^= 255
        made = [plane if plane is None else plane.copy() for plane in _only(session, planes)]
        for mine, wanted in zip(made, whole.planes(planes, EIGHT), strict=True):
            assert (mine is None) == (wanted is None)
            if mine is not None and wanted is not None:
                # Strips of another size may be summed in another order: a value within a float's error of a half.
                differs = mine != wanted
                assert np.abs(mine.astype(int) - wanted).max() <= 1
                assert differs.mean() < 1e-3
        fresh = striped.planes(planes, EIGHT)
        assert all((a is None and b is None) or np.array_equal(a, b) for a, b in zip(made, fresh, strict=True))  # type: ignore[arg-type]
    assert striped.tiles_exactly
    share = session.share
    assert share is not None
    assert share > 0.3, "some of it was copied"


def _only(session: Session, planes: list[np.ndarray]) -> list[np.ndarray | None]:
    (one,) = session.push(Picture(planes, EIGHT, 0, True, 0))
    return one.made


def test_onnx_files_are_for_cpus(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "a.onnx", small_net(1), (1, 1, 64, 64))
    with pytest.raises(DeviceError, match="say --device cpu"):
        Enhancer(path, gpu=GpuSettings())


def test_what_computes_it_is_in_its_provenance(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "a.onnx", small_net(1), (1, 1, 64, 64))
    by = Enhancer(path).provenance(EIGHT)["by"]
    assert "ONNX Runtime" in by
    assert "reach 2, grid 1" in by
