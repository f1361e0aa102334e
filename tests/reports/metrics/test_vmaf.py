"""VMAF, VMAF-NEG and XPSNR: they order pictures as they must, and what cannot be measured is one sentence."""

import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from vidsharp.reports.errors import MetricError
from vidsharp.reports.metrics import vmaf
from vidsharp.reports.metrics.vmaf import SMALLEST_PX, PerceptualScores, perceptual_scores, vmaf_ffmpeg
from vidsharp.training.evaluation.classic import unsharp_mask

needs_vmaf = pytest.mark.skipif(vmaf_ffmpeg() is None, reason="needs the extra [vmaf]")


def shots(width: int, height: int, count: int = 3) -> list[np.ndarray]:
    """A photo that moves a pixel from picture to picture."""
    photo = data.camera()
    return [photo[100 + i : 100 + i + height, 100 + i : 100 + i + width] for i in range(count)]


def noisy(pictures: Sequence[np.ndarray], sigma: float) -> list[np.ndarray]:
    noise = np.random.default_rng(0).normal(0, sigma, pictures[0].shape)
    return [(picture + noise).clip(0, 255).astype(np.uint8) for picture in pictures]


def means(scores: PerceptualScores) -> tuple[float, float, float]:
    vmaf, neg, xpsnr = (float(np.mean(column)) for column in (scores.vmaf, scores.vmaf_neg, scores.xpsnr_db))
    return vmaf, neg, xpsnr


@needs_vmaf
def test_equal_pictures_have_the_most_and_noise_has_less() -> None:
    sharp = shots(96, 80)
    equal, little, much = (perceptual_scores(noisy(sharp, sigma), sharp) for sigma in (0, 6, 20))
    assert len(equal.vmaf) == len(equal.vmaf_neg) == len(equal.xpsnr_db) == len(sharp)
    assert min(equal.vmaf + equal.vmaf_neg) > 95
    assert set(equal.xpsnr_db) == {60.0}
    for best, middle, worst in zip(means(equal), means(little), means(much), strict=True):
        assert best > middle + 1
        assert middle > worst + 1


@needs_vmaf
def test_sharpening_the_original_raises_vmaf_and_not_neg() -> None:
    blurred = [np.asarray((p[:-1, :-1].astype(int) + p[1:, 1:]) // 2, np.uint8) for p in shots(129, 129)]
    soft, sharpened = perceptual_scores(blurred, blurred), perceptual_scores([*map(unsharp_mask, blurred)], blurred)
    assert means(sharpened)[0] >= means(sharpened)[1]
    assert means(sharpened)[1] <= means(soft)[1]
    gain, neg_gain = (means(sharpened)[i] - means(soft)[i] for i in range(2))
    assert gain > neg_gain


@needs_vmaf
@pytest.mark.parametrize("size", [(SMALLEST_PX, SMALLEST_PX), (33, 47), (64, 35)])
def test_small_and_odd_sizes_are_measured_picture_by_picture(size: tuple[int, int]) -> None:
    sharp = shots(*size, count=2)
    bad_second = [sharp[0], 255 - sharp[1]]
    scores = perceptual_scores(bad_second, sharp)
    assert scores.vmaf_neg[0] > scores.vmaf_neg[1] + 10
    assert scores.xpsnr_db[0] == 60 > scores.xpsnr_db[1]


@needs_vmaf
def test_planes_that_are_views_are_read_as_they_look() -> None:
    wide = shots(160, 64)
    views = [picture[:, ::2] for picture in wide]
    assert perceptual_scores(views, [view.copy() for view in views]).xpsnr_db == (60.0,) * 3


@needs_vmaf
def test_a_temporary_folder_of_any_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "it's: a [folder], 100%;"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    sharp = shots(40, 40, 1)
    assert len(perceptual_scores(sharp, sharp).vmaf) == 1
    assert not list(folder.iterdir())


@needs_vmaf
def test_pictures_that_are_too_small_are_said() -> None:
    sharp = shots(SMALLEST_PX - 1, 64)
    with pytest.raises(MetricError, match=r"at least 32×32 px, not 31×64\.$"):
        perceptual_scores(sharp, sharp)


def script(path: Path, body: str) -> str:
    """A program that FFmpeg is mistaken for."""
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import sys; print('first', file=sys.stderr); sys.exit('no such filter')", "VMAF: no such filter."),
        ("", "it left no figures"),
        (
            "open('vmaf.json', 'w').write('{\"frames\": []}'); open('xpsnr.log', 'w').write('n: 1')",
            "measured 0 and 0 of 3",
        ),
    ],
)
def test_an_ffmpeg_that_fails_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    monkeypatch.setattr(vmaf, "vmaf_ffmpeg", lambda: script(tmp_path / "ffmpeg", body))
    with pytest.raises(MetricError, match=said) as caught:
        perceptual_scores(shots(64, 64), shots(64, 64))
    assert "\n" not in str(caught.value)


def test_without_an_ffmpeg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vmaf, "vmaf_ffmpeg", lambda: None)
    with pytest.raises(MetricError, match=r"pip install 'vidsharp\[vmaf\]'"):
        perceptual_scores(shots(64, 64), shots(64, 64))


@pytest.mark.parametrize("filters", ["libvmaf", "xpsnr", ""])
def test_an_ffmpeg_without_the_filters_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filters: str
) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    program = script(tmp_path / "ffmpeg", f"print(' .. {filters} VV->V')")
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: program)
    assert vmaf_ffmpeg.__wrapped__() is None


def test_a_package_without_ffmpeg_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

    def nothing() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", nothing)
    assert vmaf_ffmpeg.__wrapped__() is None
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert vmaf_ffmpeg.__wrapped__() is None
