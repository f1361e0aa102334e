"""Pictures that change in mid-stream are written whole, in the largest size, and the clip says so."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vidsharp.jobs.engine.actor import Prepared, PrepareTask, SharpenActor
from vidsharp.jobs.engine.measure_task import MeasureTask
from vidsharp.models.errors import VidsharpError
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.fingerprint import see
from vidsharp.pipeline.mux import mux_clip
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.sharpen_chunk import ChunkTask
from vidsharp.pipeline.workspace import Workspace

from tests.support import media, media_sizes
from tests.support.media import Media
from tests.support.whole_way import LOSSLESS, Passage, main_times, pass_through, stub

OWN = EncoderChoice()


def _through(clip: Media, folder: Path, encoder: EncoderChoice = OWN, *, strength: float = 0) -> Passage | Exception:
    """What came of a clip; an error is a result like another, to be asserted against."""
    try:
        return pass_through(clip.path, folder, encoder, stub(strength), seconds=0.3)
    except (VidsharpError, ValueError) as error:
        return error


def _sizes(passage: Passage) -> set[tuple[int, int, str]]:
    return {(frame.width, frame.height, frame.format.name) for frame in media.video_frames(passage.out)}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("ramp.webm", {}),
        ("ramp-vp9.webm", {"codec": "libvpx-vp9"}),
        ("ramp.ts", {"codec": "libx264"}),
        ("ramp.mp4", {"codec": "libx264"}),
        ("ramp.flv", {"codec": "libx264", "header": None}),
        ("ramp-hevc.mkv", {"codec": "libx265"}),
        ("ramp-av1.mkv", {"codec": "libsvtav1"}),
        ("ramp-part2.mkv", {"codec": "mpeg4", "header": None}),
        ("ramp-mpeg2.ts", {"codec": "mpeg2video", "header": None}),
        ("ramp.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "header": None}),
    ],
)
def test_a_call_that_begins_small_is_written_large(name: str, more: dict[str, Any], tmp_path: Path) -> None:
    clip = media_sizes.ramp(tmp_path / name, **more)
    passage = _through(clip, tmp_path)
    assert isinstance(passage, Passage), passage
    assert {size[:2] for size in _sizes(passage)} == {(640, 360)}
    assert media.frame_indices(passage.out) == list(clip.indices)
    times, tick = main_times(passage.out)
    assert all(abs(time - times[0] - Fraction(n, media_sizes.FPS)) <= tick for n, time in enumerate(times))
    assert passage.mux.notes == ("25 pictures of 320×180 were enlarged to 640×360",)
    assert len(passage.chunks) >= 2, "the size is known before the first chunk is encoded"


def test_pictures_of_full_size_are_bit_for_bit_and_small_ones_are_enlarged(tmp_path: Path) -> None:
    clip = media_sizes.ramp(tmp_path / "a.ts", codec="libx264", header=None)
    passage = _through(clip, tmp_path, LOSSLESS)
    assert isinstance(passage, Passage)
    before, after = list(media.decoded_planes(clip.path)), list(media.decoded_planes(passage.out))
    for number, (was, now) in enumerate(zip(before, after, strict=True)):
        if number >= 25:
            assert all(np.array_equal(a, b) for a, b in zip(was, now, strict=True))
        else:
            assert now[0].shape == (360, 640)
            halved = now[0].reshape(180, 2, 320, 2).mean(axis=(1, 3))
            assert np.abs(halved - was[0]).mean() < 4, "the same picture, twice as large"


def test_a_turned_phone_is_set_between_bars_and_never_shrunk(tmp_path: Path) -> None:
    clip = media_sizes.turned(tmp_path / "a.ts")
    passage = _through(clip, tmp_path, LOSSLESS)
    assert isinstance(passage, Passage)
    assert _sizes(passage) == {(160, 160, "yuv420p")}
    (note,) = passage.mux.notes
    assert note == "40 pictures of 160×96, 20 pictures of 96×160 were set into 160×160, between bars"
    for was, now in zip(media.decoded_planes(clip.path), media.decoded_planes(passage.out), strict=True):
        height, width = was[0].shape
        top, left = (160 - height) // 2, (160 - width) // 2
        assert np.array_equal(now[0][top : top + height, left : left + width], was[0]), "pixel for pixel"
        inside = np.zeros((160, 160), bool)
        inside[top : top + height, left : left + width] = True
        assert (now[0][~inside] == 16).all()
        assert (now[1][~inside[::2, ::2]] == 128).all()


@pytest.mark.parametrize("strength", [0, 1])
@pytest.mark.parametrize(
    ("build", "name", "codec", "expected"),
    [
        (media_sizes.deeper, "a.ts", "libx264", "yuv420p10le"),
        (media_sizes.deeper, "a.mkv", "libx265", "yuv420p10le"),
        (media_sizes.richer, "a.ts", "libx264", "yuv444p"),
        (media_sizes.richer, "a.mkv", "libx265", "yuv444p"),
    ],
)
def test_the_format_holds_the_largest_depth_and_the_richest_chroma(
    build: Callable[..., Media], name: str, codec: str, expected: str, strength: float, tmp_path: Path
) -> None:
    clip = build(tmp_path / name, codec=codec)
    passage = _through(clip, tmp_path, EncoderChoice(codec), strength=strength)
    assert isinstance(passage, Passage), f"it fails: {passage}"
    assert _sizes(passage) == {(160, 96, expected)}
    assert passage.frames == clip.frames
    assert passage.mux.notes == (f"25 pictures in yuv420p were converted to {expected}",)
    if not strength:
        assert media.frame_indices(passage.out) == list(clip.indices)


def test_shallow_pictures_keep_their_codes_among_deep_ones(tmp_path: Path) -> None:
    clip = media_sizes.deeper(tmp_path / "a.mkv", codec="libx265")
    lossless = EncoderChoice("libx265", preset="ultrafast", options={"x265-params": "lossless=1"})
    passage = _through(clip, tmp_path, lossless)
    assert isinstance(passage, Passage)
    pairs = zip(media.decoded_planes(clip.path), media.decoded_planes(passage.out), strict=True)
    for number, (was, now) in enumerate(pairs):
        for before, after in zip(was, now, strict=True):
            scaled = before.astype(int) * (4 if number < 25 else 1)
            assert np.array_equal(after, scaled)


def test_other_pixels_keep_the_pictures_shape(tmp_path: Path) -> None:
    clip = media_sizes.squeezed(tmp_path / "a.ts")
    passage = _through(clip, tmp_path)
    assert isinstance(passage, Passage)
    assert _sizes(passage) == {(320, 360, "yuv420p")}
    assert probe(passage.out).sample_aspect_ratio == Fraction(2)
    assert media.frame_indices(passage.out) == list(clip.indices)


def test_an_encoder_that_takes_no_other_format_still_writes_the_clip(tmp_path: Path) -> None:
    clip = media_sizes.richer(tmp_path / "a.mkv", codec="libx264")
    passage = _through(clip, tmp_path, EncoderChoice("libsvtav1"))
    assert isinstance(passage, Passage), passage
    assert _sizes(passage) == {(160, 96, "yuv420p")}
    assert passage.mux.notes == ("25 pictures in yuv444p were converted to yuv420p",)


def test_transparency_that_the_encoder_does_not_take_is_left_out_with_a_note(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuva420p", frames=6, size=(160, 96), audio=0)
    passage = _through(clip, tmp_path, LOSSLESS)
    assert isinstance(passage, Passage), passage
    assert passage.mux.notes == ("6 pictures in yuva420p were converted to yuv420p",)
    assert media.frame_indices(passage.out) == list(clip.indices)


class Run:
    """A clip on its way through actors, as the jobs do it, but without Ray."""

    def __init__(self, clip: Media, folder: Path, seconds: float = 0.3) -> None:
        self.clip, self.folder, self.seconds = clip, folder, seconds

    def chunks(self, most: int, measure: MeasureTask | None = None) -> list[Any]:
        """Does up to `most` of the chunks that are still to be done, in a new actor; returns all records."""
        actor = SharpenActor(1)
        actor.load("fast", "cpu", 1.0)
        seen = see(self.clip.path, "a")
        prepared = actor.prepare(PrepareTask(self.clip.path, "a", self.folder, "key", self.seconds, OWN, seen))
        assert isinstance(prepared, Prepared)
        self.prepared = prepared
        done = self.prepared.done
        for chunk in [chunk for chunk in self.prepared.chunks if chunk.index not in done][:most]:
            made = self.prepared
            task = ChunkTask(
                *(made.info, chunk, made.encoder, self.folder, "key"), provenance_digest=made.provenance_digest
            )
            actor.sharpen(task, measure)
        records = Workspace(self.folder, "key").done(self.prepared.chunks)
        return [records[index] for index in sorted(records)]

    def joined(self, records: list[Any]) -> Path:
        workspace = Workspace(self.folder, "key")
        out = self.folder / f"joined{self.clip.path.suffix}"
        files = [workspace.chunk_file(chunk.name) for chunk in self.prepared.chunks]
        mux_clip(self.prepared.info, records, files, out)
        return out


def test_a_resumed_clip_has_the_size_and_the_pictures_of_an_uninterrupted_one(tmp_path: Path) -> None:
    clip = media_sizes.ramp(tmp_path / "a.ts", codec="libx264", header=None)
    at_once = Run(clip, tmp_path / "once")
    whole = at_once.joined(at_once.chunks(99))
    resumed = Run(clip, tmp_path / "twice")
    assert len(resumed.chunks(1)) == 1, "the first chunk, in which all pictures are small"
    again = resumed.joined(resumed.chunks(99))
    assert {planes[0].shape for planes in media.decoded_planes(again)} == {(360, 640)}
    assert media.frame_hashes(again) == media.frame_hashes(whole)
    assert media.packet_md5(again, 0) == media.packet_md5(whole, 0)


@pytest.mark.parametrize("build", [media_sizes.ramp, media_sizes.deeper, media_sizes.turned])
def test_measuring_does_not_fail_a_clip_that_changes(build: Callable[..., Media], tmp_path: Path) -> None:
    clip = build(tmp_path / "a.ts", codec="libx264")
    run = Run(clip, tmp_path / "work", seconds=10)
    try:
        records: Any = run.chunks(99, MeasureTask(range(1000), None, preview=True))
    except (VidsharpError, ValueError) as error:
        records = error
    assert isinstance(records, list), f"it fails: {records}"
    figures = [row for record in records for row in record.measured]
    assert len(figures) == clip.frames
    assert all(row["ssim_input"] is not None for row in figures)
