"""What a hostile or damaged file announces is refused in a sentence, before it costs memory or a night."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from vidsharp.models.errors import VidsharpError
from vidsharp.pipeline import limits
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.recording import open_recording
from vidsharp.pipeline.timeline import read_timeline

from tests.support import media
from tests.support.whole_way import pass_through

SMALL: dict[str, Any] = {"size": (64, 48), "frames": 20}


def refused(path: Path, by: Callable[[Path], Any] = probe) -> str:
    """The sentence by which a recording is refused."""
    with pytest.raises(MediaError) as caught:
        by(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def timeline_of(path: Path) -> Any:
    return read_timeline(probe(path))


# --- Large pictures ---------------------------------------------------------------------------------------------------


def bomb(path: Path, size: tuple[int, int], codec: str = "libx264", frames: int = 2) -> Path:
    """Black pictures: a file of a few kilobytes that wants a hundred megabytes for each."""
    with av.open(str(path), "w", format="mpegts" if path.suffix == ".ts" else None) as out:
        stream = out.add_stream(codec, rate=30, width=size[0], height=size[1], pix_fmt="yuv420p")
        assert isinstance(stream, VideoStream)
        if codec == "libx264":
            stream.codec_context.options = {"preset": "ultrafast", "threads": "1", "x264-params": "ref=1:scenecut=0"}
        black = VideoFrame(*size, "yuv420p")
        for plane, value in zip(black.planes, (16, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        for number in range(frames):
            black.pts, black.time_base = number, Fraction(1, 30)
            out.mux(stream.encode(black))
        out.mux(stream.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_decompression_bomb_is_refused(name: str, tmp_path: Path) -> None:
    path = bomb(tmp_path / name, (8208, 8192), frames=1)
    assert path.stat().st_size < 400_000
    assert "8208×8192" in refused(path)


@pytest.mark.slow
def test_the_largest_picture_that_is_taken_is_not_refused(tmp_path: Path) -> None:
    info = probe(bomb(tmp_path / "a.mp4", (8192, 8192), frames=1))
    assert info.width * info.height == limits.MOST_PIXELS


@pytest.mark.slow
def test_a_picture_that_explodes_on_the_way_is_lost_and_told(tmp_path: Path) -> None:
    """Joined byte for byte: the header says nothing of it."""
    clip = media.call(tmp_path / "a.ts", **SMALL, audio=0)
    with clip.path.open("ab") as file:
        file.write(bomb(tmp_path / "bomb.ts", (8208, 8192), frames=1).read_bytes())
    passage = pass_through(clip.path, tmp_path)
    assert passage.frames == 20
    assert sum(record.frames_lost for record in passage.records) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_size_that_only_the_container_claims_does_not_matter(suffix: str, tmp_path: Path) -> None:
    """The stream itself says how large its pictures are."""
    clip = media.call(tmp_path / f"a{suffix}", **SMALL)
    content = bytearray(clip.path.read_bytes())
    if suffix == ".mp4":
        at = content.index(b"avc1", content.index(b"stsd")) + 4 + 24
        assert struct.unpack_from(">HH", content, at) == (64, 48)
        struct.pack_into(">HH", content, at, 65535, 65535)
    else:
        at = content.index(b"\xb0\x81\x40\xba\x81\x30")  # PixelWidth and PixelHeight
        content[at : at + 6] = b"\xb0\x81\xff\xba\x81\xff"
    clip.path.write_bytes(content)
    assert probe(clip.path).width == 64
    assert pass_through(clip.path, tmp_path).frames == 20


def test_raw_pictures_of_absurd_dimensions(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.avi", **SMALL, codec="rawvideo", audio=0)
    content = bytearray(clip.path.read_bytes())
    at = content.index(b"strf") + 12
    assert struct.unpack_from("<II", content, at) == (64, 48)
    struct.pack_into("<II", content, at, 65535, 65535)
    clip.path.write_bytes(content)
    assert len(refused(clip.path)) > 50


# --- Many of something ------------------------------------------------------------------------------------------------


def test_very_many_streams(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", **SMALL, audio=0)
    many = tmp_path / "many.mkv"
    with av.open(str(clip.path)) as source, av.open(str(many), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        sounds = [out.add_stream("pcm_u8", rate=8000, layout="mono") for _ in range(limits.MOST_STREAMS)]
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        for sound in sounds:
            packet = Packet(bytes(8))
            packet.stream, packet.pts, packet.dts, packet.time_base = sound, 0, 0, Fraction(1, 8000)
            out.mux(packet)
    assert "announces 257 streams, and at most 256 are taken" in refused(many)


@pytest.mark.parametrize(("chapters", "taken"), [(limits.MOST_CHAPTERS, True), (limits.MOST_CHAPTERS + 1, False)])
def test_huge_numbers_of_chapters(chapters: int, taken: bool, tmp_path: Path) -> None:
    hours = {"pts": [0, 50_000_000], "time_base": Fraction(1, 1000)}
    clip = media.call(tmp_path / "a.mkv", **hours, size=(64, 48), audio=0, chapters=chapters)
    if taken:
        with open_recording(clip.path) as container:
            assert len(container.chapters()) == chapters
    else:
        assert "announces 10,001 chapters, and at most 10,000 are taken" in refused(clip.path, open_recording)


def test_too_many_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    monkeypatch.setattr(limits, "MOST_PACKETS", 20)  # the last one is the end
    timeline_of(clip.path)
    monkeypatch.setattr(limits, "MOST_PACKETS", 19)
    assert "announces 20 pictures, and at most 19 are taken" in refused(clip.path, timeline_of)


def table(content: bytearray, kind: bytes) -> int:
    """Where the entries of an MP4's table begin, behind size, name, version and flags."""
    return content.index(kind) + 8


