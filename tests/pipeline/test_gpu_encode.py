"""A GPU's encoder is taken where it opens, writes all that is to be said, and nothing else was asked for."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from vidsharp.pipeline import gpu_encode
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.encoders import ENCODERS, ON_GPU_OF_CODEC
from vidsharp.pipeline.gpu_encode import instead_of_gpu, still_asked_for
from vidsharp.pipeline.hdr import LightLevel
from vidsharp.pipeline.probe import ClipInfo, Shape, probe
from vidsharp.pipeline.provenance import digest
from vidsharp.pipeline.survey import holding_all

from tests.support import media

OFFERED = EncoderChoice(on_gpu=("ffv1",))


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    return probe(media.call(tmp_path_factory.mktemp("clip") / "a.mp4", frames=3, audio=0).path)


@pytest.fixture
def ffv1_on_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """FFV1, which opens everywhere, in the place of an encoder on a GPU."""
    monkeypatch.setattr(gpu_encode, "ON_GPU_OF_CODEC", {"h264": "ffv1"})


def planned(info: ClipInfo, choice: EncoderChoice) -> tuple[str, str | None]:
    _, plan = holding_all(info, [Shape.of(info)], choice)
    return plan.name, instead_of_gpu(choice, info, plan)


def test_every_codec_of_a_gpu_has_one() -> None:
    assert ON_GPU_OF_CODEC == {"h264": "h264_nvenc", "hevc": "hevc_nvenc", "av1": "av1_nvenc"}
    assert all(ENCODERS[name].takes_surfaces for name in ON_GPU_OF_CODEC.values())


def test_it_goes_before_the_cpus(info: ClipInfo, ffv1_on_gpu: None) -> None:
    assert planned(info, OFFERED) == ("ffv1", None)
    assert planned(info, EncoderChoice()) == ("libx264", None)
    assert planned(replace(info, codec="vp9"), OFFERED) == ("libvpx-vp9", None)


@pytest.mark.parametrize(
    "asked", [{"name": "libx265"}, {"crf": 20.0}, {"preset": "fast"}, {"options": {"qp": "9"}}], ids=str
)
def test_who_says_something_of_the_encoder_gets_that(
    asked: Mapping[str, Any], info: ClipInfo, ffv1_on_gpu: None
) -> None:
    assert planned(info, replace(OFFERED, **asked)) == (asked.get("name", "libx264"), None)


SAID: dict[str, tuple[Mapping[str, Any], str]] = {
    "interlaced": ({"interlaced": True}, "it is interlaced"),
    "HDR": ({"light_level": LightLevel(1000, 400)}, "it has HDR metadata"),
    "siting": ({"chroma_location": "topleft"}, "its chroma lies where GPUs' encoders are not known to say"),
}


@pytest.mark.parametrize("kind", SAID)
def test_what_it_may_not_write_is_for_the_cpu(kind: str, info: ClipInfo, ffv1_on_gpu: None) -> None:
    told, why = SAID[kind]
    assert planned(replace(info, **told), OFFERED) == ("libx264", f"encoded on the CPU: {why}")


def test_where_it_does_not_open_the_cpu_encodes(info: ClipInfo) -> None:
    """As here, where there is no NVENC; and of a format that it does not take."""
    choice = EncoderChoice(on_gpu=("h264_nvenc", "hevc_nvenc", "av1_nvenc"))
    said = "encoded on the CPU: h264_nvenc does not take its pictures"
    assert planned(info, choice) == ("libx264", said)
    assert planned(replace(info, pix_fmt="yuv420p10le"), choice) == ("libx264", said)


def test_a_plan_with_a_gpus_encoder_stands_where_the_run_uses_it(info: ClipInfo) -> None:
    _, here = holding_all(info, [Shape.of(info)], EncoderChoice())
    there = replace(here, name="h264_nvenc")
    asked = (EncoderChoice(on_gpu=("h264_nvenc",)), EncoderChoice("h264_nvenc"), EncoderChoice())
    assert [still_asked_for(choice, there) for choice in asked] == [True, True, False]
    assert all(still_asked_for(choice, here) for choice in asked)


def test_chunks_of_two_encoders_never_meet(info: ClipInfo, ffv1_on_gpu: None) -> None:
    """What encodes is part of what makes a clip's pictures."""
    plans = [holding_all(info, [Shape.of(info)], choice)[1] for choice in (OFFERED, EncoderChoice())]
    assert len({digest(plan.to_json()) for plan in plans}) == 2
    assert plans[0].rate == Fraction(30)
