"""A student that sees several pictures makes of a clip what each picture's window says, however the clip is cut."""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vidsharp.models.cpu import torch_student
from vidsharp.models.enhance import Enhancer
from vidsharp.pipeline.decode import decode_chunk, frame_pts
from vidsharp.pipeline.encoder import resolve_encoder
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.probe import ClipInfo
from vidsharp.pipeline.sharpen import plane_format
from vidsharp.pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from vidsharp.pipeline.workspace import Workspace

from tests.support import media
from tests.support.media import Media
from tests.support.seen_together import by_definition, registered, toy
from tests.support.whole_way import LOSSLESS, plan_of, stub

SMALL: dict[str, Any] = {"size": (160, 96), "audio": 0}
Planes = list[np.ndarray]


def _scene_cut(path: Path) -> Media:
    """Two recordings that follow one another: another picture from one frame to the next, amid a chunk."""
    parts = [
        media.call(
            path.with_name(f"{n}{path.name}"), frames=40, seed=n, start=Fraction(4 * n, 3), first_index=40 * n, **SMALL
        )
        for n in range(2)
    ]
    path.write_bytes(b"".join(part.path.read_bytes() for part in parts))
    return replace(parts[0], path=path, frames=80, pts=parts[0].pts + parts[1].pts, indices=tuple(range(80)))


CLIPS: dict[str, Callable[[Path], Media]] = {
    "closed.mp4": lambda path: media.call(path, gop=15, **SMALL),
    "b.mkv": lambda path: media.b_frames(path, gop=16, **SMALL),
    "open.mp4": lambda path: media.open_gop(path, gop=17, **SMALL),
    "cra.mkv": lambda path: media.open_gop(path, codec="libx265", gop=17, **SMALL),
    "vfr.mkv": lambda path: media.vfr(path, frames=60, bframes=2, gop=9, **SMALL),
    "cut.ts": _scene_cut,
    "one-keyframe.webm": lambda path: media.webm(path, gop=1000, **SMALL),
    "one-keyframe-vfr.mp4": lambda path: media.vfr(path, frames=80, bframes=2, gop=1000, **SMALL),
    "headless.mkv": lambda path: media.missing_first_keyframe(path, bframes=2, gop=15, **SMALL),
    "short-gops.mp4": lambda path: media.call(path, frames=60, gop=3, **SMALL),
}


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of a test's size, too, are cut into several tiles."""
    monkeypatch.setattr(torch_student, "STRIP_PIXELS", {"luma": 1 << 12, "rgb": 1 << 12})


def sharpened(info: ClipInfo, chunks: Sequence[Chunk], folder: Path, enhancer: Enhancer) -> list[Planes]:
    """All pictures of a clip, done chunk by chunk, the last chunk first."""
    workspace = Workspace.of(folder, info.path.name, "key")
    workspace.begin(info.path.name, chunks)
    for chunk in reversed(chunks):
        sharpen_chunk(ChunkTask(info, chunk, resolve_encoder(LOSSLESS, info), workspace.folder, "key"), enhancer)
    return found(workspace, chunks)


def found(workspace: Workspace, chunks: Sequence[Chunk]) -> list[Planes]:
    files = [workspace.chunk_file(chunk.name) for chunk in chunks]
    return [planes for file in files if file.exists() for planes in media.decoded_planes(file)]


def assert_same(mine: Sequence[Planes], theirs: Sequence[Sequence[np.ndarray | None]]) -> None:
    assert len(mine) == len(theirs)
    for at, (one, other) in enumerate(zip(mine, theirs, strict=True)):
        for plane, wanted in zip(one, other, strict=True):
            assert wanted is None or np.array_equal(plane, wanted), f"picture {at}"


@pytest.mark.parametrize("name", CLIPS)
def test_chunks_have_the_bits_of_one_pass_and_of_the_definition(name: str, tmp_path: Path) -> None:
    clip, enhancer = CLIPS[name](tmp_path / name), toy(threads=1)
    info, chunks = plan_of(clip.path, 0.4, context=enhancer.context)
    _, (whole,) = plan_of(clip.path, 1000, context=enhancer.context)
    assert len(chunks) > 2, "one chunk would prove nothing"
    assert {chunk.before for chunk in chunks[2:]} == {8}
    in_chunks = sharpened(info, chunks, tmp_path / "chunks", enhancer)
    assert_same(in_chunks, sharpened(info, (whole,), tmp_path / "whole", enhancer))
    decoded = list(media.decoded_planes(clip.path, strict=False))
    assert_same(in_chunks, by_definition(enhancer, decoded, plane_format(info)))
    assert len(in_chunks) == clip.frames


