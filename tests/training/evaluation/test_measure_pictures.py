"""What is measured of pictures in a row: over time from the method's own pictures, VMAF where it can be had."""

from collections.abc import Sequence

import numpy as np
import pytest
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.reports.metrics import vmaf
from vidsharp.reports.metrics.detail import detail_band
from vidsharp.reports.metrics.vmaf import PerceptualScores, vmaf_ffmpeg
from vidsharp.training.evaluation import measure_pictures as module
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Planes, Position
from vidsharp.training.evaluation.measure_pictures import measure_pictures


def shot(seed: int, size: int = 48) -> Planes:
    rng = np.random.default_rng(seed)
    return [rng.integers(16, 236, (side, side), dtype=np.uint8) for side in (size, size // 2, size // 2)]


def row_of_places(count: int = 3, size: int = 48) -> list[Position]:
    """Places in a row, each of which knows the one before; the soft picture is the sharp one a little darker."""
    sharp = [shot(i, size) for i in range(count)]
    soft = [[planes[0] - 4, planes[1] + 2, planes[2]] for planes in sharp]
    pairs = list(zip(soft, sharp, strict=True))
    return [Position(str(i), CLIP_FORMAT, *pairs[i], pairs[i - 1] if i else None) for i in range(count)]


def same(planes: Planes, fmt: PlaneFormat) -> Planes:
    return planes


def test_figures_of_a_known_error() -> None:
    measured = measure_pictures(row_of_places(), {"identity": same}, vmaf=False)
    first, second, _ = measured.figures["identity"]
    assert first.psnr_db == pytest.approx(10 * np.log10(255**2 / 16))
    assert first.psnr_chroma_db == pytest.approx(10 * np.log10(255**2 / 2))  # one plane is off by 2, the other is not
    assert (first.change, first.change_sharp) == (None, None)
    assert second.change == second.change_sharp
    assert second.change is not None
    assert second.change > 20
    assert (first.vmaf, first.vmaf_neg, first.xpsnr_db) == (None, None, None)
    assert [place.item for place in measured.places] == list("012")


def test_each_picture_is_made_once_though_the_next_one_needs_it() -> None:
    seen: list[int] = []

    def counting(planes: Planes, fmt: PlaneFormat) -> Planes:
        seen.append(id(planes))
        return planes

    measure_pictures(row_of_places(), {"identity": counting}, vmaf=False)
    assert len(seen) == 3
    seen.clear()
    measure_pictures(row_of_places()[1:], {"identity": counting}, vmaf=False)
    assert len(seen) == 3  # the first one of these has a picture before it that is not measured


def test_grey_pictures_have_no_chroma() -> None:
    places = [Position("a", CLIP_FORMAT, shot(0)[:1], shot(1)[:1], None)]
    (figures,) = measure_pictures(places, {"identity": same}, vmaf=False).figures["identity"]
    assert figures.psnr_chroma_db is None


def test_perceptual_scores_go_to_their_method_and_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def scores(pictures: Sequence[np.ndarray], originals: Sequence[np.ndarray]) -> PerceptualScores:
        means = tuple(float(picture.mean()) for picture in pictures)
        return PerceptualScores(means, tuple(-m for m in means), tuple(2 * m for m in means))

    monkeypatch.setattr(module, "perceptual_scores", scores)
    places = row_of_places()
    methods = {"identity": same, "dark": lambda planes, fmt: [planes[0] // 2, *planes[1:]]}
    measured = measure_pictures(iter(places), methods, vmaf=True)
    for name, method in methods.items():
        for place, figures in zip(places, measured.figures[name], strict=True):
            mean = float(method(place.soft, place.fmt)[0].mean())
            assert (figures.vmaf, figures.vmaf_neg, figures.xpsnr_db) == (mean, -mean, 2 * mean)


@pytest.mark.skipif(vmaf_ffmpeg() is None, reason="needs the extra [vmaf]")
def test_pictures_too_small_for_vmaf_are_measured_without_it() -> None:
    (small,) = measure_pictures(row_of_places(1, vmaf.SMALLEST_PX - 2), {"identity": same}, vmaf=True).figures[
        "identity"
    ]
    (large,) = measure_pictures(row_of_places(1, vmaf.SMALLEST_PX), {"identity": same}, vmaf=True).figures["identity"]
    assert small.vmaf is small.vmaf_neg is small.xpsnr_db is None
    assert large.vmaf is not None
    assert small.ssim < 1


def test_detail_is_the_sums_of_each_picture_and_its_original() -> None:
    places = row_of_places()
    halved = measure_pictures(places, {"half": lambda planes, fmt: [planes[0] // 2, *planes[1:]]}, vmaf=False)
    for place, figures in zip(places, halved.figures["half"], strict=True):
        out, sharp = detail_band(place.soft[0] // 2), detail_band(place.sharp[0])
        assert figures.detail_product == pytest.approx(float((out * sharp).sum()), rel=1e-4)
        assert figures.detail_out == pytest.approx(float((out * out).sum()), rel=1e-4)
        assert figures.detail_sharp == pytest.approx(float((sharp * sharp).sum()), rel=1e-4)
        assert figures.detail_product / figures.detail_sharp == pytest.approx(0.5, abs=0.01)
