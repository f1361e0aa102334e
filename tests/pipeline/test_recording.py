"""Every file that cannot be opened is told apart in one sentence; the right stream is chosen in the others."""

import errno
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av import error as av_error
from av.error import FFmpegError, InvalidDataError
from av.packet import Packet
from av.stream import Discard
from vidsharp.pipeline.errors import ChunkError, MediaError
from vidsharp.pipeline.recording import main_video, open_recording, readable_packets, video_alone

from tests.support import media


def _missing_moov(path: Path) -> None:
    media.call(path, frames=5)
    media.drop_moov(path)


def _folder(path: Path) -> None:
    path.mkdir()


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (media.empty_file, "is empty"),
    "words": (media.text_file, "is not a recording that can be opened"),
    "without its index": (_missing_moov, "is not a recording that can be opened"),
    "absent": (lambda path: None, "does not exist"),
    "a folder": (_folder, "cannot be opened"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_opened_is_said_in_one_sentence(kind: str, tmp_path: Path) -> None:
    build, sentence = BROKEN[kind]
    path = tmp_path / "a.mp4"
    build(path)
    with pytest.raises(MediaError, match=sentence) as caught:
        open_recording(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = media.call(tmp_path / "a.mp4", frames=2).path
    path.chmod(0)
    with pytest.raises(MediaError, match="permission denied"):
        open_recording(path)


def test_permission_error_of_the_system_is_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = media.call(tmp_path / "a.mp4", frames=2).path

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(MediaError, match="cannot be read: permission denied"):
        open_recording(path)


@pytest.mark.parametrize("name", ["a.m4a", "a.mkv"])
def test_sound_alone_is_no_video(name: str, tmp_path: Path) -> None:
    path = media.audio_only(tmp_path / name).path
    with open_recording(path) as container, pytest.raises(MediaError, match=r"no video .* audio streams only"):
        main_video(container, path)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_cover_art_is_not_the_video(name: str, tmp_path: Path) -> None:
    path = media.call(tmp_path / name, frames=3, cover=True).path
    with open_recording(path) as container:
        assert len(container.streams.video) == 2
        assert main_video(container, path).codec_context.name == "h264"


def test_cover_art_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("pcm_s16le", rate=48000, layout="mono")
        out.add_attachment("cover.jpg", "image/jpeg", media.jpeg((64, 64)))
        packet = av.Packet(bytes(960))
        packet.stream, packet.pts, packet.dts, packet.time_base = sound, 0, 0, Fraction(1, 48000)
        out.mux(packet)
    with open_recording(path) as container, pytest.raises(MediaError, match="no video"):
        main_video(container, path)


def test_the_demuxer_is_told_to_skip_all_but_the_video(tmp_path: Path) -> None:
    path = media.many_streams(tmp_path / "a.mkv", frames=10).path
    with open_recording(path) as container:
        assert video_alone(container, 0).index == 0
        assert [stream.index for stream in container.streams if stream.discard != Discard.all] == [0]


def test_odd_bytes_in_a_title_do_not_stop_a_recording(tmp_path: Path) -> None:
    path = media.call(tmp_path / "a.mkv", frames=2, metadata={"title": "Besprechung"}).path
    content = path.read_bytes()
    assert b"Besprechung" in content
    path.write_bytes(content.replace(b"Besprechung", b"Besprech\xfcng"))
    with open_recording(path) as container:
        assert container.metadata["title"].startswith("Besprech")


def test_silence_keeps_the_libraries_off_stderr(tmp_path: Path) -> None:
    path = media.call(tmp_path / "a.mp4", frames=2).path
    media.truncate(path, 0.3)
    script = (
        "import av, sys\n"
        "from vidsharp.pipeline.recording import open_recording, silence\n"
        "av.logging.set_level(av.logging.VERBOSE)\n"
        "silence() if sys.argv[2] == 'quiet' else None\n"
        "try:\n    open_recording(__import__('pathlib').Path(sys.argv[1]))\nexcept Exception:\n    pass\n"
    )
    said = {
        mode: subprocess.run([sys.executable, "-c", script, path, mode], capture_output=True, text=True).stderr
        for mode in ("quiet", "loud")
    }
    assert said["quiet"] == ""
    assert "moov atom not found" in said["loud"], "there was something to silence"


class _Failing:
    """A container that is opened and cannot be read on after two packets."""

    name = "/calls/a.mkv"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def demux(self) -> Iterator[Packet]:
        yield from (Packet(b"1"), Packet(b"2"))
        raise self._error


@pytest.mark.parametrize(
    "error",
    [InvalidDataError(-1094995529, "Invalid data found"), av_error.MemoryError(errno.ENOMEM, "Cannot allocate memory")],
)
def test_a_damaged_container_is_read_as_far_as_it_goes_and_that_is_said(error: FFmpegError) -> None:
    damage: list[str] = []
    container: Any = _Failing(error)
    assert [bytes(packet) for packet in readable_packets(container, damage=damage)] == [b"1", b"2"]
    assert damage == [f"its container is damaged and cannot be read to its end ({error.strerror})"]


def test_a_disk_that_fails_is_not_the_end_of_the_recording() -> None:
    container: Any = _Failing(av_error.OSError(errno.EIO, "Input/output error"))
    with pytest.raises(ChunkError, match=r"/calls/a\.mkv could not be read to its end: Input/output error"):
        list(readable_packets(container, damage=[]))


def test_a_stream_that_comes_up_on_the_way_does_not_spoil_the_end() -> None:
    """PyAV 18 raises IndexError once all packets are read, and the file has more streams than when it was opened."""
    damage: list[str] = []
    container: Any = _Failing(IndexError("list index out of range"))
    assert len(list(readable_packets(container, damage=damage))) == 2
    assert not damage
