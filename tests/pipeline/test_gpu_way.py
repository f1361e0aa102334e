"""Through a GPU's decoder, student and encoder, pictures come out as through this machine's memory: to the bit, with
few surfaces; and what a GPU's decoder does not take goes the other way, with a reason."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from av.sidedata.sidedata import Type as SideData
from vidsharp.models.enhance import Enhancer
from vidsharp.models.errors import DeviceError
from vidsharp.models.gpu import surfaces as surfaces_module
from vidsharp.models.gpu.settings import GpuSettings, HwAccel
from vidsharp.models.nets.catalogue import student_of
from vidsharp.pipeline import encoder as encoder_module
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.encoders import ENCODERS
from vidsharp.pipeline.frame_observer import NoObserver
from vidsharp.pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from vidsharp.pipeline.workspace import Workspace

from tests.support import media
from tests.support.fake_nvdec import Change, NoSurfaceLeft, Surfaces, install, software, with_
from tests.support.gpu import student
from tests.support.toy_window import ToyWindow
from tests.support.whole_way import FFV1, LOSSLESS, plan_of

SMALL: dict[str, Any] = {"size": (98, 66), "audio": 0, "frames": 10}
HOST = GpuSettings(batch=2)
THERE = replace(HOST, hwaccel=HwAccel(decodes=True))


class Seeing(NoObserver):
    """Keeps every other picture as it was and as it became."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def wants(self, number: int) -> bool:
        return number % 2 == 0

    def see(self, number: int, pts: int | None, before: Any, after: Any) -> None:
        self.seen.append((number, pts, [plane.copy() for plane in before], [plane.copy() for plane in after]))


def done(
    path: Path, folder: Path, gpu: GpuSettings, encoder: EncoderChoice = FFV1, of: Any = "fast", **more: Any
) -> tuple[list[ChunkRecord], list[bytes], list[Any]]:
    """Each chunk's record and file, and what an observer saw."""
    enhancer = Enhancer(student(of) if isinstance(of, str) else of(), gpu=gpu, **more)
    info, chunks = plan_of(path, 0.25, encoder, enhancer.context)
    workspace = Workspace(folder, "key")
    workspace.begin("a", chunks)
    plan, observers = resolve_encoder(encoder, info), []

    def observer() -> Seeing:
        observers.append(Seeing())
        return observers[-1]

    records = [
        sharpen_chunk(ChunkTask(info, chunk, plan, folder, "key"), enhancer, new_observer=observer) for chunk in chunks
    ]
    return records, [workspace.chunk_file(chunk.name).read_bytes() for chunk in chunks], observers


def facts(record: ChunkRecord) -> Mapping[str, Any]:
    """What must not depend on the way."""
    names = ("index", "frames_expected", "pts", "durations", "reorder_depth", "bytes", "errors", "interlaced", "fitted")
    return {name: getattr(record, name) for name in names}


def same_both_ways(path: Path, folder: Path, **more: Any) -> list[ChunkRecord]:
    """What the GPU's way gave, which is what the other gives."""
    here, files, seen = done(path, folder / "here", HOST, **more)
    there, files_there, seen_there = done(path, folder / "there", THERE, **more)
    assert files_there == files
    assert list(map(facts, there)) == list(map(facts, here))
    last = seen_there[-len(seen) :]
    for one, other in zip(seen, last, strict=True):
        for (number, pts, *planes), (number_there, pts_there, *planes_there) in zip(one.seen, other.seen, strict=True):
            assert (number, pts) == (number_there, pts_there)
            for a, b in zip(planes, planes_there, strict=True):
                assert all(map(np.array_equal, a, b))
    return there


@pytest.fixture
def encoder_on_gpu(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Has an encoder take surfaces."""

    def installed(name: str, pix_fmt: str) -> None:
        monkeypatch.setitem(ENCODERS, name, replace(ENCODERS[name], on_gpu_codecs=("none",)))  # type: ignore[arg-type]
        monkeypatch.setattr(encoder_module, "ON_GPU", pix_fmt)  # PyAV takes NV12 and P010 apart again

    return installed


CLIPS: dict[str, Callable[..., media.Media]] = {
    "h264": media.call, "with B-frames": media.b_frames, "VFR": media.vfr, "full range": media.full_range,
    "HEVC of ten bits": partial(media.ten_bit, codec="libx265"), "open GOPs": media.open_gop,
}  # fmt: skip


@pytest.mark.parametrize("surfaces", [True, False], ids=["encoder there", "encoder here"])
@pytest.mark.parametrize("kind", CLIPS)
def test_the_same_bits(
    kind: str, surfaces: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_on_gpu: Any
) -> None:
    clip = CLIPS[kind](tmp_path / ("a.mkv" if "HEVC" in kind else "a.mp4"), **SMALL)
    info, _ = plan_of(clip.path)
    encoder = LOSSLESS if info.pix_fmt == "yuvj420p" else FFV1
    if surfaces:
        encoder_on_gpu(encoder.name, info.pix_fmt)
    pool = Surfaces(6)
    install(monkeypatch, pool)
    records = same_both_ways(clip.path, tmp_path, encoder=encoder)
    assert [record.not_on_gpu for record in records] == [None] * len(records)
    assert sum(record.frames for record in records) == clip.frames <= pool.taken


@pytest.mark.parametrize(("name", "strength"), [("reference", 1.0), ("fast", 0.0)])
def test_students_of_all_planes_and_of_none(
    name: str, strength: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_on_gpu: Any
) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    encoder_on_gpu("ffv1", "yuv420p")
    install(monkeypatch, Surfaces(6))
    records = same_both_ways(clip.path, tmp_path, of=name, strength=strength)
    assert {record.not_on_gpu for record in records} == {None}


def test_a_student_that_sees_several_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks are shown pictures of others, before and after their own."""
    clip = media.b_frames(tmp_path / "a.mp4", **{**SMALL, "frames": 30}, gop=10)
    install(monkeypatch, Surfaces(8))
    records = same_both_ways(clip.path, tmp_path, of=lambda: student_of("toy", ToyWindow()))
    assert [record.not_on_gpu for record in records] == [None] * 3


def test_a_decoder_that_delays_nothing_needs_one_surface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL, options={"tune": "zerolatency"})
    pool = Surfaces(1)
    install(monkeypatch, pool)
    assert {record.not_on_gpu for record in same_both_ways(clip.path, tmp_path)} == {None}
    assert pool.taken >= clip.frames


