"""An encoder that will not do is named before any work, in a sentence that helps; the others do as they are told."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from vidsharp.pipeline.encoder import (
    EncoderChoice,
    add_encoder,
    check_encoder,
    encoder_name,
    options_here,
    resolve_encoder,
)
from vidsharp.pipeline.encoder_parameters import x264_here
from vidsharp.pipeline.encoder_plan import EncoderPlan
from vidsharp.pipeline.encoders import ENCODER_OF_CODEC, check_encoder_name
from vidsharp.pipeline.errors import EncoderError
from vidsharp.pipeline.probe import ClipInfo, Colour, probe

from tests.support import media


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    clip = media.call(tmp_path_factory.mktemp("clip") / "a.mkv", frames=2, size=(160, 96))
    return probe(clip.path)


PIX_FMT = {"mjpeg": "yuvj420p", "prores": "yuv422p10le"}


@pytest.mark.parametrize("codec", ENCODER_OF_CODEC)
def test_the_default_of_each_codec_opens_and_writes_one_packet_for_each_picture(
    codec: str, info: ClipInfo, tmp_path: Path
) -> None:
    info = replace(info, codec=codec, pix_fmt=PIX_FMT.get(codec, "yuv420p"))
    check_encoder_name(ENCODER_OF_CODEC[codec])
    plan = resolve_encoder(EncoderChoice(), info)
    check_encoder(plan, info)
    path = tmp_path / "a.nut"
    with av.open(str(path), "w", format=plan.chunk_format) as out:
        stream = add_encoder(out, plan, info)
        assert stream.codec_context.name == ENCODER_OF_CODEC[codec]
        for number in range(10):
            frame = media.picture(number, (160, 96), info.pix_fmt)
            frame.pts, frame.time_base = number, stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert len(media.stream_packets(path)[0]) == 10
    assert media.frame_indices(path) == list(range(10))
    with av.open(str(path)) as made:
        assert made.streams.video[0].codec_context.codec.canonical_name == codec


def test_other_codecs_become_h264(info: ClipInfo) -> None:
    assert encoder_name(EncoderChoice(), replace(info, codec="theora")) == "libx264"
    assert encoder_name(EncoderChoice("libx265"), info) == "libx265"


@pytest.mark.parametrize("name", ["libx266", "", "aac", "h264_decoder", "subrip"])
def test_a_name_that_is_no_video_encoder(name: str) -> None:
    with pytest.raises(EncoderError, match=r"no video encoder called .*; at hand are .*libx264"):
        check_encoder_name(name)


@pytest.mark.parametrize(
    ("choice", "changes", "sentence"),
    [
        (EncoderChoice("libx264", options={"tuen": "film"}), {}, "knows no option tuen"),
        (EncoderChoice("ffv1", options={"levle": "3", "a": "b"}), {}, "knows no option a, levle"),
        (EncoderChoice("libx264", preset="warp"), {}, "preset=warp"),
        (EncoderChoice("libx265", preset="warp"), {}, "preset=warp"),
        (EncoderChoice("libx264", options={"crf": "many"}), {}, "crf=many"),
        (EncoderChoice("ffv1", crf=20), {}, "ffv1 has no constant rate factor; set its quality with -e"),
        (EncoderChoice("mpeg4", crf=20), {}, "mpeg4 has no constant rate factor"),
        (EncoderChoice("mpeg4", preset="fast"), {}, "mpeg4 has no presets"),
        (EncoderChoice("libvpx"), {"pix_fmt": "yuv444p10le"}, "libvpx does not take its pixel format yuv444p10le"),
        (EncoderChoice(), {"codec": "mjpeg", "pix_fmt": "yuv420p10le"}, "mjpeg does not take its pixel format"),
        (EncoderChoice(), {"codec": "h264", "pix_fmt": "yuv444p12le"}, "choose another with --encoder"),
        (EncoderChoice("dnxhd"), {"pix_fmt": "yuv422p"}, "dnxhd cannot be used here"),
        (EncoderChoice("libx264"), {"width": 161, "height": 121}, "refuses its 161x121 yuv420p pictures"),
    ],
)
def test_what_will_not_do_is_said_before_any_work(
    choice: EncoderChoice, changes: dict[str, Any], sentence: str, info: ClipInfo
) -> None:
    changed = replace(info, **changes)
    with pytest.raises(EncoderError, match=sentence) as caught:
        check_encoder(resolve_encoder(choice, changed), changed)
    assert "\n" not in str(caught.value)


def _context(choice: EncoderChoice, info: ClipInfo, tmp_path: Path) -> VideoCodecContext:
    with av.open(str(tmp_path / "a.nut"), "w", format="nut") as out:
        return add_encoder(out, resolve_encoder(choice, info), info).codec_context


def test_the_pictures_facts_reach_the_encoder(info: ClipInfo, tmp_path: Path) -> None:
    told = replace(info, colour=Colour(2, 9, 16, 9), sample_aspect_ratio=Fraction(32, 27), frame_rate=Fraction(24))
    context = _context(EncoderChoice(), told, tmp_path)
    assert (context.width, context.height, context.pix_fmt) == (160, 96, "yuv420p")
    assert (context.color_range, context.color_primaries, context.color_trc, context.colorspace) == (2, 9, 16, 9)
    assert context.sample_aspect_ratio == Fraction(32, 27)
    assert context.framerate == 24
    assert context.thread_count == 1


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Fraction(15), Fraction(24000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (Fraction(25), Fraction(25)),
        (Fraction(144), Fraction(60)),
    ],
)
def test_mpeg2_is_given_a_rate_that_it_can_say(
    rate: Fraction, expected: Fraction, info: ClipInfo, tmp_path: Path
) -> None:
    assert _context(EncoderChoice("mpeg2video"), replace(info, frame_rate=rate), tmp_path).framerate == expected


def _bytes(choice: EncoderChoice, info: ClipInfo, path: Path, frames: int = 20) -> int:
    with av.open(str(path), "w", format="nut") as out:
        stream: VideoStream = add_encoder(out, resolve_encoder(choice, info), info)
        for number in range(frames):
            frame = media.picture(number, (info.width, info.height), info.pix_fmt)
            frame.pts, frame.time_base = number, stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return sum(packet[3] for packet in media.stream_packets(path)[0])


@pytest.mark.parametrize("name", ["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1"])
def test_the_rate_factor_asked_for_is_the_one_used(name: str, info: ClipInfo, tmp_path: Path) -> None:
    fine, default, coarse = (_bytes(EncoderChoice(name, crf=crf), info, tmp_path / "a.nut") for crf in (5, None, 50))
    assert coarse < default < fine


@pytest.mark.parametrize("name", ["libx264", "libx265", "libsvtav1", "mpeg4", "mpeg2video", "mjpeg"])
def test_a_bitrate_asked_for_wins_over_the_default_quality(name: str, info: ClipInfo, tmp_path: Path) -> None:
    info = replace(info, pix_fmt="yuvj420p" if name == "mjpeg" else "yuv420p")
    default, thin = (
        _bytes(EncoderChoice(name, options=options), info, tmp_path / "a.nut", frames=60)
        for options in ({}, {"b": "60k"})
    )
    assert thin < default * 0.8


def test_a_quantiser_asked_for_wins_over_the_default_quality(info: ClipInfo, tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    _bytes(EncoderChoice("libx264", options={"qp": "0"}), info, path, frames=3)
    expected = [media.planes(media.picture(number, (160, 96), "yuv420p"))[0] for number in range(3)]
    decoded = [planes[0] for planes in media.decoded_planes(path)]
    assert all((a == b).all() for a, b in zip(decoded, expected, strict=True)), "a quantiser of 0 is lossless"


def test_the_users_own_parameters_come_after_ours(info: ClipInfo, tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    _bytes(EncoderChoice("libx265", options={"x265-params": "lossless=1:keyint=2"}), info, path, frames=6)
    expected = [media.planes(media.picture(number, (160, 96), "yuv420p"))[0] for number in range(6)]
    assert all((a[0] == b).all() for a, b in zip(media.decoded_planes(path), expected, strict=True))


@pytest.mark.parametrize("container", ["avi", "flv"])
def test_containers_without_presentation_times_get_no_b_pictures(
    container: str, info: ClipInfo, tmp_path: Path
) -> None:
    path = tmp_path / "a.nut"
    _bytes(EncoderChoice(), replace(info, container=container), path)
    stamps = [packet[0] or 0 for packet in media.stream_packets(path)[0]]
    assert stamps == sorted(stamps)
    _bytes(EncoderChoice(), info, path)
    stamps = [packet[0] or 0 for packet in media.stream_packets(path)[0]]
    assert stamps != sorted(stamps), "elsewhere they are used"


def test_interlaced_pictures_are_written_as_such(info: ClipInfo, tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    clip = media.interlaced(tmp_path / "a.mp4", size=(160, 96), frames=3, audio=0)
    source = probe(clip.path)
    with av.open(str(path), "w", format="nut") as out:
        stream = add_encoder(out, resolve_encoder(EncoderChoice(), source), source)
        for number, frame in enumerate(media.video_frames(clip.path)):
            frame.pts, frame.time_base = number, stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert [frame.interlaced_frame for frame in media.video_frames(path)] == [True] * 3


@pytest.mark.parametrize("options", [{"cpu-used": "6"}, {"speed": "6"}, {"cpu-used": "-6", "threads": "0"}])
def test_vp8_is_never_told_to_look_at_the_clock(options: dict[str, str], info: ClipInfo, tmp_path: Path) -> None:
    for name, choice in (("a", EncoderChoice("libvpx", options=options)), ("b", EncoderChoice("libvpx"))):
        _bytes(choice, info, tmp_path / f"{name}.nut")
    assert media.packet_md5(tmp_path / "a.nut", 0) == media.packet_md5(tmp_path / "b.nut", 0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there may be an NVENC here")
def test_a_missing_hardware_encoder_is_said(tmp_path: Path) -> None:
    info = probe(media.call(tmp_path / "a.mp4", frames=2, size=(320, 192)).path)
    with pytest.raises(EncoderError, match=r"h264_nvenc refuses .*needs an NVIDIA GPU.*choose another with --encoder"):
        check_encoder(resolve_encoder(EncoderChoice("h264_nvenc"), info), info)


@pytest.mark.parametrize("codec", [*ENCODER_OF_CODEC, "theora"])
@pytest.mark.parametrize("size", [(160, 96), (1920, 1080)])
def test_a_plan_is_plain_and_comes_back_from_json(codec: str, size: tuple[int, int], info: ClipInfo) -> None:
    plan = resolve_encoder(EncoderChoice(), replace(info, codec=codec, width=size[0], height=size[1]))
    assert EncoderPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert plan.time_base * plan.rate == 1


@pytest.mark.parametrize("data", [{}, {"name": "libx264"}, {"rate": "often"}, {"unheard_of": 1}])
def test_a_plan_of_another_version_is_none(data: dict[str, Any], info: ClipInfo) -> None:
    whole = resolve_encoder(EncoderChoice(), info).to_json()
    given = {**whole, **data} if "rate" in data or "unheard_of" in data else data
    with pytest.raises((TypeError, ValueError, KeyError)):
        EncoderPlan.from_json(given)


@pytest.mark.parametrize("params", [None, "keyint=2"])
def test_a_plan_says_nothing_of_the_machine(
    params: str | None, info: ClipInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks of one clip are encoded on machines of all kinds; what one of them needs is added there."""
    choice = EncoderChoice("libx264", options={"x264-params": params} if params else {})
    plans, told = [], []
    for flags in (frozenset[str](), frozenset({"avx512f"})):
        monkeypatch.setattr("vidsharp.pipeline.encoder_parameters.cpu_flags", lambda flags=flags: flags)
        x264_here.cache_clear()
        plans.append(resolve_encoder(choice, info))
        told.append(options_here(plans[-1]).get("x264-params"))
    x264_here.cache_clear()
    assert plans[0] == plans[1]
    assert told == [params, f"asm=AVX2:{params}" if params else "asm=AVX2"]
