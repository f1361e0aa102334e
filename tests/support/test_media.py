"""Each builder has the property that its name claims, and each checker would notice its absence."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.error import InvalidDataError
from av.sidedata.sidedata import Type
from av.stream import Disposition

from tests.support import media, media_fields
from tests.support.media import Media

CLIPS: dict[str, Callable[[Path], Media]] = {
    "plain.mp4": media.call,
    "plain.mov": media.call,
    "plain.mkv": media.call,
    "plain.ts": media.call,
    "vfr.mp4": media.vfr,
    "vfr.mkv": media.vfr,
    "vfr.ts": media.vfr,
    "vfr-b.mp4": lambda path: media.vfr(path, bframes=2),
    "b.mp4": media.b_frames,
    "b.mkv": media.b_frames,
    "b.ts": media.b_frames,
    "open.mp4": media.open_gop,
    "open.mkv": media.open_gop,
    "cra.mp4": lambda path: media.open_gop(path, codec="libx265"),
    "headless.mp4": media.missing_first_keyframe,
    "headless.mkv": lambda path: media.missing_first_keyframe(path, bframes=2),
    "headless.ts": lambda path: media.missing_first_keyframe(path, bframes=2),
    "late-video.mp4": media.delayed_video,
    "late-video.mkv": media.delayed_video,
    "late-audio.mp4": media.delayed_audio,
    "late.ts": media.late_start,
    "rotated.mp4": media.rotated,
    "rotated.mkv": media.rotated,
    "high10.mp4": media.ten_bit,
    "hdr10.mkv": media.hdr10,
    "full.mp4": media.full_range,
    "bt601.mp4": media.bt601,
    "anamorphic.mp4": media.anamorphic,
    "odd.webm": media.odd_size,
    "444.mkv": media.yuv444,
    "interlaced.mp4": media.interlaced,
    "paff.ts": media_fields.field_coded,
    "paff-2.ts": lambda path: media_fields.field_coded(path, packets=2),
    "paff-adaptive.ts": lambda path: media_fields.field_coded(path, adaptive=True),
    "paff-lone.ts": lambda path: media_fields.field_coded(path, lone_fields=(7, 33)),
    "paff.mp4": media_fields.field_coded,
    "paff-2.mkv": lambda path: media_fields.field_coded(path, packets=2),
    "turns.ts": media_fields.turns_interlaced,
    "many.mp4": media.many_streams,
    "many.mkv": media.many_streams,
    "mjpeg.avi": media.avi,
    "part2.avi": lambda path: media.avi(path, codec="mpeg4"),
    "part2.mp4": lambda path: media.call(path, codec="mpeg4"),
    "vp8.webm": media.webm,
    "vp9.webm": lambda path: media.webm(path, codec="libvpx-vp9"),
    "av1.mp4": media.av1,
    "av1.mkv": media.av1,
    "grows.ts": media.resolution_change,
    "one.mp4": media.one_frame,
    "ntsc.mp4": lambda path: media.call(path, fps=Fraction(30000, 1001)),
    "silent.mp4": lambda path: media.call(path, audio=0),
}


@pytest.mark.parametrize("name", CLIPS)
def test_every_clip_decodes_to_the_frames_and_times_it_claims(name: str, tmp_path: Path) -> None:
    clip = CLIPS[name](tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name], "a builder leaves nothing but its clip"
    assert media.frame_indices(clip.path) == list(clip.indices)
    assert media.video_pts(clip.path) == clip.seconds
    assert len(clip.pts) == clip.frames
    with av.open(str(clip.path)) as source:
        assert source.streams.video[0].time_base == clip.time_base


def test_same_arguments_give_the_same_streams(tmp_path: Path) -> None:
    first, second = (media.b_frames(tmp_path / f"{n}.mp4", audio=2) for n in "ab")
    assert media.stream_packets(first.path) == media.stream_packets(second.path)
    other = media.b_frames(tmp_path / "c.mp4", audio=2, seed=1)
    assert media.packet_md5(other.path, 0) != media.packet_md5(first.path, 0)
    assert media.packet_md5(other.path, 1) == media.packet_md5(first.path, 1)
    assert media.packet_md5(first.path, 2) != media.packet_md5(first.path, 1), "tracks sound different"


@pytest.mark.parametrize("index", [0, 1, 5, 2047, 4095])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le", "yuvj420p", "gray"])
def test_bar_code_is_read_back(index: int, pix_fmt: str) -> None:
    frame = media.picture(index, (160, 96), pix_fmt, full_range=pix_fmt == "yuvj420p")
    assert media.frame_index(media.planes(frame)[0]) == index


def test_pictures_move_and_hashes_tell_them_apart(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", frames=20)
    hashes = media.frame_hashes(clip.path)
    assert len(hashes) == len(set(hashes)) == 20


def test_planes_are_cropped_to_the_picture(tmp_path: Path) -> None:
    shapes = {
        tuple(p.shape for p in planes) for planes in media.decoded_planes(media.odd_size(tmp_path / "a.mkv").path)
    }
    assert shapes == {((121, 161), (61, 81), (61, 81))}


def test_vfr_is_irregular_with_gaps(tmp_path: Path) -> None:
    seconds = media.vfr(tmp_path / "a.mp4").seconds
    gaps = [b - a for a, b in pairwise(seconds)]
    assert len(set(gaps)) > len(gaps) / 2
    assert max(gaps) > 5 * sorted(gaps)[len(gaps) // 2]


def test_b_frames_are_stored_out_of_order_in_closed_gops(tmp_path: Path) -> None:
    path = media.b_frames(tmp_path / "a.mp4").path
    pts = [packet[0] for packet in media.stream_packets(path)[0]]
    assert all(stamp is not None for stamp in pts)
    assert pts != sorted(pts, key=lambda stamp: stamp or 0)
    assert not _leading_pictures(path)


@pytest.mark.parametrize(("codec", "kinds"), [("libx264", {1}), ("libx265", {21})])
def test_open_gop_has_leading_pictures_after_keyframes_that_are_no_idr(
    codec: str, kinds: set[int], tmp_path: Path
) -> None:
    path = media.open_gop(tmp_path / "a.mp4", codec=codec).path
    assert len(_leading_pictures(path)) == 8, "two for each of the four later key frames"
    # NAL unit types: H.264 1 is a slice of a non-IDR picture, HEVC 21 a CRA picture (ITU-T H.264 and H.265, table 7-1).
    assert _keyframe_nal_types(path, codec)[1:] == [kinds] * 4


def _leading_pictures(path: Path) -> list[int]:
    """Stamps of pictures that follow a key packet in the file and precede it on the screen."""
    leading, newest = [], None
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.video[0]):
            if packet.pts is None:
                continue
            if packet.is_keyframe:
                newest = packet.pts
            elif newest is not None and packet.pts < newest:
                leading.append(packet.pts)
    return leading


def _keyframe_nal_types(path: Path, codec: str) -> list[set[int]]:
    """Types of the slice NAL units in each key packet of an MP4 (4-byte lengths)."""
    found = []
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.video[0]):
            if not packet.is_keyframe or not packet.size:
                continue
            content, at, kinds = bytes(packet), 0, set()
            while at < len(content):
                kind = content[at + 4] & 31 if codec == "libx264" else content[at + 4] >> 1 & 63
                if kind <= (5 if codec == "libx264" else 31):
                    kinds.add(kind)
                at += 4 + int.from_bytes(content[at : at + 4], "big")
            found.append(kinds)
    return found


def test_headless_recording_starts_without_a_keyframe(tmp_path: Path) -> None:
    clip = media.missing_first_keyframe(tmp_path / "a.mkv")
    with av.open(str(clip.path)) as source:
        first = next(source.demux(source.streams.video[0]))
        assert not first.is_keyframe
    assert clip.frames == 60
    assert clip.indices[0] == 30


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_tracks_start_apart(suffix: str, tmp_path: Path) -> None:
    assert _audio_lead(media.delayed_video(tmp_path / f"v.{suffix}").path) == pytest.approx(0.5, abs=0.03)
    assert _audio_lead(media.delayed_audio(tmp_path / f"a.{suffix}").path) == pytest.approx(-0.5, abs=0.03)


def _audio_lead(path: Path) -> float:
    """Seconds by which the sound starts before the picture, to within the 21 ms of AAC priming."""
    with av.open(str(path)) as source:
        starts = {s.type: (s.start_time or 0) * (s.time_base or 0) for s in source.streams}
    return float(starts["video"] - starts["audio"])


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("degrees", [90, -90])
def test_rotation_is_read_back(suffix: str, degrees: int, tmp_path: Path) -> None:
    path = media.rotated(tmp_path / f"a.{suffix}", degrees=degrees, frames=3).path
    assert {frame.rotation for frame in media.video_frames(path)} == {degrees}
    assert {frame.rotation for frame in media.video_frames(media.call(path, frames=3).path)} == {0}


@pytest.mark.parametrize(
    ("build", "name", "tags"),
    [
        (media.ten_bit, "a.mp4", "bt2020-pq"),
        (media.hdr10, "a.mkv", "bt2020-pq"),
        (media.full_range, "a.mp4", "bt709-full"),
        (media.bt601, "a.mp4", "bt601"),
    ],
)
def test_colour_tags_and_depth(build: Callable[..., Media], name: str, tags: str, tmp_path: Path) -> None:
    frame = next(media.video_frames(build(tmp_path / name, frames=3).path))
    assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == media.COLORS[tags]
    luma = media.planes(frame)[0]
    formats = {"bt2020-pq": "yuv420p10le", "bt709-full": "yuvj420p"}
    assert frame.format.name == formats.get(tags, "yuv420p")
    assert (luma.max() > 255) == (tags == "bt2020-pq")
    assert (luma.min() < 10) == (tags == "bt709-full"), "full range pictures use the full range"


def test_hdr10_metadata_is_on_the_first_frame(tmp_path: Path) -> None:
    frame = next(media.video_frames(media.hdr10(tmp_path / "a.mp4", frames=3).path))
    kinds = {data.type for data in frame.side_data}  # pyright: ignore[reportAttributeAccessIssue]
    assert {Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL} <= kinds


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_pixel_shape(name: str, tmp_path: Path) -> None:
    with av.open(str(media.anamorphic(tmp_path / name, frames=3).path)) as source:
        assert source.streams.video[0].sample_aspect_ratio == 2


def test_chroma_at_full_resolution_and_interlaced_flags(tmp_path: Path) -> None:
    frame = next(media.video_frames(media.yuv444(tmp_path / "a.mp4", frames=3).path))
    assert frame.format.name == "yuv444p"
    assert not frame.interlaced_frame
    assert next(media.video_frames(media.interlaced(tmp_path / "b.mp4", frames=3).path)).interlaced_frame


@pytest.mark.parametrize("name", ["a.ts", "a.h264"])
@pytest.mark.parametrize("packets", [1, 2])
def test_field_coded_pictures_come_as_two_packets(packets: int, name: str, tmp_path: Path) -> None:
    path = media_fields.field_coded(tmp_path / name, frames=12, packets=packets).path
    times = [packet[0] for packet in media.stream_packets(path)[0]]
    assert len(times) == 24
    assert times.count(None) == (24 if name == "a.h264" else 12 if packets == 1 else 0)
    frames = list(media.video_frames(path))
    assert len(frames) == 12
    assert all(frame.interlaced_frame for frame in frames)
    made = [media.planes(media.picture(number, (160, 96), "yuv420p")) for number in range(12)]
    for frame, wanted in zip(frames, made, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(media.planes(frame), wanted, strict=True)), "bit for bit"


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_a_recording_turns_interlaced(codec: str, tmp_path: Path) -> None:
    path = media_fields.turns_interlaced(tmp_path / "a.ts", codec=codec, size=(160, 96)).path
    assert [frame.interlaced_frame for frame in media.video_frames(path)] == [False] * 30 + [True] * 30


def test_a_clock_steps_back_amid_a_gop(tmp_path: Path) -> None:
    clip = media_fields.clock_steps_back(tmp_path / "a.ts", frames=60, gop=10, size=(160, 96))
    assert media.frame_indices(clip.path) == list(clip.indices)
    times = media.video_pts(clip.path)
    assert [number for number, (a, b) in enumerate(pairwise(times)) if b <= a] == [32]
    assert times[28] < times[33] < times[29]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_many_streams(suffix: str, tmp_path: Path) -> None:
    path = media.many_streams(tmp_path / f"a.{suffix}").path
    with av.open(str(path)) as source:
        streams = source.streams
        assert [s.language for s in streams.audio] == ["eng", "ger", "fra"]
        assert [bool(s.disposition & Disposition.default) for s in streams.audio] == [False, True, False]
        assert len(streams.subtitles) == 2
        covers = [s for s in streams.video if s.disposition & Disposition.attached_pic]
        assert len(covers) == (0 if suffix == "mov" else 1)
        assert [chapter["metadata"]["title"] for chapter in source.chapters()] == ["Part 1", "Part 2", "Part 3"]
        tags = {key.lower(): value for key, value in source.metadata.items()}
        assert (tags["title"], tags["comment"]) == ("Weekly call", "made by a test")
        if suffix == "mkv":
            assert [(a.name, a.data) for a in streams.attachments] == [("notes.txt", b"agenda: sharpen everything\n")]
        else:
            assert len(streams.data) >= 1
        captions = [s.index for s in streams.subtitles]
        assert streams.subtitles[0].codec_context.name == ("srt" if suffix == "mkv" else "mov_text")
    texts = [b"caption 0 of track 0", b"caption 1 of track 0"]
    payloads = [bytes(p) for p in _subtitle_packets(path, captions[0])]
    assert [text for text, payload in zip(texts, payloads, strict=True) if text in payload] == texts


def _subtitle_packets(path: Path, index: int) -> list[av.Packet]:
    """Packets with text in them (MP4 fills the pauses with empty ones, which are 2 bytes long)."""
    with av.open(str(path)) as source:
        return [p for p in source.demux() if p.stream_index == index and p.size > 2]


def test_data_track_in_a_transport_stream(tmp_path: Path) -> None:
    with av.open(str(media.call(tmp_path / "a.ts", data=True).path)) as source:
        (track,) = source.streams.data
        index = track.index
    assert [size for _, _, _, size, _ in media.stream_packets(tmp_path / "a.ts")[index]] == [16, 16, 16]


def test_resolution_changes_half_way(tmp_path: Path) -> None:
    path = media.resolution_change(tmp_path / "a.ts").path
    shapes = [planes[0].shape for planes in media.decoded_planes(path)]
    assert shapes == [(96, 160)] * 30 + [(192, 320)] * 30
    clocks = [pts for pts, *_ in media.stream_packets(path)[1]]
    assert all(a < b for a, b in pairwise([c for c in clocks if c is not None])), "the sound goes on, too"


@pytest.mark.parametrize("name", ["a.m4a", "a.mkv", "a.webm"])
def test_audio_only(name: str, tmp_path: Path) -> None:
    clip = media.audio_only(tmp_path / name)
    with av.open(str(clip.path)) as source:
        assert not source.streams.video
        assert sum(frame.samples for frame in source.decode(audio=0)) >= 48000
    assert clip.frames == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_damaged_packets(suffix: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / f"a.{suffix}", frames=60, gop=20)
    before = media.stream_packets(clip.path)
    media.flip_packet_bytes(clip.path, 25)
    after = media.stream_packets(clip.path)
    assert [a[4] == b[4] for a, b in zip(before[0], after[0], strict=True)].count(False) == 1
    assert media.packet_md5(clip.path, 1) == _md5_of(tmp_path / f"b.{suffix}")
    frames = list(media.video_frames(clip.path))
    assert len(frames) == 60
    assert [i for i, frame in enumerate(frames) if frame.is_corrupt] == [25], "concealed, and said so"

    clip = media.call(clip.path, frames=60, gop=20)
    media.flip_packet_bytes(clip.path, 25, share=1)
    assert media.frame_indices(clip.path, strict=False) == [i for i in range(60) if i != 25]
    if suffix != "ts":  # the parser of a transport stream drops such a packet before a decoder sees it
        with pytest.raises(InvalidDataError):
            media.frame_indices(clip.path)


def _md5_of(path: Path) -> str:
    """MD5 of the sound of the undamaged twin."""
    return media.packet_md5(media.call(path, frames=60, gop=20).path, 1)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("bframes", [0, 2])
def test_dropped_packet(suffix: str, bframes: int, tmp_path: Path) -> None:
    clip = media.call(tmp_path / f"a.{suffix}", frames=60, gop=20, bframes=bframes)
    lost = media.stream_packets(clip.path)[0][25][0]
    media.drop_packet(clip.path, 25)
    assert len(media.stream_packets(clip.path)[0]) == 59
    assert lost is not None
    kept = [stamp for stamp in clip.seconds if stamp != lost * clip.time_base]
    assert media.video_pts(clip.path) == kept, "the others keep their times"
    if not bframes:  # B pictures around a lost one show parts of another, bar code included
        assert media.frame_indices(clip.path) == [i for i in range(60) if i != 25]


@pytest.mark.parametrize(
    ("name", "options"), [("a.mp4", "faststart"), ("a.mp4", "fragmented"), ("a.mkv", ""), ("a.ts", "")]
)
def test_truncated_recordings_still_decode_in_part(name: str, options: str, tmp_path: Path) -> None:
    layout = {"faststart": media.FASTSTART, "fragmented": media.FRAGMENTED}.get(options)
    clip = media.call(tmp_path / name, mux_options=layout)
    media.truncate(clip.path, 0.6)
    found = media.frame_indices(clip.path, strict=False)
    assert found == list(range(len(found)))
    assert 20 < len(found) < 80


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    damage: list[Callable[[Path], None]] = [media.drop_moov, media.empty_file, media.text_file]
    for spoil in [*damage, lambda path: media.truncate(path, 0.5)]:
        media.call(path, frames=5)
        spoil(path)
        with pytest.raises(InvalidDataError):
            av.open(str(path))


def test_shared_data_is_a_folder_or_nothing() -> None:
    folder = media.shared_data()
    if folder is None:
        pytest.skip("no folder of real recordings next to this repository")
    assert (folder / "MANIFEST.md").is_file()


def test_still_texture_has_detail_to_lose() -> None:
    luma = media.planes(media.picture(0, (320, 180), "yuv420p"))[0].astype(np.float64)
    assert np.abs(np.diff(luma, axis=1)).mean() > 2, "a sharpener needs something to work on"