def test_who_holds_on_to_surfaces_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL, options={"tune": "zerolatency"})
    kept: list[Any] = []
    install(monkeypatch, Surfaces(3), lambda number, frame: kept.append(frame) or frame)
    with pytest.raises(NoSurfaceLeft):
        done(clip.path, tmp_path / "work", THERE)


def changed(at: int, change: Callable[[Any], Any]) -> Change:
    return lambda number, frame: change(frame) if number == at else frame


REFUSED_PICTURES: dict[str, tuple[Change, str]] = {
    "not taken": (lambda number, frame: software(frame), "does not take its profile, level or size"),
    "taken apart": (changed(3, software), "does not take its profile, level or size"),
    "damaged": (changed(5, lambda frame: with_(frame, is_corrupt=True)), "it is damaged"),
    "interlaced": (changed(2, lambda frame: with_(frame, interlaced_frame=True)), "it is interlaced"),
    "another size": (changed(9, lambda frame: with_(frame, width=96)), "its pictures change size or format"),
    "another depth": (
        changed(0, lambda frame: with_(frame, sw_format=SimpleNamespace(name="p010le"))),
        "the GPU's decoder gives p010le for its yuv420p",
    ),
    "captions": (
        changed(4, lambda frame: with_(frame, side_data=[SimpleNamespace(type=SideData.A53_CC)])),
        "its pictures have something beside them (A53_CC)",
    ),
}


@pytest.mark.parametrize("kind", REFUSED_PICTURES)
def test_pictures_that_are_refused_go_the_other_way(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_on_gpu: Any
) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    encoder_on_gpu("ffv1", "yuv420p")
    change, why = REFUSED_PICTURES[kind]
    install(monkeypatch, Surfaces(6), change)
    records = same_both_ways(clip.path, tmp_path)
    said = {record.not_on_gpu for record in records} - {None}
    assert len(said) == 1
    assert why in str(said.pop())


REFUSED_CLIPS: dict[str, tuple[Callable[..., media.Media], str]] = {
    "interlaced": (media.interlaced, "it is interlaced"),
    "odd": (media.odd_size, "surfaces have even sizes, and its pictures are "),
    "4:4:4": (media.yuv444, "h264 in yuv444p is left to the CPU"),
    "AV1": (media.av1, "av1 is left to the CPU"),
    "sizes": (media.resolution_change, "its pictures change size or format"),
}


@pytest.mark.parametrize("kind", REFUSED_CLIPS)
def test_recordings_that_are_refused_go_the_other_way(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, why = REFUSED_CLIPS[kind]
    own = {
        name: value for name, value in SMALL.items() if name == "frames" or kind not in ("odd", "sizes", "interlaced")
    }
    clip = make(tmp_path / {"AV1": "a.mkv", "sizes": "a.ts"}.get(kind, "a.mp4"), **own)
    pool = Surfaces(0)
    install(monkeypatch, pool)
    for record in same_both_ways(clip.path, tmp_path):
        assert record.not_on_gpu is not None
        assert record.not_on_gpu.startswith(why)
    assert pool.taken == 0


@pytest.mark.parametrize("lost", [False, True], ids=["packet refused", "packet lost"])
def test_a_damaged_stream_goes_to_the_cpus_decoder(lost: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mkv", **SMALL, gop=7)
    if lost:
        media.drop_packet(clip.path, 3)
    else:
        media.flip_packet_bytes(clip.path, 3, share=0.9)
    install(monkeypatch, Surfaces(6))
    records = same_both_ways(clip.path, tmp_path)
    if not lost or sum(record.frames_lost for record in records):
        assert any(record.not_on_gpu for record in records)


def test_where_the_gpu_has_no_memory_for_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)

    def full(*_: Any) -> Any:
        raise DeviceError("The GPU has not enough free memory for another frame.")

    monkeypatch.setattr(surfaces_module, "copied_out", full)
    install(monkeypatch, Surfaces(6))
    records = same_both_ways(clip.path, tmp_path)
    assert {record.not_on_gpu for record in records} == {"the GPU has no memory left for decoded pictures"}


def test_restored_chroma_is_for_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    install(monkeypatch, Surfaces(0))
    records = same_both_ways(clip.path, tmp_path, chroma="restore")
    assert {record.not_on_gpu for record in records} == {"chroma is restored on the CPU"}


def test_who_did_not_ask_is_told_nothing(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    records, _, _ = done(clip.path, tmp_path / "work", HOST)
    assert {record.not_on_gpu for record in records} == {None}
