"""A chunk counts as done when its file holds every picture that its record names, and not before."""

import errno
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.container import OutputContainer
from av.video.frame import VideoFrame
from vidsharp.pipeline import sharpen_chunk as module
from vidsharp.pipeline.decode import decode_chunk
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.errors import ChunkError, EncoderError, MediaError, OutputError
from vidsharp.pipeline.plan import Chunk
from vidsharp.pipeline.probe import ClipInfo
from vidsharp.pipeline.sharpen_chunk import ChunkTask, frames_in_flight, packet_order, sharpen_chunk
from vidsharp.pipeline.workspace import Workspace

from tests.support import media
from tests.support.whole_way import FFV1, LOSSLESS, QUICK, plan_of, stub

SMALL: dict[str, Any] = {"size": (160, 96), "audio": 0}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.of(tmp_path / "work", "a.mp4", "key")
    made.begin("a.mp4", ())
    return made


def _tasks(
    path: Path, workspace: Workspace, encoder: EncoderChoice = LOSSLESS, seconds: float = 0.5
) -> list[ChunkTask]:
    info, chunks = plan_of(path, seconds)
    plan = resolve_encoder(encoder, info)
    return [ChunkTask(info, chunk, plan, workspace.folder, "key") for chunk in chunks]


def _left(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in workspace.folder.iterdir() if path.name != "manifest.json")


@pytest.mark.parametrize("encoder", [LOSSLESS, EncoderChoice("libx264", preset="medium"), EncoderChoice("libx265")])
def test_the_file_holds_the_pictures_that_the_record_names(
    encoder: EncoderChoice, workspace: Workspace, tmp_path: Path
) -> None:
    clip = media.vfr(tmp_path / "a.mp4", frames=90, bframes=2, **SMALL)
    pts: list[int] = []
    for task in _tasks(clip.path, workspace, encoder):
        seen: list[None] = []
        record = sharpen_chunk(task, stub(0), lambda seen=seen: seen.append(None))
        file = workspace.chunk_file(task.chunk.name)
        assert record.frames == record.frames_expected == task.chunk.frames == len(seen)
        assert len(media.stream_packets(file)[0]) == record.frames
        assert file.stat().st_size == record.bytes
        assert len(record.durations) == record.frames
        assert media.frame_indices(file) == [clip.pts.index(time) for time in record.pts]
        assert workspace.load_record(task.chunk) == record
        pts += record.pts
    assert tuple(pts) == clip.pts


def test_durations_are_the_sources_own(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.vfr(tmp_path / "a.mp4", frames=60, **SMALL)
    records = [sharpen_chunk(task, stub(0), lambda: None) for task in _tasks(clip.path, workspace)]
    durations = [duration for record in records for duration in record.durations]
    assert durations[:-1] == [b - a for a, b in pairwise(clip.pts)]


def test_reorder_depth_is_that_of_the_file(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=30, **SMALL)
    (task,) = _tasks(clip.path, workspace, EncoderChoice("libx264", preset="medium"))
    record = sharpen_chunk(task, stub(0))
    order = packet_order(workspace.chunk_file(task.chunk.name))
    assert sorted(order) == list(range(30))
    assert record.reorder_depth == max(place - rank for place, rank in enumerate(order)) > 0
    flat = sharpen_chunk(replace(task, encoder=resolve_encoder(LOSSLESS, task.info)), stub(0))
    assert flat.reorder_depth == 0


def test_the_pictures_are_the_students(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=20, **SMALL)
    (task,) = _tasks(clip.path, workspace)
    sharpen_chunk(task, stub())
    made = media.decoded_planes(workspace.chunk_file(task.chunk.name))
    for before, after in zip(media.decoded_planes(clip.path), made, strict=True):
        above = np.concatenate([before[0][:1], before[0][:-1]])
        assert np.abs(after[0] - (255 - (before[0].astype(int) + above) / 2)).max() <= 1
        assert np.array_equal(before[1], after[1])
        assert np.array_equal(before[2], after[2])


def test_pictures_that_stand_still_are_copied_within_a_chunk(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=30, **SMALL)
    task = _tasks(clip.path, workspace)[0]
    still = next(decode_chunk(task.info.path, task.info.stream_index, task.chunk, task.chunk.start, []))
    pixels = still.to_ndarray()

    def standing(*_: Any) -> Iterator[VideoFrame]:
        for number in range(4):
            frame = VideoFrame.from_ndarray(pixels, still.format.name)
            frame.pts, frame.time_base = number, task.info.time_base
            yield frame

    monkeypatch.setattr(module, "decode_chunk", standing)
    enhancer = stub()
    assert [sharpen_chunk(task, enhancer).reused_share for _ in range(2)] == [0.75, 0.75], "each chunk starts anew"
    assert sharpen_chunk(task, stub(0)).reused_share is None


def test_the_record_is_saved_after_the_file(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=5, **SMALL).path, workspace)
    there: list[bool] = []
    save = Workspace.save_record

    def watch(self: Workspace, name: str, record: Any) -> None:
        there.append(self.chunk_file(name).stat().st_size == record.bytes)
        save(self, name, record)

    monkeypatch.setattr(Workspace, "save_record", watch)
    sharpen_chunk(task, stub(0))
    assert there == [True]
    assert _left(workspace) == ["chunk-00000.json", "chunk-00000.nut"]


