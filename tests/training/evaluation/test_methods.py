"""Methods go from planes to planes and leave their input alone; names tell them apart."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import zoom
from skimage import data
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.catalogue import weights_path
from vidsharp.models.nets.look import at_looks
from vidsharp.training.evaluation.classic import cas, unsharp_mask
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, IMAGE_FORMAT
from vidsharp.training.evaluation.methods import methods

from tests.support.students import two_looks


def test_all_keep_shapes_and_input() -> None:
    photo = data.astronaut()[:64, 150:230].transpose(2, 0, 1)
    # Soft, as by half the size and back: a student leaves alone what is sharp.
    picture = np.asarray(zoom(zoom(photo, (1, 0.5, 0.5), order=1), (1, 2, 2), order=1))
    before = picture.copy()
    compared = methods(["fast", "reference", "fast"], device="cpu", threads=None)
    assert list(compared) == ["identity", "unsharp", "cas", "fast", "reference"]
    outputs = {name: method(list(picture), IMAGE_FORMAT) for name, method in compared.items()}
    for name, planes in outputs.items():
        assert [(p.shape, p.dtype) for p in planes] == [((64, 80), np.uint8)] * 3, name
        assert np.array_equal(planes[0], before[0]) == (name == "identity"), name
        assert np.array_equal(planes[1], before[1]) == (name != "reference"), name
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(outputs["unsharp"][0], unsharp_mask(before[0]))
    np.testing.assert_array_equal(outputs["cas"][0], cas(before[0]))


def test_checkpoints_of_one_file_name_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "last.safetensors" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        shutil.copy(weights_path("fast"), path)
    assert list(methods([str(p) for p in paths], device="cpu", threads=None))[3:] == ["last", str(paths[1])]


def test_looks_are_methods_of_their_own_and_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "two.safetensors" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        two_looks(path)
    students = ["fast", *at_looks(map(str, paths), [0.0, 0.5, 1.0])]
    compared = methods(students, device="cpu", threads=None)
    first, second = ([f"{name} {look}" for look in ("natural", "0.5", "crisp")] for name in ("two", paths[1]))
    assert list(compared)[3:] == ["fast", *first, *second]
    planes = [np.random.default_rng(0).integers(0, 256, (40, 48), dtype=np.uint8)]
    made = [compared[name](planes, IMAGE_FORMAT)[0].astype(int) for name in first]
    assert np.abs(made[2] - made[0]).mean() > np.abs(made[1] - made[0]).mean() > 0
    with pytest.raises(ModelError, match=r"The student 'fast-0\.1' has one look"):
        methods(at_looks(["fast-0.1"], [1.0]), device="cpu", threads=None)


def test_restored_chroma_is_a_method_of_its_own() -> None:
    students = [*at_looks(["fast"]), *at_looks(["fast"], chroma="restore")]
    compared = methods(students, device="cpu", threads=None)
    assert list(compared)[3:] == ["fast", "fast +chroma"]
    rng = np.random.default_rng(0)
    planes = [rng.integers(0, 256, size, dtype=np.uint8) for size in ((40, 48), (20, 24), (20, 24))]
    kept, restored = (compared[name](planes, CLIP_FORMAT) for name in ("fast", "fast +chroma"))
    np.testing.assert_array_equal(kept[0], restored[0])
    for plane, same, other in zip(planes[1:], kept[1:], restored[1:], strict=True):
        np.testing.assert_array_equal(same, plane)
        assert (other != plane).any()


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="no model 'fastest'"):
        methods(["fastest"], device="cpu", threads=None)