def test_fields_are_windows_of_their_own_across_chunks(tmp_path: Path) -> None:
    clip, enhancer = media.interlaced(tmp_path / "a.mp4", size=(160, 96), gop=12, audio=0), toy(threads=1)
    info, chunks = plan_of(clip.path, 0.4, context=enhancer.context)
    assert len(chunks) > 3
    mine = sharpened(info, chunks, tmp_path / "chunks", enhancer)
    decoded = list(media.decoded_planes(clip.path))
    for first in (0, 1):
        fields = [[plane[first::2] for plane in planes] for planes in decoded]
        made = by_definition(enhancer, fields, plane_format(info))
        assert_same([[plane[first::2] for plane in planes] for planes in mine], made)


def test_a_picture_that_grows_begins_its_windows_nowhere_else_in_chunks(tmp_path: Path) -> None:
    clip, enhancer = media.resolution_change(tmp_path / "a.ts", gop=10), toy(threads=1)
    info, chunks = plan_of(clip.path, 0.3, context=enhancer.context)
    _, (whole,) = plan_of(clip.path, 1000, context=enhancer.context)
    assert len(chunks) > 3
    in_chunks = sharpened(info, chunks, tmp_path / "chunks", enhancer)
    assert_same(in_chunks, sharpened(info, (whole,), tmp_path / "whole", enhancer))
    work = Workspace.of(tmp_path / "chunks", info.path.name, "key")
    fitted = [kind for chunk in chunks for kind in work.load_record(chunk).fitted]  # type: ignore[union-attr]
    assert sum(count for *_, count in fitted) == 30, "context does not count"


