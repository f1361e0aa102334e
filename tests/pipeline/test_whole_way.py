"""The promises about every finished clip, over many kinds of recordings, from probe to mux."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import InputContainer
from av.sidedata.sidedata import Type
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.fingerprint import clip_key
from vidsharp.pipeline.mux import mux_clip
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.workspace import Workspace

from tests import media
from tests.media import Media
from tests.pipeline.whole_way import (
    FFV1,
    LOSSLESS,
    QUICK,
    Passage,
    copied_streams,
    main_index,
    main_times,
    pass_through,
    plan_of,
    sharpen_all,
    stub,
)


@dataclass(frozen=True)
class Case:
    """A kind of recording and how to write it; `encoder` is lossless, so that pictures can be compared."""

    build: Callable[..., Media]
    more: dict[str, Any] = field(default_factory=dict)
    encoder: EncoderChoice = LOSSLESS
    muxer: str | None = None
    """Where it is another than the source's own."""
    lost: int = 0


X265 = EncoderChoice("libx265", preset="ultrafast", options={"x265-params": "lossless=1"})
VP9 = EncoderChoice("libvpx-vp9", crf=0, options={"lossless": "1"})

CASES: dict[str, Case] = {
    "plain.mp4": Case(media.call),
    "plain.mov": Case(media.call),
    "plain.m4v": Case(media.call),
    "plain.mkv": Case(media.call),
    "plain.ts": Case(media.call),
    "silent.mp4": Case(media.call, {"audio": 0}),
    "two-tracks.mkv": Case(media.call, {"audio": 2, "languages": ("eng", "ger")}),
    "fragmented.mp4": Case(media.call, {"mux_options": media.FRAGMENTED}),
    "vfr.mp4": Case(media.vfr, {"bframes": 2}),
    "vfr.mkv": Case(media.vfr),
    "vfr.ts": Case(media.vfr),
    "b.mp4": Case(media.b_frames),
    "b.ts": Case(media.b_frames),
    "open.mp4": Case(media.open_gop),
    "open.mkv": Case(media.open_gop),
    "cra.mp4": Case(media.open_gop, {"codec": "libx265"}),  # an H.264 output of an HEVC source
    "cra.ts": Case(media.open_gop, {"codec": "libx265"}, X265),
    "headless.mp4": Case(media.missing_first_keyframe, lost=29),
    "headless.mkv": Case(media.missing_first_keyframe, {"bframes": 2}, lost=29),
    "late-video.mp4": Case(media.delayed_video),
    "late-video.mkv": Case(media.delayed_video),
    "late-video.ts": Case(media.delayed_video),
    "late-audio.mp4": Case(media.delayed_audio),
    "late-audio.mkv": Case(media.delayed_audio),
    "late.mp4": Case(media.late_start, {"bframes": 2}),
    "late.ts": Case(media.late_start),
    "rotated.mp4": Case(media.rotated),
    "rotated.mkv": Case(media.rotated, {"degrees": -90}),
    "high10.mp4": Case(media.ten_bit, {}, X265),
    "hdr10.mkv": Case(media.hdr10, {}, FFV1),
    "full.mp4": Case(media.full_range),
    "bt601.mp4": Case(media.bt601),
    "anamorphic.mp4": Case(media.anamorphic, {"size": (80, 96)}),
    "anamorphic.mkv": Case(media.anamorphic, {"size": (80, 96)}),
    "odd.webm": Case(media.odd_size, {"size": (161, 121)}, VP9),
    "444.mkv": Case(media.yuv444),
    "interlaced.mp4": Case(media.interlaced, {"size": (160, 96)}),
    "many.mp4": Case(media.many_streams),
    "many.mov": Case(media.many_streams),
    "many.mkv": Case(media.many_streams),
    "captions.webm": Case(media.webm, {"subtitles": 1, "codec": "libvpx-vp9"}, VP9),
    "data.ts": Case(media.call, {"data": True}),
    "mjpeg.avi": Case(media.avi, {}, LOSSLESS),
    "part2.avi": Case(media.avi, {"codec": "mpeg4"}),
    "part2.mp4": Case(media.call, {"codec": "mpeg4"}),
    "mpeg2.ts": Case(media.call, {"codec": "mpeg2video"}),
    "vp8-as-h264.webm": Case(media.webm, {}, LOSSLESS, "matroska"),
    "h264-as-ffv1.mp4": Case(media.call, {}, FFV1),
    "h264-as-ffv1.mov": Case(media.many_streams, {"timecode": None, "subtitles": 0}, FFV1, "matroska"),
    "av1.mp4": Case(media.av1),
    "one.mp4": Case(media.one_frame),
    "ntsc.mp4": Case(media.call, {"fps": Fraction(30000, 1001)}),
}


