"""A trial of a GPU's codecs believes pictures alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from vidsharp.models.gpu import surfaces as surfaces_module
from vidsharp.models.gpu.settings import HwAccel
from vidsharp.pipeline import codec_trial
from vidsharp.pipeline.codec_trial import try_codecs_of
from vidsharp.pipeline.encoders import ENCODERS

from tests.support.fake_nvdec import Change, Surfaces, install, software, with_

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


@pytest.fixture
def x264_on_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """x264 in the place of a GPU's encoder, beside those that do not open here."""
    monkeypatch.setitem(ENCODERS, "libx264", replace(ENCODERS["libx264"], on_gpu_codecs=("none",)))  # type: ignore[arg-type]
    monkeypatch.setattr(codec_trial, "ON_GPU", "yuv420p")


def test_what_works_is_found(monkeypatch: pytest.MonkeyPatch, x264_on_gpu: None) -> None:
    install(monkeypatch, Surfaces(8))
    assert try_codecs_of("cpu") == HwAccel(True, ("libx264",))


@no_gpu
def test_without_a_gpu_nothing_works() -> None:
    found = try_codecs_of("cpu")
    assert not found.decodes
    assert str(found.trouble).startswith("its decoder does not work (FFmpeg cannot use the GPU: ")


BAD: dict[str, tuple[Change, str]] = {
    "left to the CPU": (lambda number, frame: software(frame), "does not take its profile, level or size"),
    "damaged": (lambda number, frame: with_(frame, is_corrupt=number == 3), "it is damaged"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_decoder_that_does_not_do_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change, why = BAD[kind]
    install(monkeypatch, Surfaces(8), change)
    found = try_codecs_of("cpu")
    assert (found.decodes, found.encoders) == (False, ())
    assert why in str(found.trouble)


def spoilt(real: Callable[..., Any], change: Callable[[Sequence[Tensor]], None]) -> Callable[..., Any]:
    def made(*arguments: Any) -> Any:
        given = real(*arguments)
        with torch.inference_mode():
            change(given)
        return given

    return made


def test_a_decoder_that_gives_other_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Surfaces(8))
    wrong = spoilt(surfaces_module.copied_out, lambda planes: planes[2][5, 5].add_(1))  # type: ignore[arg-type, return-value]
    monkeypatch.setattr(surfaces_module, "copied_out", wrong)
    assert try_codecs_of("cpu") == HwAccel(trouble="its decoder gives other pictures than the CPU's")


def test_an_encoder_that_looks_for_chroma_elsewhere(monkeypatch: pytest.MonkeyPatch, x264_on_gpu: None) -> None:
    install(monkeypatch, Surfaces(8))
    wrong = spoilt(surfaces_module.laid_out, lambda surface: surface[1].zero_())  # type: ignore[arg-type, return-value]
    monkeypatch.setattr(surfaces_module, "laid_out", wrong)
    assert try_codecs_of("cpu") == HwAccel(True, ())
