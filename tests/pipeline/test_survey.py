"""A survey finds every size and format of a stream, and decodes few pictures for it."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline import survey as survey_module
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.probe import Shape, probe
from vidsharp.pipeline.survey import Survey, holding_all, read_through
from vidsharp.pipeline.timeline import read_timeline

from tests.support import media, media_sizes


def surveyed(path: Path) -> tuple[list[tuple[int, int, str]], int]:
    """Sizes and formats of a recording's pictures, and how many packets were decoded to find them."""
    survey = Survey(probe(path))
    read_timeline(survey._info, survey.see)
    looks = survey_module.MOST_LOOKS if survey_module.is_exact(survey._info.codec) else survey_module.MOST_GUESSES
    return [(shape.width, shape.height, shape.pix_fmt) for shape in survey.shapes], looks - survey._looks_left


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("a.mp4", {}),
        ("a.mkv", {"codec": "libx265"}),
        ("a.ts", {"open_gop": True, "bframes": 2}),
        ("a.webm", {"codec": "libvpx"}),
        ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
        ("a.mpg", {"codec": "mpeg2video"}),
        ("b.avi", {"codec": "mpeg4"}),
        ("a.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
        ("b.mkv", {"codec": "ffv1"}),
        ("c.avi", {"codec": "huffyuv", "pix_fmt": "yuv422p"}),
    ],
)
def test_a_stream_that_does_not_change_costs_one_picture(name: str, more: dict[str, Any], tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, **{"size": (160, 96), "gop": 9, "audio": 0, **more})
    shapes, decoded = surveyed(clip.path)
    assert shapes == [(160, 96, more.get("pix_fmt", "yuv420p"))]
    assert decoded <= (10 if more.get("codec") == "ffv1" else 1), "FFV1's headers are not known here"


def test_each_header_is_decoded_once(tmp_path: Path) -> None:
    parts = [{"size": size, "frames": 5} for size in [(160, 96), (96, 160)] * 4]
    shapes, decoded = surveyed(media_sizes.changing(tmp_path / "a.ts", parts).path)
    assert shapes == [(160, 96, "yuv420p"), (96, 160, "yuv420p")]
    assert decoded == 2


def test_a_keyframe_that_does_not_decode_makes_no_canvas(tmp_path: Path) -> None:
    """VP8 says its size in every keyframe: damage there must not make a clip of 16,000 pixels' height."""
    clip = media_sizes.changing(tmp_path / "a.mkv", [{"frames": 5}, {"frames": 5}], codec="libvpx", size=(160, 96))

    def widen(number: int, payload: bytes) -> bytes:
        return payload[:6] + b"\xff\x3f\xff\x3f" + payload[10:40] if number == 5 else payload

    media._rewrite(clip.path, widen)
    assert surveyed(clip.path)[0] == [(160, 96, "yuv420p")]


def test_vp9_may_change_between_keyframes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes that headers of other pictures name count, too, though these cannot be decoded alone."""
    from vidsharp.pipeline.vp9_header import Vp9Headers, Vp9Picture

    clip = media.call(tmp_path / "a.webm", codec="libvpx-vp9", size=(160, 96), frames=3, audio=0)
    larger = [Vp9Picture(320, 192, "yuv420p", keyframe=False), Vp9Picture(65000, 65000, "yuv420p", keyframe=False)]
    monkeypatch.setattr(Vp9Headers, "pictures", lambda *_: larger)
    assert surveyed(clip.path)[0] == [(160, 96, "yuv420p"), (320, 192, "yuv420p")]


def test_a_canvas_that_the_encoder_refuses_is_that_of_the_first_picture(tmp_path: Path) -> None:
    info = probe(media.call(tmp_path / "a.mkv", codec="libvpx", size=(160, 96), frames=2, audio=0).path)
    held, plan = holding_all(info, [Shape.made(20000, 100, "yuv420p", None)], EncoderChoice())
    assert (held.width, held.height) == (160, 96)
    assert len(held.shapes) == 2
    assert plan == resolve_encoder(EncoderChoice(), held)


def test_reading_through_gives_the_timeline_and_counts_packets(tmp_path: Path) -> None:
    clip = media_sizes.ramp(tmp_path / "a.webm")
    counted: list[None] = []
    info, plan, timeline = read_through(probe(clip.path), EncoderChoice(), lambda: counted.append(None))
    assert (info.width, info.height) == (640, 360)
    assert plan == resolve_encoder(EncoderChoice(), info), "for the size that holds every picture"
    assert len(timeline) == clip.frames <= len(counted)
    assert timeline == read_timeline(probe(clip.path))