@pytest.mark.parametrize("name", CASES)
def test_every_promise_holds_at_strength_zero(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    clip = case.build(tmp_path / name, **{"size": (160, 96), **case.more})
    before = clip.path.read_bytes()
    passage = pass_through(clip.path, tmp_path, case.encoder)
    if clip.frames >= 60:
        assert len(passage.chunks) >= 2, "one chunk would prove less"

    assert sum(record.frames_lost for record in passage.records) == case.lost
    assert passage.frames == clip.frames
    _times_are_kept(passage)
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path, strict=False), "bit for bit"
    if case.muxer is None:
        assert (passage.mux.muxer, passage.mux.notes) == (passage.mux.own_muxer, ())
    else:
        assert passage.mux.muxer == case.muxer != passage.mux.own_muxer
        assert passage.mux.notes[0].startswith("written as .mkv: ")
        assert passage.out.suffix == ".mkv"
    _others_are_copied(passage)
    _facts_survive(passage)
    assert clip.path.read_bytes() == before, "inputs are never written"


def _times_are_kept(passage: Passage) -> None:
    wanted, _ = main_times(passage.source)
    found, tick = main_times(passage.out)
    assert len(found) == len(wanted)
    assert all(abs(a - b) <= tick for a, b in zip(wanted, found, strict=True))
    stamps = [packet[:2] for packet in media.stream_packets(passage.out)[main_index(passage.out)]]
    assert all(dts is None or pts is None or dts <= pts for pts, dts in stamps)


def _others_are_copied(passage: Passage) -> None:
    wanted = copied_streams(passage.source, passage.info.stream_index)
    found = copied_streams(passage.out, main_index(passage.out))
    assert [stream.kind for stream in found] == [stream.kind for stream in wanted]
    for before, after in zip(wanted, found, strict=True):
        assert after.payloads == before.payloads
        assert (after.codec, after.disposition) == (before.codec, before.disposition)
        assert (after.language or "und") == (before.language or "und")
        assert after.content == before.content
        for a, b in zip(before.seconds, after.seconds, strict=True):
            assert a is None or b is None or abs(a - b) <= after.time_base


def _facts_survive(passage: Passage) -> None:
    with av.open(str(passage.source)) as before, av.open(str(passage.out)) as after:
        old, new = before.streams[passage.info.stream_index], after.streams[main_index(passage.out)]
        assert new.disposition == old.disposition
        assert (new.language or "und") == (old.language or "und")
        assert _named(new.metadata, "timecode") == _named(old.metadata, "timecode")
        assert _tags(after) == _tags(before)
        assert _chapters(after) == _chapters(before)
    was, now = probe(passage.source), probe(passage.out)
    assert (now.width, now.height, now.pix_fmt, now.sample_aspect_ratio) == (
        was.width,
        was.height,
        was.pix_fmt,
        was.sample_aspect_ratio,
    )
    assert (now.display_matrix or _UPRIGHT, now.interlaced) == (was.display_matrix or _UPRIGHT, was.interlaced)
    # A muxer may name limited range where the source said nothing, which is what unknown means.
    assert (now.colour.range or 1, now.colour.primaries, now.colour.transfer, now.colour.matrix) == (
        was.colour.range or 1,
        was.colour.primaries,
        was.colour.transfer,
        was.colour.matrix,
    )
    assert now.audio_streams == was.audio_streams
    assert abs(now.frame_rate - was.frame_rate) < 1 or "vfr" in passage.source.name


_UPRIGHT = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def _tags(container: InputContainer) -> dict[str, str | None]:
    return {name: _named(container.metadata, name) for name in ("title", "comment")}


def _named(tags: Mapping[str, str], name: str) -> str | None:
    """Matroska writes the names of some tags in capitals."""
    return {key.lower(): text for key, text in tags.items()}.get(name)


def _chapters(container: InputContainer) -> list[tuple[str, float, float]]:
    return [
        (
            chapter["metadata"]["title"],
            round(float(chapter["start"] * (chapter["time_base"] or 0)), 3),
            round(float(chapter["end"] * (chapter["time_base"] or 0)), 3),
        )
        for chapter in container.chapters()
    ]


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