@pytest.mark.parametrize("at", [0, 7, 19])
def test_a_run_that_is_killed_goes_on_with_the_same_bits(at: int, tmp_path: Path) -> None:
    clip, enhancer = CLIPS["b.mkv"](tmp_path / "a.mkv"), toy(threads=1)
    info, chunks = plan_of(clip.path, 0.4, context=enhancer.context)
    wanted = sharpened(info, chunks, tmp_path / "whole", enhancer)
    work = Workspace.of(tmp_path / "killed", info.path.name, "key")
    work.begin(info.path.name, chunks)
    count = 0

    def kill() -> None:
        nonlocal count
        count += 1
        if count > at:
            raise KeyboardInterrupt

    def run(chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            sharpen_chunk(ChunkTask(info, chunk, resolve_encoder(LOSSLESS, info), work.folder, "key"), enhancer, kill)

    with pytest.raises(KeyboardInterrupt):
        run(chunks)
    again = Workspace.of(tmp_path / "killed", info.path.name, "key")
    stored = again.load_plan()
    assert stored is not None
    assert stored == chunks
    for chunk in stored:
        if again.load_record(chunk) is None:
            sharpen_chunk(ChunkTask(info, chunk, resolve_encoder(LOSSLESS, info), again.folder, "key"), toy(threads=1))
    assert_same(found(again, stored), wanted)


def test_what_is_lost_beside_a_border_is_missing_in_windows_as_it_is_in_one_pass(tmp_path: Path) -> None:
    """Damage before and after a chunk's own pictures; decoders conceal nothing of what is wholly noise."""
    clip, enhancer = media.call(tmp_path / "a.mp4", gop=10, **SMALL), toy(threads=1)
    for number in (26, 29, 31, 39, 41):
        media.flip_packet_bytes(clip.path, number, share=1)
    info, chunks = plan_of(clip.path, 0.3, context=enhancer.context)
    _, (whole,) = plan_of(clip.path, 1000, context=enhancer.context)
    in_chunks = sharpened(info, chunks, tmp_path / "chunks", enhancer)
    assert_same(in_chunks, sharpened(info, (whole,), tmp_path / "whole", enhancer))
    work = Workspace.of(tmp_path / "chunks", info.path.name, "key")
    records = [work.load_record(chunk) for chunk in chunks]
    assert sum(len(record.errors) for record in records if record) == 5, "each is told once"


@pytest.mark.parametrize("name", ["closed.mp4", "one-keyframe.webm"])
def test_at_strength_zero_nothing_is_looked_at(name: str, tmp_path: Path) -> None:
    clip, enhancer = CLIPS[name](tmp_path / name), toy(strength=0)
    info, chunks = plan_of(clip.path, 0.4, context=enhancer.context)
    assert {(chunk.before, chunk.after) for chunk in chunks} == {(0, 0)}
    made = sharpened(info, chunks, tmp_path / "chunks", enhancer)
    assert_same(made, list(media.decoded_planes(clip.path)))


def test_a_checkpoint_of_a_new_network_is_found_by_its_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enhancer = Enhancer(registered(tmp_path, monkeypatch))
    assert (enhancer.name, enhancer.offsets, enhancer.context) == ("toy", (-2, -1, 0, 1, 2, -8), (8, 2))


def test_context_comes_before_and_after_and_is_not_owned(tmp_path: Path) -> None:
    clip = CLIPS["open.mp4"](tmp_path / "a.mp4")
    info, chunks = plan_of(clip.path, 0.4, context=(8, 2))
    for chunk in chunks:
        frames = list(decode_chunk(info.path, info.stream_index, chunk, chunk.start, []))
        times = [frame_pts(frame) for frame in frames]
        own = [clip.pts.index(time) for time in times if chunk.owns(time) and time is not None]
        first, end = own[0], own[-1] + 1
        wanted = clip.pts[max(0, first - 8) : end + 2]
        assert times == list(wanted)
        assert (chunk.before, chunk.after) == (first - max(0, first - 8), min(2, clip.frames - end))


def test_a_chunk_whose_context_comes_short_is_decoded_from_the_keyframe_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, enhancer, starts = media.call(tmp_path / "a.mp4", gop=10, **SMALL), toy(threads=1), []
    info, chunks = plan_of(clip.path, 0.3, context=enhancer.context)

    def short(path: Path, stream: int, chunk: Chunk, start: PacketMark, *others: Any) -> Any:
        starts.append(start.index)
        frames = decode_chunk(path, stream, chunk, start, *others)
        if start == chunk.start:
            next(frames)
        yield from frames

    wanted = sharpened(info, chunks, tmp_path / "whole", enhancer)
    monkeypatch.setattr("vidsharp.pipeline.sharpen_chunk.decode_chunk", short)
    work = Workspace.of(tmp_path / "short", info.path.name, "key")
    work.begin(info.path.name, chunks)
    sharpen_chunk(ChunkTask(info, chunks[4], resolve_encoder(LOSSLESS, info), work.folder, "key"), enhancer)
    assert starts == [30, 20]
    first = sum(chunk.frames for chunk in chunks[:4])
    assert_same(found(work, chunks[4:5]), wanted[first : first + chunks[4].frames])


@pytest.mark.parametrize("name", ["one-keyframe.webm", "one-keyframe-vfr.mp4"])
def test_a_recording_with_one_keyframe_is_done_in_parallel_with_the_same_pictures(name: str, tmp_path: Path) -> None:
    clip = CLIPS[name](tmp_path / name)
    info, chunks = plan_of(clip.path, 0.4)
    _, (whole,) = plan_of(clip.path, 1000)
    assert len(chunks) > 3
    assert {chunk.start.index for chunk in chunks} == {0}
    work = Workspace.of(tmp_path / "chunks", info.path.name, "key")
    work.begin(info.path.name, chunks)
    tasks = [ChunkTask(info, chunk, resolve_encoder(LOSSLESS, info), work.folder, "key") for chunk in chunks]
    with ThreadPoolExecutor(4) as pool:
        records = list(pool.map(lambda task: sharpen_chunk(task, stub()), tasks))
    assert [record.frames_lost for record in records] == [0] * len(chunks)
    assert tuple(time for record in records for time in record.pts) == clip.pts
    assert_same(found(work, chunks), sharpened(info, (whole,), tmp_path / "whole", stub()))
    shutil.rmtree(tmp_path / "chunks")
