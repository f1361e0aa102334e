"""Decoding chunk by chunk gives what decoding the whole gives: the same pictures at the same times."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from av.container import InputContainer
from av.error import PermissionError as SystemRefusal
from av.video.frame import VideoFrame
from vidsharp.pipeline import decode
from vidsharp.pipeline.decode import decode_chunk, decode_packets, frame_pts
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.probe import ClipInfo

from tests.support import media
from tests.support.media import Media
from tests.support.whole_way import plan_of

Picture = tuple[int | None, str]
SMALL: dict[str, Any] = {"size": (160, 96), "audio": 0}

CLIPS: dict[str, Callable[[Path], Media]] = {
    "closed.mp4": lambda path: media.call(path, **SMALL),
    "closed.mkv": lambda path: media.call(path, size=(160, 96)),
    "closed.ts": lambda path: media.call(path, size=(160, 96)),
    "b.mp4": lambda path: media.b_frames(path, **SMALL),
    "b.ts": lambda path: media.b_frames(path, **SMALL),
    "open.mp4": lambda path: media.open_gop(path, **SMALL),
    "open.mkv": lambda path: media.open_gop(path, **SMALL),
    "open.ts": lambda path: media.open_gop(path, **SMALL),
    "cra.mp4": lambda path: media.open_gop(path, codec="libx265", **SMALL),
    "cra.mkv": lambda path: media.open_gop(path, codec="libx265", **SMALL),
    "vfr.mp4": lambda path: media.vfr(path, frames=90, **SMALL),
    "vfr-b.mkv": lambda path: media.vfr(path, frames=90, bframes=2, **SMALL),
    "vp8.webm": lambda path: media.webm(path, **SMALL),
    "vp9.webm": lambda path: media.odd_size(path, audio=0),
    "av1.mkv": lambda path: media.av1(path, **SMALL),
    "headless.mkv": lambda path: media.missing_first_keyframe(path, bframes=2, **SMALL),
    "headless.mp4": lambda path: media.missing_first_keyframe(path, **SMALL),
    "late.mp4": lambda path: media.late_start(path, bframes=2, **SMALL),
    "late.ts": lambda path: media.late_start(path, **SMALL),
    "mjpeg.avi": lambda path: media.avi(path, **SMALL),
    "part2.avi": lambda path: media.avi(path, codec="mpeg4", **SMALL),
    "fragmented.mp4": lambda path: media.call(path, mux_options=media.FRAGMENTED, **SMALL),
    "ten.mp4": lambda path: media.ten_bit(path, **SMALL),
}


def picture(frame: VideoFrame) -> Picture:
    content = b"".join(plane.tobytes() for plane in media.planes(frame))
    return frame_pts(frame), hashlib.md5(content).hexdigest()


def by_chunks(info: ClipInfo, chunks: tuple[Chunk, ...], errors: list[str] | None = None) -> list[Picture]:
    found: list[str] = [] if errors is None else errors
    return [
        picture(frame)
        for chunk in chunks
        for frame in decode_chunk(info.path, info.stream_index, chunk, chunk.start, found)
    ]


def in_one_go(path: Path) -> list[Picture]:
    return [picture(frame) for frame in media.video_frames(path, strict=False)]


@pytest.mark.parametrize("name", CLIPS)
def test_chunks_decode_to_the_whole(name: str, tmp_path: Path) -> None:
    clip = CLIPS[name](tmp_path / name)
    info, chunks = plan_of(clip.path)
    assert len(chunks) >= 2, "one chunk would prove nothing"
    errors: list[str] = []
    pictures = by_chunks(info, chunks, errors)
    assert pictures == in_one_go(clip.path)
    assert len(pictures) == clip.frames
    if not name.startswith("headless"):
        assert not errors
        assert [pts for pts, _ in pictures] == list(clip.pts)


@pytest.mark.parametrize("name", ["b.mp4", "open.mkv", "late.ts"])
def test_chunks_decode_without_their_neighbours_in_any_order(name: str, tmp_path: Path) -> None:
    clip = CLIPS[name](tmp_path / name)
    info, chunks = plan_of(clip.path)
    pieces = [by_chunks(info, (chunk,)) for chunk in reversed(chunks)]
    assert [picture for piece in reversed(pieces) for picture in piece] == in_one_go(clip.path)
    assert [len(piece) for piece in reversed(pieces)] == [chunk.frames for chunk in chunks]


def test_decoding_from_an_earlier_keyframe_gives_the_same_pictures(tmp_path: Path) -> None:
    clip = CLIPS["open.mp4"](tmp_path / "a.mp4")
    info, chunks = plan_of(clip.path)
    for chunk in chunks[1:]:
        assert chunk.earlier_start is not None
        early = [picture(f) for f in decode_chunk(info.path, info.stream_index, chunk, chunk.earlier_start, [])]
        assert early == by_chunks(info, (chunk,))


class _LostContainer:
    """An input container whose index leads astray: `seek` goes wherever a test says."""

    def __init__(self, container: InputContainer, seek: Callable[[InputContainer], None]):
        self._container, self._wrong_seek = container, seek

    def __getattr__(self, name: str) -> object:
        return getattr(self._container, name)

    def __enter__(self) -> "_LostContainer":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def seek(self, *_: object, **__: object) -> None:
        self._wrong_seek(self._container)


def _refuse(container: InputContainer) -> None:
    raise SystemRefusal(1, "Operation not permitted")


WRONG_SEEKS: dict[str, Callable[[InputContainer], None]] = {
    "stays at the start": lambda container: None,
    "leads to the end": lambda container: container.seek(10**12, backward=True),
    "leads too far": lambda container: container.seek(2_500_000, backward=True),
    "is refused": _refuse,
}


@pytest.mark.parametrize("name", ["b.mp4", "open.ts"])
@pytest.mark.parametrize("way", WRONG_SEEKS)
def test_a_wrong_index_costs_time_but_no_picture(
    name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = CLIPS[name](tmp_path / name)
    info, chunks = plan_of(clip.path)
    opened = []

    def lost(path: Path) -> _LostContainer:
        opened.append(path)
        return _LostContainer(av.open(str(path)), WRONG_SEEKS[way])

    monkeypatch.setattr(decode, "open_recording", lost)
    assert by_chunks(info, chunks) == in_one_go(clip.path)
    if way != "stays at the start":
        assert len(opened) > len(chunks), "some were opened again to count packets from the beginning"


def test_a_start_without_a_time_is_found_by_counting(tmp_path: Path) -> None:
    clip = CLIPS["closed.mkv"](tmp_path / "a.mkv")
    info, chunks = plan_of(clip.path)
    nameless = PacketMark(chunks[1].start.index, None, None, chunks[1].start.size)
    found = [picture(frame) for frame in decode_chunk(info.path, info.stream_index, chunks[1], nameless, [])]
    assert found == by_chunks(info, (chunks[1],))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_damaged_packets_are_reported_and_the_others_still_come(name: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, **SMALL)
    media.flip_packet_bytes(clip.path, 40, share=1)
    info, chunks = plan_of(clip.path)
    errors: list[str] = []
    pictures = by_chunks(info, chunks, errors)
    lost = info.time_base * (pictures[40][0] or 0)
    assert len(pictures) == clip.frames - 1
    assert {pts for pts, _ in pictures} == {*clip.pts} - {clip.pts[40]}
    assert lost == clip.seconds[41]
    assert len(errors) == 1
    assert errors[0].startswith(f"packet at {clip.pts[40]}: "), "it says where"


def test_a_packet_that_is_no_longer_needed_is_not_decoded(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    media.flip_packet_bytes(clip.path, 70, share=1)
    info, chunks = plan_of(clip.path)
    errors: list[str] = []
    by_chunks(info, chunks[:2], errors)
    assert errors == []
    by_chunks(info, chunks[2:], errors)
    assert len(errors) == 1


def test_empty_packets_do_not_flush_the_decoder(tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / "a.mkv", **SMALL)
    with av.open(str(clip.path)) as source:
        stream = source.streams.video[0]
        packets = []
        for packet in source.demux(stream):
            packets += [packet, av.Packet(b"")]
        frames = list(decode_packets(stream.codec_context, packets, []))
    assert len(frames) == clip.frames


def test_a_recording_that_is_gone_is_a_media_error(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=5, **SMALL)
    info, chunks = plan_of(clip.path)
    clip.path.unlink()
    with pytest.raises(MediaError, match="does not exist"):
        by_chunks(info, chunks)


def test_the_file_is_closed_when_a_consumer_stops_early(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    info, chunks = plan_of(clip.path)
    frames = decode_chunk(info.path, info.stream_index, chunks[1], chunks[1].start, [])
    next(frames)
    handles = Path("/proc/self/fd")
    before = [link for link in handles.iterdir() if link.exists() and link.resolve() == clip.path]
    frames.close()  # type: ignore[attr-defined]
    after = [link for link in handles.iterdir() if link.exists() and link.resolve() == clip.path]
    assert (len(before), len(after)) == (1, 0)