class _Full(Exception):
    pass


def _failing_enhancer(at: int) -> Any:
    enhancer, count = stub(), iter(range(1000))
    work = enhancer.begin

    def begin(*args: Any) -> Any:
        if next(count) == at:
            raise _Full("no memory")
        return work(*args)

    enhancer.begin = begin  # type: ignore[method-assign]
    return enhancer


def test_a_student_that_fails_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=30, **SMALL).path, workspace)
    with pytest.raises(_Full):
        sharpen_chunk(task, _failing_enhancer(at=12))
    assert _left(workspace) == []
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_nothing(
    code: int, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(threading.enumerate())
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=30, **SMALL).path, workspace)

    class Stingy:
        """An output container on a disk that fills up at the tenth picture."""

        def __init__(self, container: OutputContainer) -> None:
            self.container, self.room = container, 10

        def __getattr__(self, name: str) -> Any:
            return getattr(self.container, name)

        def __enter__(self) -> "Stingy":
            return self

        def __exit__(self, *_: object) -> None:
            self.container.close()

        def mux(self, packets: Any) -> None:
            self.room -= 1
            if self.room < 0:
                raise OSError(code, "disk")
            self.container.mux(packets)

    monkeypatch.setattr(module, "add_encoder", lambda out, *a, **k: add(out.container, *a, **k))
    opened, add = module.av.open, _add_encoder
    monkeypatch.setattr(
        module.av, "open", lambda path, mode="r", **k: Stingy(opened(path, mode, **k)) if mode == "w" else opened(path)
    )
    monkeypatch.setattr("vidsharp.pipeline.decode.open_recording", lambda path: opened(str(path)))
    with pytest.raises(OutputError, match="no space is left" if code == errno.ENOSPC else "cannot be written"):
        sharpen_chunk(task, stub(0))
    assert _left(workspace) == []
    assert set(threading.enumerate()) <= before


_add_encoder = module.add_encoder


def test_an_encoder_that_refuses_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=5, **SMALL).path, workspace)
    with pytest.raises(EncoderError):
        sharpen_chunk(replace(task, encoder=replace(task.encoder, options={"preset": "warp"})), stub(0))
    assert _left(workspace) == []


def test_a_workspace_that_is_gone_is_an_output_error(workspace: Workspace, tmp_path: Path) -> None:
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=5, **SMALL).path, workspace)
    with pytest.raises(OutputError):
        sharpen_chunk(replace(task, folder=tmp_path / "absent"), stub(0))


def test_a_recording_that_is_gone_is_a_media_error(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=5, **SMALL)
    (task,) = _tasks(clip.path, workspace)
    clip.path.unlink()
    with pytest.raises(MediaError, match="does not exist"):
        sharpen_chunk(task, stub(0))
    assert _left(workspace) == []


def test_a_file_that_lost_a_picture_is_a_chunk_error(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=5, **SMALL).path, workspace)
    order = module.packet_order
    monkeypatch.setattr(module, "packet_order", lambda path: order(path)[:-1])
    with pytest.raises(ChunkError, match="holds 4 pictures instead of 5"):
        sharpen_chunk(task, stub(0))
    assert _left(workspace) == []


