"""A teacher's kept answers: found by their windows, tamed on reading, made once and resumed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from vidsharp.models.enhance import Enhancer
from vidsharp.pipeline.ownership import NotOursError
from vidsharp.training import label_windows
from vidsharp.training.data import labels
from vidsharp.training.data.labels import label_file, open_labels, save_label
from vidsharp.training.data.window_cache import CROP, RADIUS, open_window_cache
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT
from vidsharp.training.label_windows import label, wanted
from vidsharp.training.loss.taming import Taming, tamed
from vidsharp.training.teachers import TEACHERS

from tests.support import windows


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, str]]:
    """What any teacher is shown, and of which level, in this order; its answers are what it was shown."""
    asked: list[tuple[Tensor, str]] = []

    def restore(soft: Tensor, level: str) -> Tensor:
        asked.append((soft, level))
        return soft

    quick = {name: replace(teacher, load=lambda: restore) for name, teacher in TEACHERS.items()}
    monkeypatch.setattr(label_windows, "TEACHERS", quick)
    return asked


def test_real_esrgan_is_shown_soft_pictures_of_the_world_and_no_screen(tmp_path: Path) -> None:
    parts = [("heavy", "photo"), ("sharp", "photo"), ("light", "clip"), ("medium", "screen"), ("medium", "clip")]
    cache = open_window_cache(windows.write(tmp_path, parts, count=5), "train")
    shown = [(part.level, part.kind, window, index) for part, window, index in wanted(cache, TEACHERS["realesrgan"], 2)]
    assert shown == [("heavy", "photo", w, w) for w in (0, 2, 4)] + [("medium", "clip", w, 20 + w) for w in (0, 2, 4)]


def test_the_largest_student_is_shown_all_but_what_is_sharp(tmp_path: Path, seen: list[tuple[Tensor, str]]) -> None:
    parts = [("heavy", "photo"), ("sharp", "photo"), ("light", "clip"), ("medium", "screen")]
    cache = open_window_cache(windows.write(tmp_path, parts, count=2), "train")
    assert label(cache, "best", each=2) == 3
    assert [level for _, level in seen] == ["heavy", "light", "medium"]
    assert {soft.shape for soft, _ in seen} == {(1, 1, CROP, CROP)}
    assert np.array_equal(seen[2][0][0, 0].numpy() * 255, cache.planes(6)[0][RADIUS, :CROP])


def test_what_the_largest_student_answers_is_its_crisp_picture(tmp_path: Path) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo")], count=1), "train")
    label(cache, "best", each=1)
    with Image.open(label_file(tmp_path / "labels" / "best", cache.parts[0].file, 0)) as picture:
        answer = np.asarray(picture)
    soft = cache.planes(0)[0][RADIUS, :CROP]
    sharpened = Enhancer("best", device="cpu", look=1.0).planes([soft], CLIP_FORMAT)[0]
    assert sharpened is not None
    assert np.abs(answer.astype(int) - sharpened).max() <= 1
    assert np.abs(answer.astype(int) - soft).max() > 1


def test_answers_are_made_once_and_a_finer_run_adds_to_them(tmp_path: Path, seen: list[tuple[Tensor, str]]) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo"), ("medium", "photo")], count=4), "train")
    assert label(cache, "realesrgan", each=4) == 2
    assert [level for _, level in seen] == ["heavy", "medium"]
    kept = {file: file.read_bytes() for file in (tmp_path / "labels").rglob("*.png")}
    assert label(cache, "realesrgan", each=2) == 4
    assert len(seen) == 4
    assert all(file.read_bytes() == was for file, was in kept.items())
    assert open_labels(cache, "realesrgan", Taming()).answered == [0, 2, 4, 6]


def test_answers_of_other_weights_are_not_mixed_with(
    tmp_path: Path, seen: list[tuple[Tensor, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo")], count=2), "train")
    label(cache, "best", each=2)
    others = replace(label_windows.TEACHERS["best"], weights=lambda: "others")
    monkeypatch.setattr(label_windows, "TEACHERS", {"best": others})
    with pytest.raises(NotOursError, match="other weights"):
        label(cache, "best", each=1)
    assert len(seen) == 1


def test_answers_of_weights_that_nobody_wrote_down_are_not_added_to(
    tmp_path: Path, seen: list[tuple[Tensor, str]]
) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo")], count=2), "train")
    for teacher in ("best", "realesrgan"):
        save_label(label_file(tmp_path / "labels" / teacher, cache.parts[0].file, 0), np.zeros((CROP, CROP), np.uint8))
    with pytest.raises(NotOursError, match="other weights"):
        label(cache, "best", each=1)
    assert label(cache, "realesrgan", each=1) == 2, "which has one set of weights"
    assert len(seen) == 1


def test_two_processes_share_the_work_without_overlap(tmp_path: Path, seen: list[tuple[Tensor, str]]) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo")], count=5), "train")
    for share in (0, 1):
        label(cache, "realesrgan", each=1, share=share, of=2)
    assert len(seen) == 5
    assert len(open_labels(cache, "realesrgan", Taming()).answered) == 5


def test_an_answer_is_tamed_by_the_windows_own_original(tmp_path: Path) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo"), ("medium", "photo")], count=3), "train")
    answer = np.random.default_rng(0).integers(0, 256, (CROP, CROP), dtype=np.uint8)
    save_label(label_file(tmp_path / "labels" / "some", cache.parts[1].file, 2), answer)
    known = open_labels(cache, "some", Taming(low_px=5))
    assert known.answered == [5]
    original = cache.planes(5)[1][RADIUS, :CROP]
    assert np.array_equal(known.picture(5), (tamed(answer, original, Taming(low_px=5)) / np.float32(255))[None])
    assert known.picture(5).dtype == np.float32
    soft = cache.planes(5)[0][RADIUS, :CROP]
    assert np.array_equal(known.picture(5, known=False)[0] * 255, tamed(answer, soft, Taming(low_px=5, beyond=0.5)))


def test_missing_and_damaged_answers_are_named(tmp_path: Path) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo")], count=2), "train")
    with pytest.raises(DataError, match="label_windows"):
        open_labels(cache, "realesrgan", Taming())
    file = label_file(tmp_path / "labels" / "realesrgan", cache.parts[0].file, 0)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no picture")
    with pytest.raises(DataError, match=file.name):
        open_labels(cache, "realesrgan", Taming()).picture(0)
    Image.new("L", (8, 8)).save(file)
    with pytest.raises(DataError, match="192"):
        open_labels(cache, "realesrgan", Taming()).picture(0)


@pytest.mark.parametrize(
    "wrong", [["--share", "x"], ["--share", "2/2"], ["--share", "1"], ["--each", "0"], ["--each", "-1"]]
)
def test_a_share_or_a_count_that_is_none_is_said_in_a_line(
    wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["label_windows", "cache", *wrong])
    with pytest.raises(SystemExit) as stopped:
        label_windows.main()
    assert stopped.value.code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"'{wrong[1]}' is no" in last


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(labels.Image.Image, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_label(tmp_path / "a" / "00.png", np.zeros((CROP, CROP), np.uint8))
    assert not list((tmp_path / "a").iterdir())


def test_real_esrgan_sees_colour_in_0_to_1(tmp_path: Path, seen: list[tuple[Tensor, str]]) -> None:
    cache = open_window_cache(windows.write(tmp_path, [("heavy", "photo")], count=1), "train")
    label(cache, "realesrgan", each=1)
    shown, _ = seen[0]
    assert shown.shape == (1, 3, CROP, CROP)
    assert shown.dtype == torch.float32
    assert 0 <= float(shown.min()) < float(shown.max()) <= 1