DEFAULTS = {
    "a.mp4": (media.call, {}),
    "b.mp4": (media.b_frames, {"codec": "libx265"}),
    "c.webm": (media.webm, {}),
    "d.webm": (media.odd_size, {"size": (161, 121)}),
    "e.mkv": (media.av1, {}),
    "f.avi": (media.avi, {}),
    "g.avi": (media.avi, {"codec": "mpeg4"}),
    "h.ts": (media.call, {"codec": "mpeg2video"}),
    "i.mov": (media.call, {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    "j.mkv": (media.call, {"codec": "ffv1"}),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_codec_is_written_by_its_own_encoder_into_its_own_container(name: str, tmp_path: Path) -> None:
    build, more = DEFAULTS[name]
    clip = build(tmp_path / name, **{"size": (160, 96), "frames": 45, **more})
    passage = pass_through(clip.path, tmp_path, EncoderChoice(), stub(0.2))
    assert (passage.mux.muxer, passage.mux.notes) == (passage.mux.own_muxer, ())
    assert passage.mux.codec == probe(passage.out).codec == passage.info.codec
    _times_are_kept(passage)
    _others_are_copied(passage)
    _facts_survive(passage)


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
    _others_are_copied(passage)


def test_a_recording_that_was_cut_off(tmp_path: Path) -> None:
    for name, layout in [("a.mp4", media.FRAGMENTED), ("b.mkv", None), ("c.ts", None)]:
        clip = media.call(tmp_path / name, size=(160, 96), mux_options=layout)
        media.truncate(clip.path, 0.6)
        passage = pass_through(clip.path, tmp_path)
        assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path, strict=False)
        assert 20 < passage.frames < 80
        _times_are_kept(passage)


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


def test_a_picture_that_grows_half_way_keeps_its_frames_and_times(tmp_path: Path) -> None:
    clip = media.resolution_change(tmp_path / "a.ts")
    passage = pass_through(clip.path, tmp_path)
    assert media.frame_indices(passage.out) == list(clip.indices)
    _times_are_kept(passage)


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


# --- Real recordings --------------------------------------------------------------------------------------------------

REAL = [
    "eval/carphone_pristine.mp4",
    "eval/pyfeat_single_face.mp4",
    "nasty/100_0306.AVI",
    "nasty/Error_I_P.264",
    "nasty/av1_video.mkv",
    "nasty/awesome movie.mov",
    "nasty/bear-vp9-odd-dimensions.webm",
    "nasty/corrupted.mp4",
    "nasty/delayed_start.mp4",
    "nasty/dolbyVision-hdr.MOV",
    "nasty/edts.mp4",
    "nasty/h264-mjpeg.mp4",
    "nasty/mov_text.mp4",
    "nasty/one_pixel.mp4",
    "nasty/sample_fragmented.mp4",
    "nasty/sample_rotate_and_reflect.mp4",
    "nasty/sample_with_ass_subtitles.mkv",
    "nasty/sample_with_invalid_nalu.mp4",
    "nasty/sideways movie.mov",
    "nasty/te[s]t_ video ' _ .flv",
    "nasty/testsrc_with_attachment.mkv",
    "nasty/transparent.webm",
    "nasty/vonly.mov",
    "nasty/with-gps.mov",
]
ODD_SIZES = {"nasty/bear-vp9-odd-dimensions.webm": EncoderChoice()}
HEADER_SAYS_NOTHING_OF_ITS_RATE = {"nasty/Error_I_P.264"}


def _real(name: str, folder: Path) -> Path:
    shared = media.shared_data()
    if shared is None or not (shared / name).is_file():
        pytest.skip("no folder of real recordings next to this repository")
    copy = folder / Path(name).name
    shutil.copyfile(shared / name, copy)
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_recordings(name: str, tmp_path: Path) -> None:
    source = _real(name, tmp_path)
    passage = pass_through(source, tmp_path, ODD_SIZES.get(name, QUICK))
    if name not in HEADER_SAYS_NOTHING_OF_ITS_RATE:
        _times_are_kept(passage)
    assert passage.frames == len(list(media.video_frames(source, strict=False)))
    _others_are_copied(passage)
    was, now = probe(source), probe(passage.out)
    assert (now.width, now.height, now.pix_fmt) == (was.width, was.height, was.pix_fmt)
    assert (now.display_matrix or _UPRIGHT) == (was.display_matrix or _UPRIGHT)
    assert now.sample_aspect_ratio == was.sample_aspect_ratio


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nasty/broken.mp4", "is not a recording that can be opened"),
        ("nasty/sample_qt.mp4", "none of its pictures decodes"),
        ("nasty/short-cenc.mp4", "it is encrypted"),
        ("nasty/sample_audio_only.mp4", "no video to sharpen"),
        ("nasty/multiple-aac-tracks.mp4", "no video to sharpen"),
    ],
)
def test_real_recordings_that_cannot_be_sharpened_say_why(name: str, sentence: str, tmp_path: Path) -> None:
    source = _real(name, tmp_path)
    with pytest.raises(MediaError, match=sentence) as caught:
        probe(source)
    assert str(source) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_an_empty_track_is_left_out_and_said(tmp_path: Path) -> None:
    source = _real("nasty/sample_empty_track.mp4", tmp_path)
    passage = pass_through(source, tmp_path, QUICK)
    assert passage.mux.notes == ("stream 1 (video) left out: it is empty",)
    wanted = [stream for stream in copied_streams(source, 0) if stream.kind != "video"]
    found = copied_streams(passage.out, 0)
    assert [stream.payloads for stream in found] == [stream.payloads for stream in wanted]
    _times_are_kept(passage)
