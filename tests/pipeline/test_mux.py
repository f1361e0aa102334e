"""What is joined is what was asked for, or it does not count as written."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from vidsharp.pipeline import mux as module
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.errors import MediaError, OutputError
from vidsharp.pipeline.mux import MuxResult, mux_clip
from vidsharp.pipeline.probe import ClipInfo

from tests.support import media
from tests.support.whole_way import LOSSLESS, copied_streams, main_times, plan_of, sharpen_all, stub

# --- Joining ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """A clip whose chunks are done."""

    info: ClipInfo
    records: tuple[ChunkRecord, ...]
    files: tuple[Path, ...]
    target: Path

    def mux(self) -> MuxResult:
        return mux_clip(self.info, self.records, self.files, self.target)


def _work(tmp_path: Path, name: str = "a.mp4", encoder: EncoderChoice = LOSSLESS, **more: Any) -> Work:
    clip = media.call(tmp_path / name, **{"size": (160, 96), **more})
    info, chunks = plan_of(clip.path)
    records, files = sharpen_all(info, chunks, tmp_path / "work", encoder, stub(0))
    return Work(info, records, files, tmp_path / f"out{Path(name).suffix}")


def test_chunks_with_other_headers_do_not_join(tmp_path: Path) -> None:
    work = _work(tmp_path)
    _, chunks = plan_of(work.info.path)
    other = EncoderChoice("libx264", preset="medium")
    _, files = sharpen_all(work.info, chunks, tmp_path / "other", other, stub(0))
    with pytest.raises(OutputError, match=r"different headers for chunk 1; choose another with --encoder"):
        replace(work, files=(work.files[0], files[1], work.files[2])).mux()
    assert not work.target.exists()


def test_a_clip_without_a_picture_is_not_written(tmp_path: Path) -> None:
    work = _work(tmp_path)
    empty = tuple(replace(record, pts=(), durations=()) for record in work.records)
    with pytest.raises(OutputError, match="none of its pictures decodes"):
        replace(work, records=empty).mux()
    assert not work.target.exists()


def test_chunks_without_pictures_are_passed_over(tmp_path: Path) -> None:
    work = _work(tmp_path)
    work.files[1].unlink()
    middle = replace(work.records[1], pts=(), durations=(), bytes=0)
    replace(work, records=(work.records[0], middle, work.records[2])).mux()
    assert media.frame_indices(work.target) == [*range(30), *range(60, 90)]


def _drop(monkeypatch: pytest.MonkeyPatch, kind: str, containers: Sequence[str], number: int = 5) -> None:
    """Lets the muxers of `containers` lose one packet of a stream, in silence."""
    mux, seen = module._mux, iter(range(10**6))

    def lossy(target: OutputContainer, packet: Packet, stream: Stream) -> None:
        if stream.type == kind and target.format.name in containers and next(seen) == number:
            return
        mux(target, packet, stream)

    monkeypatch.setattr(module, "_mux", lossy)


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_container_that_loses_a_packet_does_not_count_as_written(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = _work(tmp_path)
    _drop(monkeypatch, kind, ["mp4"])
    result = work.mux()
    assert (result.muxer, result.own_muxer) == ("matroska", "mp4")
    assert result.notes[0].startswith("written as .mkv: mp4 kept ")
    assert media.frame_hashes(work.target) == media.frame_hashes(work.info.path)
    wanted, found = copied_streams(work.info.path, 0), copied_streams(work.target, 0)
    assert [stream.payloads for stream in found] == [stream.payloads for stream in wanted]


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_where_no_container_keeps_everything_nothing_is_left(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = _work(tmp_path, "a.mkv")
    _drop(monkeypatch, kind, ["matroska"])
    with pytest.raises(OutputError, match=r"no container could be written \(matroska kept ") as caught:
        work.mux()
    assert caught.value.path == work.info.path
    assert not work.target.exists()


def test_a_container_that_moves_pictures_does_not_count_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = _work(tmp_path, "a.mkv")
    mux = module._mux

    def moved(target: OutputContainer, packet: Packet, stream: Stream) -> None:
        if stream.type == "video" and packet.pts is not None:
            packet.pts += 5
        mux(target, packet, stream)

    monkeypatch.setattr(module, "_mux", moved)
    with pytest.raises(OutputError, match=r"cannot keep the pictures' times \(0.0000 s became 0.0050 s\)"):
        work.mux()
    assert not work.target.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(errno.ENOSPC, "full")])
def test_whatever_stops_it_the_target_is_removed(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = _work(tmp_path)
    mux, seen = module._mux, iter(range(10**6))

    def stopped(target: OutputContainer, packet: Packet, stream: Stream) -> None:
        if next(seen) == 50:
            assert work.target.exists()
            raise error
        mux(target, packet, stream)

    monkeypatch.setattr(module, "_mux", stopped)
    with pytest.raises(OutputError if isinstance(error, OSError) else type(error)) as caught:
        work.mux()
    if isinstance(error, OSError):
        assert "no space is left" in str(caught.value)
    assert not work.target.exists()


def test_a_recording_that_is_gone_is_a_media_error(tmp_path: Path) -> None:
    work = _work(tmp_path)
    work.info.path.unlink()
    with pytest.raises(MediaError, match="does not exist"):
        work.mux()
    assert not work.target.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    work = _work(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="permission denied"):
        replace(work, target=locked / "a.mp4").mux()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    work = _work(tmp_path)
    with pytest.raises(OutputError):
        replace(work, target=tmp_path / "absent" / "a.mp4").mux()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize(("start", "audio_start"), [(0, 0), (Fraction(1, 2), 0), (0, Fraction(1, 2)), (3, 2)])
def test_the_offset_between_sound_and_picture_is_kept(
    name: str, start: Fraction, audio_start: Fraction, tmp_path: Path
) -> None:
    work = _work(tmp_path, name, EncoderChoice("libx264"), start=start, audio_start=audio_start)
    work.mux()
    (before,), (after,) = copied_streams(work.info.path, 0), copied_streams(work.target, 0)
    (old, _), (new, tick) = main_times(work.info.path), main_times(work.target)
    assert before.seconds[0] is not None
    assert after.seconds[0] is not None
    assert abs((new[0] - after.seconds[0]) - (old[0] - before.seconds[0])) <= tick + after.time_base
    assert after.payloads == before.payloads


def test_pictures_that_share_a_time_stay_in_order_and_number(tmp_path: Path) -> None:
    pts = [0, 33, 33, 33, 66, 100, 100, 133]
    work = _work(tmp_path, "a.mkv", frames=8, audio=0)
    assert len(work.records) == 1
    shared = replace(work.records[0], pts=tuple(pts), durations=(0,) * 8)
    replace(work, records=(shared,)).mux()
    assert media.frame_indices(work.target) == list(range(8))
    found, tick = main_times(work.target)
    assert all(abs(a - Fraction(b, 1000)) <= 2 * tick for a, b in zip(found, pts, strict=True))


def test_b_pictures_of_the_encoder_keep_the_sources_times(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.ts"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        work = _work(folder, name, EncoderChoice("libx264", options={"bf": "3", "b-pyramid": "normal"}))
        assert max(record.reorder_depth for record in work.records) >= 1
        work.mux()
        wanted, _ = main_times(work.info.path)
        found, tick = main_times(work.target)
        assert all(abs(a - b) <= tick for a, b in zip(wanted, found, strict=True))
        assert media.frame_indices(work.target) == list(range(90))


def test_the_result_says_what_was_written(tmp_path: Path) -> None:
    result = _work(tmp_path, frames=5).mux()
    assert result == MuxResult("mp4", "mp4", "h264", ())


def test_a_webm_that_is_asked_to_hold_h264_becomes_matroska_and_says_so(tmp_path: Path) -> None:
    work = _work(tmp_path, "a.webm", codec="libvpx", frames=10)
    result = work.mux()
    assert (result.muxer, result.own_muxer, result.codec) == ("matroska", "webm", "h264")
    assert result.notes[0].startswith("written as .mkv: webm refuses the clip")
    with av.open(str(work.target)) as out:
        assert out.streams.video[0].codec_context.codec.canonical_name == "h264"
