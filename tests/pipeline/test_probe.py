"""A recording's facts are read as they were written."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline import probe as probe_module
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.hdr import LightLevel
from vidsharp.pipeline.probe import ClipInfo, Colour, probe, rotation

from tests.support import media
from tests.support.media import Media

SHORT: dict[str, Any] = {"frames": 6, "size": (160, 96)}


def _probe(build: Callable[..., Media], path: Path, **more: object) -> ClipInfo:
    return probe(build(path, **{**SHORT, **more}).path)


@pytest.mark.parametrize(
    ("name", "more", "facts"),
    [
        ("a.mp4", {}, {"container": "mov,mp4,m4a,3gp,3g2,mj2", "codec": "h264", "pix_fmt": "yuv420p"}),
        ("a.mkv", {"codec": "libx265"}, {"container": "matroska,webm", "codec": "hevc"}),
        ("a.ts", {}, {"container": "mpegts", "time_base": media.TICKS_90K}),
        ("a.webm", {"codec": "libvpx-vp9", "size": (161, 121)}, {"codec": "vp9", "width": 161, "height": 121}),
        ("a.webm", {"codec": "libvpx"}, {"codec": "vp8"}),
        ("a.mkv", {"codec": "libsvtav1"}, {"codec": "av1"}),
        ("a.avi", {"codec": "mpeg4"}, {"container": "avi", "codec": "mpeg4"}),
        ("a.mp4", {"fps": Fraction(30000, 1001)}, {"frame_rate": Fraction(30000, 1001)}),
        ("a.mp4", {"sar": Fraction(2)}, {"sample_aspect_ratio": Fraction(2)}),
        ("a.mp4", {"interlaced": True, "size": (160, 128)}, {"interlaced": True}),
        ("a.mp4", {"interlaced": False}, {"interlaced": False}),
        ("a.mp4", {"pix_fmt": "yuv444p"}, {"pix_fmt": "yuv444p"}),
        ("a.mp4", {"pix_fmt": "yuv420p10le"}, {"pix_fmt": "yuv420p10le"}),
        ("a.mp4", {"audio": 3}, {"audio_streams": 3, "stream_index": 0}),
        ("a.mp4", {"audio": 0}, {"audio_streams": 0}),
        ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, {"chroma_location": "center"}),
        ("a.mp4", {"codec": "mpeg4"}, {"chroma_location": "left", "dolby_vision": False}),
    ],
)
def test_facts_are_those_that_were_written(name: str, more: dict, facts: dict, tmp_path: Path) -> None:
    info = _probe(media.call, tmp_path / name, **more)
    assert {key: getattr(info, key) for key in facts} == facts


@pytest.mark.parametrize("tags", ["bt709", "bt709-full", "bt601", "bt2020-pq"])
def test_colour_tags(tags: str, tmp_path: Path) -> None:
    primaries, transfer, matrix, full = media.COLORS[tags]
    assert _probe(media.call, tmp_path / "a.mp4", color=tags).colour == Colour(full, primaries, transfer, matrix)


def test_untagged_colour_is_unknown(tmp_path: Path) -> None:
    assert _probe(media.call, tmp_path / "a.mkv").colour == Colour(0, 2, 2, 2)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_rotation(name: str, tmp_path: Path) -> None:
    matrix = _probe(media.rotated, tmp_path / name, degrees=90).display_matrix
    assert matrix is not None
    one = 1 << 16
    assert matrix[:2] + matrix[3:5] == (0, -one, one, 0)
    assert _probe(media.call, tmp_path / name).display_matrix in (None, (one, 0, 0, 0, one, 0, 0, 0, 1 << 30))


def test_hdr10(tmp_path: Path) -> None:
    info = _probe(media.hdr10, tmp_path / "a.mp4")
    assert info.light_level == LightLevel(1000, 400)
    assert info.mastering is not None
    assert info.mastering.green == (Fraction(13250, 50000), Fraction(34500, 50000))
    assert info.mastering.max_luminance == 1000
    plain = _probe(media.call, tmp_path / "b.mp4")
    assert (plain.mastering, plain.light_level) == (None, None)


def test_a_duration_that_the_container_does_not_say_is_none(tmp_path: Path) -> None:
    assert _probe(media.call, tmp_path / "a.mp4", audio=0).duration_s == pytest.approx(0.2, abs=0.01)
    raw = tmp_path / "a.264"
    clip = media.call(tmp_path / "a.ts", audio=0, **SHORT)
    raw.write_bytes(b"".join(_payloads(clip.path)))
    assert probe(raw).duration_s is None


def _payloads(path: Path) -> list[bytes]:
    import av

    with av.open(str(path)) as source:
        return [bytes(packet) for packet in source.demux(source.streams.video[0])]


def test_the_first_picture_may_come_late(tmp_path: Path) -> None:
    clip = media.missing_first_keyframe(tmp_path / "a.mkv", size=(160, 96))
    assert probe(clip.path).width == 160


def test_a_recording_of_which_nothing_decodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SHORT)
    for number in range(clip.frames):
        media.flip_packet_bytes(clip.path, number, share=1)
    with pytest.raises(MediaError, match="none of its pictures decodes") as caught:
        probe(clip.path)
    assert caught.value.path == clip.path
    whole = media.missing_first_keyframe(tmp_path / "b.mkv", size=(160, 96), audio=0)
    monkeypatch.setattr(probe_module, "PACKETS_UNTIL_FIRST_PICTURE", 10)
    with pytest.raises(MediaError, match="none of its pictures decodes"):
        probe(whole.path)


def test_reading_facts_does_not_change_the_recording(tmp_path: Path) -> None:
    clip = media.many_streams(tmp_path / "a.mp4", **SHORT)
    before = (clip.path.read_bytes(), clip.path.stat().st_mtime_ns)
    probe(clip.path)
    assert (clip.path.read_bytes(), clip.path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_rotation_is_what_ffmpeg_calls_it(tmp_path: Path, degrees: int) -> None:
    clip = media.rotated(tmp_path / "turned.mp4", degrees=degrees, frames=3, size=(160, 96))
    (frame, *_) = media.video_frames(clip.path)
    found = rotation(probe(clip.path).display_matrix)
    assert found is not None
    assert (found - frame.rotation) % 360 == 0
    assert (found - degrees) % 360 == 0


def test_no_matrix_and_an_empty_one_turn_nothing() -> None:
    assert rotation(None) is None
    assert rotation((0,) * 9) is None
