"""The promises about every finished clip, over many kinds of recordings, from probe to mux."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type
from vidsharp.models.enhance import Enhancer
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.fingerprint import clip_key
from vidsharp.pipeline.mux import mux_clip
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.sharpen import plane_format
from vidsharp.pipeline.workspace import Workspace

from tests.support import media, media_fields
from tests.support.whole_way import (
    FFV1,
    LOSSLESS,
    QUICK,
    copied_streams,
    main_times,
    others_are_copied,
    pass_through,
    plan_of,
    sharpen_all,
    stub,
    times_are_kept,
)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize("encoder", ["libx265", "libx264", "libsvtav1"])
def test_hdr10_metadata_survives(name: str, encoder: str, tmp_path: Path) -> None:
    clip = media.hdr10(tmp_path / name, frames=20, size=(160, 96))
    passage = pass_through(clip.path, tmp_path, EncoderChoice(encoder))
    was, now = probe(clip.path), probe(passage.out)
    assert now.light_level == was.light_level
    assert now.mastering is not None
    assert was.mastering is not None
    # Each codec has a grid of its own for chromaticity and luminance; AV1's is binary.
    for a, b in zip(_numbers(now.mastering), _numbers(was.mastering), strict=True):
        assert float(a) == pytest.approx(float(b), abs=2e-4)
    assert (now.colour, now.pix_fmt) == (was.colour, "yuv420p10le")
    kinds = {data.type for data in next(media.video_frames(passage.out)).side_data}  # type: ignore[attr-defined]
    assert {Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL} <= kinds


def _numbers(display: Any) -> list[Fraction]:
    return [
        *display.red,
        *display.green,
        *display.blue,
        *display.white,
        display.min_luminance,
        display.max_luminance,
    ]


def test_hevc_in_mp4_is_tagged_for_every_player(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=5, size=(160, 96))
    passage = pass_through(clip.path, tmp_path, EncoderChoice("libx265"))
    with av.open(str(passage.out)) as out:
        assert out.streams.video[0].codec_context.codec_tag == "hvc1"


def test_a_luma_student_leaves_chroma_bit_exact_to_the_end(tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / "a.mp4", size=(160, 96))
    passage = pass_through(clip.path, tmp_path, LOSSLESS, stub())
    pairs = zip(media.decoded_planes(clip.path), media.decoded_planes(passage.out), strict=True)
    for before, after in pairs:
        above = np.concatenate([before[0][:1], before[0][:-1]])
        assert np.abs(after[0] - (255 - (before[0].astype(int) + above) / 2)).max() <= 1
        assert np.array_equal(before[1], after[1])
        assert np.array_equal(before[2], after[2])


def test_restored_chroma_is_the_frames_own_however_a_clip_is_cut_and_resumed(tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / "a.mkv", size=(160, 96))
    enhancer, made = Enhancer("fast", threads=1, strength=1.5, chroma="restore"), []
    for seconds in (0.5, 10.0):
        folder = tmp_path / f"{seconds}"
        folder.mkdir()
        made.append(pass_through(clip.path, folder, LOSSLESS, enhancer, seconds=seconds))
    assert len(made[0].chunks) > len(made[1].chunks)
    fmt = plane_format(made[0].info)
    decoded = (media.decoded_planes(path) for path in (clip.path, *(passage.out for passage in made)))
    for before, in_chunks, whole in zip(*decoded, strict=True):
        for mine, other, wanted in zip(in_chunks, whole, enhancer.planes(before, fmt), strict=True):
            assert np.array_equal(mine, other)
            assert wanted is not None
            assert np.array_equal(mine, wanted)
    again = tmp_path / "again"
    first, files = sharpen_all(made[0].info, made[0].chunks[:1], again, LOSSLESS, enhancer)
    rest, others = sharpen_all(made[0].info, made[0].chunks[1:], tmp_path / "rest", LOSSLESS, enhancer)
    mux_clip(made[0].info, (*first, *rest), (*files, *others), tmp_path / "resumed.mkv")
    assert media.packet_md5(tmp_path / "resumed.mkv", 0) == media.packet_md5(made[0].out, 0)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_damaged_recordings_keep_what_decodes_in_its_place(name: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, size=(160, 96))
    for number in (10, 41, 42, 89):
        media.flip_packet_bytes(clip.path, number, share=1)
    passage = pass_through(clip.path, tmp_path)
    assert sum(record.frames_lost for record in passage.records) == 4
    assert sum(len(record.errors) for record in passage.records) == 4
    kept = [second for number, second in enumerate(clip.seconds) if number not in (10, 41, 42, 89)]
    found, tick = main_times(passage.out)
    assert all(abs(a - b) <= tick for a, b in zip(kept, found, strict=True))
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path, strict=False)
    others_are_copied(passage)


def test_a_recording_that_was_cut_off(tmp_path: Path) -> None:
    for name, layout in [("a.mp4", media.FRAGMENTED), ("b.mkv", None), ("c.ts", None)]:
        clip = media.call(tmp_path / name, size=(160, 96), mux_options=layout)
        media.truncate(clip.path, 0.6)
        passage = pass_through(clip.path, tmp_path)
        assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path, strict=False)
        assert 20 < passage.frames < 80
        times_are_kept(passage)


def test_what_a_broken_download_lacks_is_told(tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / "a.mp4", size=(160, 96), mux_options=media.FASTSTART)
    media.truncate(clip.path, 0.6)
    passage = pass_through(clip.path, tmp_path)
    assert passage.frames + sum(record.frames_lost for record in passage.records) == clip.frames
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path, strict=False)


def test_a_recording_whose_clock_was_set_back_is_written_and_says_so(tmp_path: Path) -> None:
    """Joined to itself, as recorders do that begin anew in the same file: neither picture nor sound is lost."""
    clip = media.call(tmp_path / "a.ts", frames=20, size=(160, 96))
    clip.path.write_bytes(clip.path.read_bytes() * 2)
    passage = pass_through(clip.path, tmp_path)
    assert media.frame_indices(passage.out) == [*range(20)] * 2
    (before,), (after,) = copied_streams(passage.source, 0), copied_streams(passage.out, 0)
    assert len(before.payloads) == len(after.payloads) > 50
    assert any("the times of stream 1 step back" in note for note in passage.mux.notes), passage.mux.notes


def test_a_picture_that_grows_half_way_is_sharpened_to_its_end(tmp_path: Path) -> None:
    clip = media.resolution_change(tmp_path / "a.ts")
    passage = pass_through(clip.path, tmp_path, QUICK, stub())
    assert passage.frames == len(list(media.video_frames(passage.out))) == clip.frames
    times_are_kept(passage)


def test_a_resumed_clip_has_the_pictures_of_an_uninterrupted_one(tmp_path: Path) -> None:
    clip = media.b_frames(tmp_path / "a.mp4", size=(160, 96))
    encoder = EncoderChoice("libx264")
    whole = pass_through(clip.path, tmp_path, encoder, stub())
    info, chunks = plan_of(clip.path)
    first, _ = sharpen_all(info, chunks[:1], tmp_path / "again", encoder, stub())
    workspace = Workspace.of(tmp_path / "again", clip.path.name, "key")
    records, files = sharpen_all(info, chunks[1:], tmp_path / "rest", encoder, stub())
    assert (first[0].pts, first[0].bytes) == (whole.records[0].pts, whole.records[0].bytes)
    target = tmp_path / "resumed.mp4"
    mux_clip(info, (*first, *records), (workspace.chunk_file(chunks[0].name), *files), target)
    assert media.frame_hashes(target) == media.frame_hashes(whole.out)
    assert media.packet_md5(target, 0) == media.packet_md5(whole.out, 0)


def test_names_with_blanks_quotes_and_other_letters(tmp_path: Path) -> None:
    name = "te[s]t_ 'Besprechung' — 会議 100% #1?.mp4"
    clip = media.call(tmp_path / name, frames=5, size=(160, 96))
    passage = pass_through(clip.path, tmp_path)
    assert passage.out.name == name
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path)
    assert len(clip_key(clip.path, {})) == 24


@pytest.mark.parametrize("name", ["a.ts", "a.mp4", "a.mkv", "a.h264"])
@pytest.mark.parametrize("more", [{"packets": 1}, {"packets": 2}, {"packets": 2, "adaptive": True}])
def test_field_coded_pictures_are_counted_and_kept_whole(more: dict[str, Any], name: str, tmp_path: Path) -> None:
    """Whatever comes in a packet: no picture is lost, torn at a chunk's border, or decoded for a second time."""
    clip = media_fields.field_coded(tmp_path / name, **more)
    passage = pass_through(clip.path, tmp_path)
    assert sum(record.frames_lost for record in passage.records) == 0
    assert [record.frames for record in passage.records] == [record.frames_expected for record in passage.records]
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path)
    assert {
        Fraction(duration) * passage.info.time_base for record in passage.records for duration in record.durations
    } == {Fraction(1, 25)}
    if name != "a.h264":
        assert len(passage.chunks) > 3, "one chunk would prove less"
        times_are_kept(passage)