@pytest.mark.parametrize("samples", [2_000_000, 2**31 - 1, 2**32 - 1])
def test_an_index_that_announces_billions_of_pictures(samples: int, tmp_path: Path) -> None:
    """All of one byte, in one chunk: the file does not have them, and they are lost and counted, or it is refused."""
    clip = media.call(tmp_path / "a.mp4", **SMALL, audio=0)
    content = bytearray(clip.path.read_bytes())
    struct.pack_into(">II", content, table(content, b"stsz"), 1, samples)
    struct.pack_into(">II", content, table(content, b"stts") + 4, samples, 512)
    struct.pack_into(">I", content, table(content, b"stsc") + 8, samples)
    clip.path.write_bytes(content)
    refused(clip.path)


def test_deep_edit_lists(tmp_path: Path) -> None:
    """A thousand edits that each show something: read like any other list; `MOST_PACKETS` bounds what comes of it."""
    clip = media.call(tmp_path / "a.mp4", **SMALL, audio=0)
    content = bytearray(clip.path.read_bytes())
    at = content.index(b"elst") - 4
    (old,) = struct.unpack_from(">I", content, at)
    edits = struct.pack(">IiI", 33, 512, 0x10000) * 1000
    box = struct.pack(">I4sII", 16 + len(edits), b"elst", 0, 1000) + edits
    content[at : at + old] = box
    for kind in (b"edts", b"trak", b"moov"):
        place = content.index(kind) - 4
        (size,) = struct.unpack_from(">I", content, place)
        struct.pack_into(">I", content, place, size + len(box) - old)
    clip.path.write_bytes(content)
    assert pass_through(clip.path, tmp_path).frames == 1000


# --- Absurd times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [365, 367])
def test_pictures_that_are_centuries_apart(days: int, tmp_path: Path) -> None:
    times = [0, 33, 66, days * 86_400_000]
    clip = media.call(tmp_path / "a.mkv", pts=times, time_base=Fraction(1, 1000), size=(64, 48), audio=0)
    if days < 366:
        assert len(timeline_of(clip.path)) == 4
    else:
        assert "its pictures are spread over 367 days, and at most 366 are taken" in refused(clip.path, timeline_of)


@pytest.mark.parametrize("first", [1_700_000_000_000, 2**52])
def test_a_clock_that_began_long_ago_does_not_matter(first: int, tmp_path: Path) -> None:
    times = [first + 33 * number for number in range(20)]
    clip = media.call(tmp_path / "a.mkv", pts=times, time_base=Fraction(1, 1000), size=(64, 48), audio=0)
    assert pass_through(clip.path, tmp_path).frames == 20


@pytest.mark.parametrize("start", [2**40, 2**62, 2**63 - 1, 2**64 - 1])
def test_a_start_at_the_end_of_time(start: int, tmp_path: Path) -> None:
    """The first fragment begins at 2^62 ticks, the rest where they should: finished, or refused in a sentence."""
    clip = media.call(tmp_path / "a.mp4", **SMALL, gop=10, audio=0, mux_options=media.FRAGMENTED)
    content = bytearray(clip.path.read_bytes())
    at = content.index(b"tfdt") + 4
    assert content[at] == 1, "64 bits"
    struct.pack_into(">Q", content, at + 4, start)
    clip.path.write_bytes(content)
    frames = 0
    try:
        frames = pass_through(clip.path, tmp_path).frames
    except VidsharpError as error:
        said = str(error)
    else:
        said = ""
    assert frames == 20 or (str(clip.path) in said and "\n" not in said)