def _needs_the_keyframe_before(monkeypatch: pytest.MonkeyPatch, shortfall: int) -> list[int]:
    """Lets a decoder that starts at the chunk's own keyframe miss its first pictures."""
    starts: list[int] = []

    def decode(path: Path, stream: int, chunk: Chunk, start: Any, *others: Any) -> Iterator[VideoFrame]:
        starts.append(start.index)
        missing = shortfall if start == chunk.start else 0
        for number, frame in enumerate(decode_chunk(path, stream, chunk, start, *others)):
            if number >= missing:
                yield frame

    monkeypatch.setattr(module, "decode_chunk", decode)
    return starts


def test_a_chunk_that_comes_short_is_decoded_from_the_keyframe_before(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    task = _tasks(clip.path, workspace)[1]
    starts = _needs_the_keyframe_before(monkeypatch, 3)
    seen: list[None] = []
    record = sharpen_chunk(task, stub(0), lambda: seen.append(None))
    assert starts == [30, 0]
    assert (record.frames, record.frames_lost) == (30, 0)
    assert media.frame_indices(workspace.chunk_file(task.chunk.name)) == list(range(30, 60))
    assert len(seen) > record.frames, "a second attempt is seen to get on"
    assert _left(workspace) == ["chunk-00001.json", "chunk-00001.nut"]


def test_the_first_attempt_stays_where_the_second_is_no_better(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    media.flip_packet_bytes(clip.path, 40, share=1)
    task = _tasks(clip.path, workspace)[1]
    record = sharpen_chunk(task, stub(0))
    assert (record.frames, record.frames_lost) == (29, 1)
    assert record.errors == (f"packet at {clip.pts[40]}: Invalid data found when processing input",)
    whole = media.frame_hashes(clip.path, strict=False)
    assert media.frame_hashes(workspace.chunk_file(task.chunk.name)) == whole[30:59]
    assert _left(workspace) == ["chunk-00001.json", "chunk-00001.nut"]


def test_the_first_chunk_has_no_earlier_keyframe(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    starts = _needs_the_keyframe_before(monkeypatch, 3)
    record = sharpen_chunk(_tasks(clip.path, workspace)[0], stub(0))
    assert starts == [0]
    assert (record.frames, record.frames_lost) == (27, 3)


def test_a_chunk_of_which_nothing_decodes_is_done_without_a_file(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.missing_first_keyframe(tmp_path / "a.mkv", gop=30, **SMALL)
    info, (first, *_) = plan_of(clip.path)
    assert first.frames == 29
    plan = resolve_encoder(QUICK, info)
    record = sharpen_chunk(ChunkTask(info, first, plan, workspace.folder, "key"), stub(0))
    assert (record.frames, record.frames_lost, record.bytes) == (0, 29, 0)
    assert _left(workspace) == ["chunk-00000.json"]
    assert workspace.load_record(first) == record


def test_times_that_step_back_never_fall(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=10, **SMALL)
    (task,) = _tasks(clip.path, workspace)

    def decode(*args: Any) -> Iterator[VideoFrame]:
        for number, frame in enumerate(decode_chunk(*args)):
            if number == 5:
                frame.pts = clip.pts[2]
            yield frame

    monkeypatch.setattr(module, "decode_chunk", decode)
    record = sharpen_chunk(task, stub(0))
    assert record.pts == (*clip.pts[:5], clip.pts[4], *clip.pts[6:])
    assert media.frame_indices(workspace.chunk_file(task.chunk.name)) == list(range(10))


def test_raw_streams_get_an_even_rate(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.ts", frames=20, **SMALL)
    raw = tmp_path / "a.264"
    import av

    with av.open(str(clip.path)) as source:
        raw.write_bytes(b"".join(bytes(packet) for packet in source.demux(source.streams.video[0])))
    (task,) = _tasks(raw, workspace)
    record = sharpen_chunk(task, stub(0))
    assert record.frames == 20
    assert len({b - a for a, b in pairwise(record.pts)}) == 1


def _info(tmp_path: Path, size: tuple[int, int], pix_fmt: str = "yuv420p") -> ClipInfo:
    info, _ = plan_of(media.call(tmp_path / "a.mkv", frames=1, audio=0, size=(160, 96)).path)
    return replace(info, width=size[0], height=size[1], pix_fmt=pix_fmt)


@pytest.mark.parametrize(
    ("size", "pix_fmt", "memory", "expected"),
    [
        ((1920, 1080), "yuv420p", 256 << 20, 8),
        ((1920, 1080), "yuv420p", 6 * 1920 * 1080 * 3 // 2, 3),
        ((1920, 1080), "yuv420p10le", 6 * 1920 * 1080 * 3, 3),
        ((1920, 1080), "yuv444p", 6 * 1920 * 1080 * 3, 3),
        ((7680, 4320), "yuv420p", 1, 1),
        ((1, 1), "yuv420p", 1 << 30, 8),
    ],
)
def test_frames_in_flight_fit_the_memory(
    size: tuple[int, int], pix_fmt: str, memory: int, expected: int, tmp_path: Path
) -> None:
    assert frames_in_flight(_info(tmp_path, size, pix_fmt), memory) == expected


def test_memory_bounds_what_is_decoded_ahead(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=60, gop=60, **SMALL).path, workspace, FFV1, 10)
    alive = {"decoded": 0, "encoded": 0, "most": 0}

    def decode(*args: Any) -> Iterator[VideoFrame]:
        for frame in decode_chunk(*args):
            alive["decoded"] += 1
            alive["most"] = max(alive["most"], alive["decoded"] - alive["encoded"])
            yield frame

    def count() -> None:
        alive["encoded"] += 1

    monkeypatch.setattr(module, "decode_chunk", decode)
    sharpen_chunk(replace(task, memory_bytes=1), stub(0), count)
    # One frame in each of two queues, and one in the hands of each of the three stages.
    assert 1 < alive["most"] <= 5


def test_stages_are_timed(workspace: Workspace, tmp_path: Path) -> None:
    (task,) = _tasks(media.call(tmp_path / "a.mp4", frames=30, **SMALL).path, workspace)
    record = sharpen_chunk(replace(task, attempt=3), stub())
    assert all(0 < part <= record.wall_s for part in (record.decode_s, record.model_s, record.encode_s))
    assert record.attempt == 3
    assert record.node
    assert record.actor


class Note:
    """A observer that wants some pictures, and notes what it sees."""

    def __init__(self, wanted: tuple[int, ...]) -> None:
        self.wanted, self.seen, self.closed = wanted, {}, False

    def wants(self, number: int) -> bool:
        return number in self.wanted

    def see(self, number: int, pts: int | None, before: Any, after: Any) -> None:
        assert not self.closed
        self.seen[number] = pts, [plane.copy() for plane in before], [plane.copy() for plane in after]

    def close(self) -> None:
        self.closed = True

    def figures(self) -> tuple[dict[str, Any], ...]:
        return tuple({"index": number} for number in self.seen)

    def keep(self, path: Path) -> None:
        path.write_text(f"{len(self.seen)} seen")


def test_a_witness_sees_what_it_wants_before_and_after(workspace: Workspace, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=30, gop=30, **SMALL)
    (task,) = _tasks(clip.path, workspace)
    notes: list[Note] = []

    def new_observer() -> Note:
        notes.append(Note((0, 7, 29, 400)))
        return notes[-1]

    record = sharpen_chunk(task, stub(), new_observer=new_observer)
    (note,) = notes
    decoded = list(media.decoded_planes(clip.path))
    assert list(note.seen) == [0, 7, 29]
    for number, (pts, before, after) in note.seen.items():
        assert pts == clip.pts[number]
        for shown, plane in zip(before, decoded[number], strict=True):
            np.testing.assert_array_equal(shown, plane)
        assert (after[0] != before[0]).any()
        np.testing.assert_array_equal(after[1], before[1])
    assert note.closed
    assert record.measured == ({"index": 0}, {"index": 7}, {"index": 29})
    assert record.measure_s > 0
    assert workspace.preview_file(task.chunk.name).read_text() == "3 seen"
    assert workspace.load_record(task.chunk) == record


def test_each_attempt_has_a_witness_of_its_own(workspace: Workspace, tmp_path: Path) -> None:
    """A chunk that is decoded again from an earlier keyframe tells of the attempt that counts."""
    clip = media.missing_first_keyframe(tmp_path / "a.mp4", frames=90, gop=30, **SMALL)
    tasks = _tasks(clip.path, workspace)
    broken = replace(tasks[-1], chunk=replace(tasks[-1].chunk, frames=tasks[-1].chunk.frames + 1))
    notes: list[Note] = []
    sharpen_chunk(broken, stub(0), new_observer=lambda: notes.append(Note((0,))) or notes[-1])
    assert len(notes) == 2
    assert all(note.closed and len(note.seen) == 1 for note in notes)