def test_a_field_without_its_second_is_a_lost_picture(tmp_path: Path) -> None:
    clip = media_fields.field_coded(tmp_path / "a.ts", lone_fields=(7, 13, 33))
    passage = pass_through(clip.path, tmp_path)
    assert sum(record.frames_lost for record in passage.records) == 3
    assert media.frame_indices(passage.out) == list(clip.indices)


@pytest.mark.parametrize(
    "more",
    [{}, {"back": 1.5}, {"back": 5}, {"back": 20.5}, {"at": 30}, {"at": 31}, {"at": 32, "back": 15.5}, {"bframes": 2}],
)
def test_pictures_stay_in_order_where_the_clock_steps_back_amid_a_gop(more: dict[str, Any], tmp_path: Path) -> None:
    clip = media_fields.clock_steps_back(tmp_path / "a.ts", **{"frames": 60, "gop": 10, "size": (160, 96), **more})
    passage = pass_through(clip.path, tmp_path, seconds=0.3)
    assert media.frame_indices(passage.out) == media.frame_indices(clip.path)
    assert sum(record.frames_lost for record in passage.records) == 0
    found, tick = main_times(passage.out)
    assert found == sorted(found)
    if not more.get("bframes"):
        assert media.frame_indices(passage.out) == list(clip.indices)
        assert all(abs(a - b) <= tick for a, b in zip(clip.seconds, found, strict=True))


