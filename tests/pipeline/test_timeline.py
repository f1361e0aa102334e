"""The timeline is the packets' timing as the container stores it, and nothing is decoded for it."""

from pathlib import Path
from typing import Any

import av
import pytest
from av.video.codeccontext import VideoCodecContext
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.timeline import missing_pictures, read_timeline

from tests.support import media

SMALL: dict[str, Any] = {"size": (160, 96)}


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_one_entry_for_each_video_packet_in_decode_order(name: str, tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / name, **SMALL)
    timeline = read_timeline(probe(clip.path))
    packets = media.stream_packets(clip.path)[0]
    assert [(entry.pts, entry.dts, entry.size) for entry in timeline] == [(p[0], p[1], p[3]) for p in packets]
    assert timeline[0].keyframe
    assert sum(entry.keyframe for entry in timeline) == 3
    assert all(entry.shown for entry in timeline)


def test_hidden_pictures_of_vp8_are_not_counted_as_shown(tmp_path: Path) -> None:
    clip = media.webm(tmp_path / "a.webm", audio=0, **SMALL)

    def hide(number: int, payload: bytes) -> bytes:
        # RFC 6386 §9.1: bit 4 of the first byte is show_frame. (libvpx hides pictures in its second pass only.)
        return bytes([payload[0] & ~0x10]) + payload[1:] if number in (7, 45) else payload

    media._rewrite(clip.path, hide)
    timeline = read_timeline(probe(clip.path))
    assert [place for place, entry in enumerate(timeline) if not entry.shown] == [7, 45]
    assert sum(entry.shown for entry in timeline) == len(list(media.video_frames(clip.path))) == clip.frames - 2


def test_pictures_that_an_edit_list_cuts_away_are_not_shown(tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / "a.mp4", audio=0, **SMALL)
    content = bytearray(clip.path.read_bytes())
    place = content.index(b"elst") + 16  # size, type, version and flags, count, duration: then the media time
    start = int.from_bytes(content[place : place + 4])
    step = round(clip.seconds[1] / clip.time_base)
    content[place : place + 4] = (start + 10 * step).to_bytes(4)
    clip.path.write_bytes(content)
    timeline = read_timeline(probe(clip.path))
    decoded = len(list(media.video_frames(clip.path)))
    assert sum(entry.shown for entry in timeline) == decoded == clip.frames - 10


def test_nothing_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(media.call(tmp_path / "a.mp4", frames=5, **SMALL).path)
    opened = av.open

    def guarded(*args: object, **more: object) -> object:
        container = opened(*args, **more)  # type: ignore[call-overload]
        assert isinstance(container.streams.video[0].codec_context, VideoCodecContext)
        guard.append(container.streams.video[0].codec_context)
        return container

    guard: list[VideoCodecContext] = []
    monkeypatch.setattr(av, "open", guarded)
    assert len(read_timeline(info)) == 5
    assert [context.is_open for context in guard] == [False]


def test_a_video_track_without_packets_is_an_error(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", frames=1, **SMALL)
    info = probe(clip.path)
    media.drop_packet(clip.path, 0)
    with pytest.raises(MediaError, match="holds none"):
        read_timeline(info)


@pytest.mark.parametrize("layout", [media.FASTSTART, None])
def test_pictures_that_the_index_announces_and_the_file_lacks_are_counted(
    layout: dict[str, str] | None, tmp_path: Path
) -> None:
    """A download that broke off: without the index in front it cannot be opened, with it the loss is known."""
    clip = media.b_frames(tmp_path / "a.mp4", mux_options=layout, **SMALL)
    info = probe(clip.path)
    assert missing_pictures(info, read_timeline(info)) == 0
    if layout:
        media.truncate(clip.path, 0.6)
        timeline = read_timeline(info)
        assert 20 < len(timeline) < 80
        assert len(timeline) + missing_pictures(info, timeline) == clip.frames


def test_of_other_containers_nobody_knows_what_is_missing(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", **SMALL)
    media.truncate(clip.path, 0.6)
    info = probe(clip.path)
    assert missing_pictures(info, read_timeline(info)) == 0