def test_a_clock_that_steps_back_costs_cuts_around_it_only(tmp_path: Path) -> None:
    clip = media_fields.clock_steps_back(tmp_path / "a.ts", frames=90, gop=10, size=(160, 96), at=43)
    _, chunks = plan_of(clip.path, 0.3)
    assert [chunk.frames for chunk in chunks] == [10, 10, 10, 20, 10, 10, 10, 10]


def test_a_recording_that_turns_interlaced_keeps_every_field(tmp_path: Path) -> None:
    """Its first picture does not speak for all: each that is interlaced comes out so; what is marked anew is said."""
    clip = media_fields.turns_interlaced(tmp_path / "a.ts", frames=75, progressive=25, gop=10, size=(160, 96))
    passage = pass_through(clip.path, tmp_path)
    marks = [frame.interlaced_frame for frame in media.video_frames(passage.out)]
    assert marks[25:] == [True] * 50
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path)
    assert any("25 of 75 pictures are progressive" in note for note in passage.mux.notes), passage.mux.notes


def test_interlaced_pictures_that_no_header_foretold_are_told(tmp_path: Path) -> None:
    """FFV1 says it in its pictures, which are not read ahead; the encoder is set up for what the first one is."""
    clip = media_fields.turns_interlaced(tmp_path / "a.ts", size=(160, 96))
    (tmp_path / "ffv1").mkdir()
    source = pass_through(clip.path, tmp_path / "ffv1", FFV1).out
    assert [frame.interlaced_frame for frame in media.video_frames(source)] == [False] * 30 + [True] * 30
    passage = pass_through(source, tmp_path)
    assert any("30 of 60 pictures are interlaced" in note for note in passage.mux.notes), passage.mux.notes
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path)
