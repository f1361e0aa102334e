"""Every kind of recording that the media matrix tries, how it is written, and what must come out of it.

The tables of `docs/media.md` are made from this: `.venv/bin/python -m tests.support.media_kinds` writes them again.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from vidsharp.pipeline.encoder import EncoderChoice

from tests.support import marked_sections as sections
from tests.support import media, media_fields, media_hdr10plus, media_hevc_layers, media_siting, media_sizes
from tests.support.media import Media
from tests.support.whole_way import FFV1, LOSSLESS, QUICK

OWN = EncoderChoice()
"""The encoder of the source's codec at its default quality: pictures are known by their bar codes."""

X265 = EncoderChoice("libx265", preset="ultrafast", options={"x265-params": "lossless=1"})
VP9 = EncoderChoice("libvpx-vp9", crf=0, options={"lossless": "1"})
EXACT = (LOSSLESS, FFV1, X265, VP9)
"""Encoders that give pictures back bit for bit."""


@dataclass(frozen=True)
class Kind:
    """One kind of recording, in one or more containers: a row of the document."""

    source: str
    """What is in it."""
    files: tuple[str, ...]
    """One test each; the suffix picks the container."""
    build: Callable[..., Media]
    more: Mapping[str, Any] = field(default_factory=dict)
    encoder: EncoderChoice = LOSSLESS
    out: str = "the same"
    """What comes out, for people."""
    muxer: str | None = None
    """Where it is another than the source's own."""
    lost: int = 0
    """Pictures that are announced and do not decode."""
    note: str = ""
    """What the user is told of it, where it comes out."""
    refused: str = ""
    """Of the sentence that says why nothing comes out."""

    def write(self, path: Path) -> Media:
        """Writes one of `files`: small, and of three GOPs where nothing else is asked for."""
        return self.build(path, **{"size": (160, 96), "frames": 60, "gop": 20, **self.more})


# --- Recordings that need more than one call of the writer ------------------------------------------------------------


def one_frame(path: Path, **more: Any) -> Media:
    return media.call(path, **{**more, "frames": 1})


def merged(path: Path, parts: Sequence[Mapping[str, Any]], **more: Any) -> Media:
    """The tracks of several clips in one file; facts are the first one's."""
    made = [media.call(path.with_name(f"{n}-{path.name}"), **{**more, **part}) for n, part in enumerate(parts)]
    sources = [av.open(str(clip.path)) for clip in made]
    with av.open(str(path), "w") as out:
        copies = [
            {stream.index: out.add_stream_from_template(stream) for stream in source.streams} for source in sources
        ]
        packets = []
        for source, copy in zip(sources, copies, strict=True):
            for packet in source.demux():
                if packet.size:
                    packet.stream = copy[packet.stream_index]
                    packets.append(packet)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    for source, clip in zip(sources, made, strict=True):
        source.close()
        clip.path.unlink()
    return replace(made[0], path=path)


def trimmed(path: Path, *, cut: int = 7, **more: Any) -> Media:
    """An MP4 whose edit list begins `cut` pictures in, as a phone's trimming writes it: nothing before it is shown."""
    clip = media.call(path, **more)
    content = bytearray(path.read_bytes())
    at = content.index(b"elst") + 4  # version and flags, count, then duration and time of the first edit
    (entries, duration, begin) = struct.unpack_from(">IIi", content, at + 4)
    assert entries == 1, "the first track is the picture's, and is shown from its beginning"
    step = round(1 / (more.get("fps", 30) * clip.time_base))
    scale = struct.unpack_from(">I", content, content.index(b"mvhd") + 16)[0]
    struct.pack_into(">Ii", content, at + 8, duration - round(cut * scale / more.get("fps", 30)), begin + cut * step)
    path.write_bytes(content)
    return replace(clip, frames=clip.frames - cut, pts=clip.pts[: clip.frames - cut], indices=clip.indices[cut:])


def captioned(path: Path, **more: Any) -> Media:
    """H.264 with CEA-708 captions inside the pictures (ATSC A/53 part 4), as a television recorder leaves them."""
    clip = media.call(path, **more)
    captions = bytes.fromhex("b50031") + b"GA94" + bytes.fromhex("03c1fffc9420ff")
    message = bytes([4, len(captions)]) + captions + b"\x80"

    def insert(_: int, payload: bytes) -> bytes:
        nal = b"\x06" + message
        return struct.pack(">I", len(nal)) + nal + payload

    media._rewrite(path, insert)
    return clip


def wrapped_clock(path: Path, **more: Any) -> Media:
    """A transport stream whose 33-bit clock starts again from 0 in the middle (it does so every 26.5 hours)."""
    start = Fraction(2**33, 90000) - media.TS_START - 1
    return media.call(path, start=start, audio_start=start, **more)


def grows(path: Path, **_: Any) -> Media:
    return media.resolution_change(path)


def rgb(path: Path, *, size: tuple[int, int], **_: Any) -> Media:
    """RGB as screen recorders write it losslessly."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264rgb", rate=30, width=size[0], height=size[1], pix_fmt="rgb24")
        for frame in [media.picture(0, size, "yuv420p").reformat(format="rgb24", threads=1), None]:
            out.mux(stream.encode(frame))
    return Media(path, 1, (0,), Fraction(1, 1000), (0,), size)


def sound(path: Path, **_: Any) -> Media:
    return media.audio_only(path)


def damaged(harm: Callable[[Path], None]) -> Callable[..., Media]:
    """Writes a clip, and does `harm` to it."""

    def write(path: Path, **more: Any) -> Media:
        clip = media.call(path, **more)
        harm(path)
        return clip

    return write


# --- The tables -------------------------------------------------------------------------------------------------------

AT_ITS_RATE, AT_25, AS_MKV = "as .mkv, at its header's rate", "as .mkv, at 25 per second", "as .mkv"


def _raw(source: str, files: tuple[str, ...], out: str = AT_ITS_RATE, **more: Any) -> Kind:
    """A stream without a container, or in one that is only read."""
    return Kind(source, files, media.call, {"audio": 0, **more}, OWN, out=out, muxer="matroska")


FIELDS = "the same, kept as fields: each is sharpened on its own"
MIXED = "the same, all marked as fields, which is said; interlaced pictures are sharpened field by field"
AMID_FIELDS = "pictures are progressive, and are marked as interlaced: the encoder marks whole streams"
PART = "the pictures that decode, in their places; the rest is counted as `frames_lost`"
ONE_SIZE = "all pictures, in the largest size; what was enlarged is said"
ONE_FORMAT = "all pictures, in the format that holds them all; what was converted is said"
ENLARGED = "25 pictures of 320×180 were enlarged to 640×360"
FIRST_VIDEO = "the first sharpened, the second copied"
TRANSPARENT = "the same but for transparency, which is said; VP9 to H.264: as .mkv"
BFF = {"options": {"x264-params": "bff=1"}}
TWO_TRACKS = {"audio": 2, "languages": ("eng", "ger")}
TWO_VIDEOS = ({}, {"size": (96, 64), "first_index": 500})


def _files(stem: str, suffixes: str) -> tuple[str, ...]:
    return tuple(f"{stem}.{suffix}" for suffix in suffixes.split())


TIME = (
    Kind("constant rate", _files("plain", "mp4 mov m4v mkv ts"), media.call),
    Kind("29.97 pictures per second", _files("ntsc", "mp4 mkv ts"), media.call, {"fps": Fraction(30000, 1001)}),
    Kind("variable rate with gaps of up to 0.7 s, as calls have", _files("vfr", "mp4 mov mkv ts"), media.vfr),
    Kind("variable rate and B pictures", _files("vfr-b", "mp4 mkv ts"), media.vfr, {"bframes": 2}),
    Kind(
        "variable rate and B pictures, into another container",
        ("vfr-to-mkv.mov",),
        media.vfr,
        {"bframes": 2},
        FFV1,
        muxer="matroska",
    ),
    Kind("B pictures", _files("b", "mp4 mkv ts"), media.b_frames),
    Kind("open GOPs, H.264", _files("open", "mp4 mkv ts"), media.open_gop, {"gop": 21}),
    Kind("open GOPs, HEVC (CRA)", _files("cra", "mp4 mkv ts"), media.open_gop, {"codec": "libx265", "gop": 21}, X265),
    Kind("one keyframe", _files("single", "mp4 mkv ts"), media.b_frames, {"gop": 1000}),
    Kind(
        "one keyframe and a variable rate, as browsers record, VP8",
        ("single-vp8.webm",),
        media.vfr,
        {"codec": "libvpx", "gop": 1000},
        OWN,
    ),
    Kind("first picture not at zero", _files("late", "mp4 mkv ts"), media.late_start, {"bframes": 2}),
    Kind("sound begins before the picture", _files("late-video", "mp4 mkv ts"), media.delayed_video),
    Kind("sound begins after the picture", _files("late-audio", "mp4 mkv ts"), media.delayed_audio),
    Kind("sound ends long before the picture", ("short-audio.mp4",), media.call, {"audio_seconds": 0.5}),
    Kind("sound goes on long after the picture", ("long-audio.mkv",), media.call, {"audio_seconds": 4}),
    Kind("edit list that cuts the beginning away", _files("trimmed", "mp4 mov"), trimmed, out="the pictures it shows"),
    Kind(
        "edit list that cuts into B pictures", ("trimmed-b.mp4",), trimmed, {"bframes": 2}, out="the pictures it shows"
    ),
    Kind("33-bit clock that starts again from zero", ("wrap.ts",), wrapped_clock),
    Kind("one picture", _files("one", "mp4 mkv ts avi"), one_frame),
    Kind("fragmented MP4", ("fragmented.mp4",), media.call, {"mux_options": media.FRAGMENTED}),
    Kind(
        "no keyframe at the beginning",
        _files("headless", "mp4 mkv ts"),
        media.missing_first_keyframe,
        lost=19,
        out="what decodes, in its place; the rest is counted as `frames_lost`",
    ),
)

PICTURES = (
    Kind("rotated by a display matrix", _files("rotated", "mp4 mov mkv"), media.rotated),
    Kind("turned upside down", ("rotated-180.mp4",), media.rotated, {"degrees": 180}),
    Kind("portrait", ("portrait.mp4",), media.call, {"size": (96, 160)}),
    Kind("4K", ("4k.mp4",), media.call, {"size": (3840, 2160), "frames": 3}),
    Kind("odd width and height, 4:2:0", _files("odd", "webm mkv"), media.odd_size, {"size": (161, 121)}, VP9),
    Kind("odd width and height, 4:4:4", ("odd-444.mp4",), media.yuv444, {"size": (161, 121)}),
    Kind("pixels that are not square", _files("sar", "mp4 mov mkv ts"), media.anamorphic, {"size": (80, 96)}),
    Kind("4:2:2", ("422.mp4",), media.call, {"pix_fmt": "yuv422p"}),
    Kind("4:4:4", _files("444", "mp4 mkv"), media.yuv444),
    Kind("grey", ("grey.mkv",), media.call, {"pix_fmt": "gray"}),
    Kind("4:2:0, 10 bit, H.264 to HEVC", _files("420-10", "mp4 mkv"), media.call, {"pix_fmt": "yuv420p10le"}, X265),
    Kind("4:2:2, 10 bit, H.264 to HEVC", _files("422-10", "mp4 mkv"), media.call, {"pix_fmt": "yuv422p10le"}, X265),
    Kind("4:4:4, 10 bit, H.264 to HEVC", ("444-10.mkv",), media.call, {"pix_fmt": "yuv444p10le"}, X265),
    Kind("4:2:0, 12 bit", ("420-12.mkv",), media.call, {"pix_fmt": "yuv420p12le", "codec": "libx265"}, X265),
    Kind("full range", _files("full", "mp4 mkv ts"), media.full_range),
    Kind("full range, 4:2:2", ("full-422.mkv",), media.full_range, {"pix_fmt": "yuvj422p"}),
    Kind("BT.601", _files("bt601", "mp4 mkv ts"), media.bt601),
    Kind("BT.709", _files("bt709", "mp4 mkv ts"), media.call, {"color": "bt709"}),
    Kind("BT.2020 with the PQ curve, H.264 to HEVC", _files("bt2020", "mp4 mkv ts"), media.ten_bit, {}, X265),
    Kind("HLG", _files("hlg", "mp4 mkv ts"), media.ten_bit, {"codec": "libx265", "color": "bt2020-hlg"}, X265),
    Kind("HDR10: mastering display and light level", _files("hdr10", "mp4 mkv ts"), media.hdr10, {}, X265),
    Kind(
        "HDR10, to an encoder that cannot write it",
        ("hdr10-ffv1.mkv",),
        media.hdr10,
        {},
        FFV1,
        out="the same but for HDR10 metadata, which is said",
        note="HDR10 metadata left out: the encoder cannot write it",
    ),
    Kind(
        "HDR10+: a message beside each picture", _files("hdr10plus", "mp4 mkv ts"), media_hdr10plus.hdr10_plus, {}, X265
    ),
    Kind(
        "HDR10+, to another codec",
        ("hdr10plus-1.mkv",),
        media_hdr10plus.hdr10_plus,
        {},
        EncoderChoice("libsvtav1"),
        out="the same but for HDR10+ metadata, which is said",
        note="HDR10+ metadata left out: the encoder cannot write it",
    ),
    Kind(
        "HEVC with transparency in a second layer",
        _files("alpha", "mkv ts"),
        media_hevc_layers.layered,
        {"kind": media_hevc_layers.AUXILIARY},
        X265,
        out="the same but for transparency, which is said",
        note="its transparency is left out: only the first layer of HEVC is decoded",
    ),
    Kind(
        "HEVC with a second view (MV-HEVC)",
        ("views.mkv",),
        media_hevc_layers.layered,
        {"kind": media_hevc_layers.VIEW},
        X265,
        out="the first view; that the second is left out is said",
        note="its second view is left out: only the first layer of HEVC is decoded",
    ),
    Kind("chroma on the top left luma samples", _files("topleft", "mp4 mkv ts"), media_siting.sited),
    Kind("interlaced, top field first", _files("tff", "mp4 mkv ts"), media.interlaced, out=FIELDS),
    Kind("interlaced, bottom field first", _files("bff", "mp4 mkv ts"), media.interlaced, BFF, out=FIELDS),
    Kind(
        "interlaced, to an encoder without fields",
        _files("unmarked", "mp4 mkv"),
        media.interlaced,
        {},
        X265,
        out="the same lines, no longer marked as fields, which is said",
        note="its fields are kept, but not marked as fields: the encoder cannot say so",
    ),
    Kind("field by field (PAFF)", _files("paff", "ts mp4 mkv"), media_fields.field_coded, out=FIELDS),
    Kind(
        "field by field, a packet for each field",
        _files("paff-2", "ts mkv"),
        media_fields.field_coded,
        {"packets": 2},
        out=FIELDS,
    ),
    Kind(
        "field by field and frame by frame, as each picture is coded best",
        _files("paff-adaptive", "ts mp4"),
        media_fields.field_coded,
        {"adaptive": True},
        out=MIXED,
        note=f"20 of 60 {AMID_FIELDS}",
    ),
    Kind(
        "progressive, then interlaced, H.264",
        ("turns.ts",),
        media_fields.turns_interlaced,
        out=MIXED,
        note=f"30 of 60 {AMID_FIELDS}",
    ),
    Kind(
        "progressive, then interlaced, MPEG-2",
        ("turns-mpeg2.ts",),
        media_fields.turns_interlaced,
        {"codec": "mpeg2video"},
        out=MIXED,
        note=f"30 of 60 {AMID_FIELDS}",
    ),
    Kind(
        "grows in mid-stream, as calls do",
        ("grows.ts",),
        grows,
        {},
        QUICK,
        out=ONE_SIZE,
        note="30 pictures of 160×96 were enlarged to 320×192",
    ),
    Kind(
        "begins small under a large header, as browsers record calls, VP8",
        ("ramp.webm",),
        media_sizes.ramp,
        {},
        OWN,
        out=ONE_SIZE,
        note=ENLARGED,
    ),
    Kind(
        "the same, H.264",
        _files("ramp", "mp4 mkv ts"),
        media_sizes.ramp,
        {"codec": "libx264"},
        OWN,
        out=ONE_SIZE,
        note=ENLARGED,
    ),
    Kind(
        "the same, HEVC", ("ramp-hevc.mp4",), media_sizes.ramp, {"codec": "libx265"}, OWN, out=ONE_SIZE, note=ENLARGED
    ),
    Kind(
        "from 8 to 10 bits in mid-stream, HEVC",
        _files("deeper", "mkv ts"),
        media_sizes.deeper,
        {"codec": "libx265"},
        OWN,
        out=ONE_FORMAT,
        note="25 pictures in yuv420p were converted to yuv420p10le",
    ),
    Kind(
        "from 4:2:0 to 4:4:4 in mid-stream",
        _files("richer", "mkv ts"),
        media_sizes.richer,
        {},
        OWN,
        out=ONE_FORMAT,
        note="25 pictures in yuv420p were converted to yuv444p",
    ),
    Kind("CEA-708 captions inside H.264", _files("a53", "mp4 mkv"), captioned),
)

CODECS = (
    Kind("H.264", _files("h264", "mp4 mov 3gp mkv avi flv ts"), media.call, {}, OWN),
    Kind("H.264 with B pictures where only decode times are stored", ("h264-b.avi",), media.b_frames, {}, OWN),
    Kind("H.264 with B pictures", ("h264-b.flv",), media.b_frames, {}, OWN),
    _raw("H.264 without a container", ("raw.h264", "raw.264")),
    _raw("the same with B pictures", ("raw-b.h264",), bframes=2),
    _raw("HEVC without a container", ("raw.hevc", "raw.h265"), codec="libx265"),
    _raw("the same with B pictures", ("raw-b.hevc", "raw-b.265"), codec="libx265", bframes=2),
    _raw("MPEG-2 without a container", ("raw.m2v",), codec="mpeg2video"),
    _raw("the same with B pictures", ("raw-b.m2v",), codec="mpeg2video", bframes=2),
    _raw("AV1 without a container", ("raw.obu",), AT_25, codec="libsvtav1"),
    _raw("VP8 in IVF", ("vp8.ivf",), AS_MKV, codec="libvpx"),
    _raw("VP9 in IVF", ("vp9.ivf",), AS_MKV, codec="libvpx-vp9"),
    _raw("AV1 in IVF", ("av1.ivf",), AS_MKV, codec="libsvtav1"),
    Kind("HEVC", _files("hevc", "mp4 mov mkv ts"), media.b_frames, {"codec": "libx265"}, OWN),
    Kind("VP8", _files("vp8", "webm mkv avi"), media.call, {"codec": "libvpx"}, OWN),
    Kind("VP9", _files("vp9", "webm mkv mp4"), media.call, {"codec": "libvpx-vp9"}, OWN),
    Kind("AV1", _files("av1", "mp4 mkv webm"), media.av1, {}, OWN),
    Kind("MPEG-4 Part 2", _files("part2", "mp4 mov mkv avi ts"), media.call, {"codec": "mpeg4"}, OWN),
    Kind("MPEG-4 Part 2 with B pictures", _files("part2-b", "mp4 mkv avi ts"), media.b_frames, {"codec": "mpeg4"}, OWN),
    Kind("MPEG-2", _files("mpeg2", "ts mpg mkv"), media.b_frames, {"codec": "mpeg2video"}, OWN),
    Kind("MPEG-1", ("mpeg1.mpg",), media.call, {"codec": "mpeg1video", "audio": 0}, OWN),
    Kind("MJPEG", _files("mjpeg", "mp4 mov mkv avi"), media.call, {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, OWN),
    Kind("ProRes", ("prores.mov",), media.call, {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}, OWN),
    Kind("FFV1", ("ffv1.mkv",), media.call, {"codec": "ffv1"}, FFV1),
    Kind("HuffYUV", ("huffyuv.avi",), media.call, {"codec": "huffyuv", "pix_fmt": "yuv422p"}, out="as H.264"),
    Kind("uncompressed", ("raw.avi",), media.call, {"codec": "rawvideo"}, out="as H.264"),
    Kind("VP8, to H.264", ("vp8-to-h264.webm",), media.webm, {}, muxer="matroska"),
    Kind("H.264, to FFV1", ("h264-to-ffv1.mp4",), media.call, {}, FFV1),
    Kind(
        "H.264, to FFV1",
        ("h264-to-ffv1.mov",),
        media.many_streams,
        {"timecode": None, "subtitles": 0},
        FFV1,
        muxer="matroska",
    ),
)

STREAMS = (
    Kind("no sound", _files("silent", "mp4 mkv"), media.call, {"audio": 0}),
    Kind("Opus", _files("opus", "mkv mp4 ts"), media.call, {"audio_codec": "libopus"}),
    Kind("PCM", _files("pcm", "mov mkv avi"), media.call, {"audio_codec": "pcm_s16le"}),
    Kind("FLAC", _files("flac", "mkv mp4"), media.call, {"audio_codec": "flac"}),
    Kind("MP3", _files("mp3", "mp4 mkv avi ts"), media.call, {"audio_codec": "libmp3lame"}),
    Kind("AC-3", _files("ac3", "mp4 mkv ts"), media.call, {"audio_codec": "ac3"}),
    Kind("two sound tracks with languages", _files("two-tracks", "mkv ts avi"), media.call, TWO_TRACKS),
    Kind(
        "three sound tracks, two of captions, chapters, tags, dispositions; cover art (not MOV), time code (not MKV), "
        "attachment (MKV)",
        _files("many", "mp4 mov mkv"),
        media.many_streams,
    ),
    Kind("WebVTT captions", ("captions.webm",), media.webm, {"subtitles": 1, "codec": "libvpx-vp9"}, VP9),
    Kind("data track (KLV)", ("data.ts",), media.call, {"data": True}),
    Kind("two video tracks", _files("two-videos", "mp4 mkv ts"), merged, {"parts": TWO_VIDEOS}, out=FIRST_VIDEO),
    Kind(
        "two video tracks in two codecs",
        ("two-codecs.mkv",),
        merged,
        {"parts": [{}, {"size": (96, 64), "codec": "libx265", "audio": 0}]},
        out=FIRST_VIDEO,
    ),
)

REFUSED = (
    Kind(
        "RGB pictures",
        ("rgb.mkv",),
        rgb,
        refused="only planar YUV and grey can be sharpened",
    ),
    Kind("sound only", ("sound.m4a",), sound, refused="has no video to sharpen"),
    Kind("an empty file", ("empty.mp4",), damaged(media.empty_file), refused="is empty"),
    Kind("a text under a video's name", ("text.mp4",), damaged(media.text_file), refused="is not a recording"),
    Kind("MP4 without its index", ("moovless.mp4",), damaged(media.drop_moov), refused="its index"),
)

GROUPS = {"time": TIME, "pictures": PICTURES, "codecs": CODECS, "streams": STREAMS, "refused": REFUSED}


@dataclass(frozen=True)
class RealClip:
    """A recording of the shared data: what is odd about it, and what comes of it."""

    name: str
    source: str
    out: str = "the same"
    refused: str = ""
    note: str = ""
    encoder: EncoderChoice = QUICK
    times_known: bool = True


REAL = (
    RealClip("100_0306.AVI", "camera: MJPEG 4:2:2 full range, PCM"),
    RealClip(
        "Error_I_P.264",
        "H.264 without a container, slices lost, grows in mid-stream",
        f"as .mkv, {ONE_SIZE}",
        note="4 pictures of 352×288 were enlarged to 640×480, between bars",
        times_known=False,
    ),
    RealClip("av1_video.mkv", "AV1"),
    RealClip("awesome movie.mov", "webcam, variable rate, a blank in its name"),
    RealClip("bear-vp9-odd-dimensions.webm", "VP9 of 161x121", encoder=OWN),
    RealClip("broken.mp4", "no index", refused="is not a recording that can be opened"),
    RealClip("bt601-525_480_telecined_hard.mkv", "MPEG-2, interlaced, pixels not square", FIELDS),
    RealClip("chrome57.webm", "browser's recorder: no duration, no index, VP8 at a variable rate, Opus", "as .mkv"),
    RealClip("corrupted.mp4", "picture data damaged", PART),
    RealClip("cursed-vfr.mp4", "screen recording, gaps of 5 to 1570 ms"),
    RealClip("delayed_start.mp4", "first picture at 1.075 s"),
    RealClip(
        "dolbyVision-hdr.MOV",
        "phone: Dolby Vision 8.4, HLG, 10 bit, rotated, data tracks",
        "the same but for Dolby Vision's own data, which is said: HLG",
    ),
    RealClip("edts.mp4", "edit list"),
    RealClip("face_noface.mov", "phone: HEVC, variable rate, sound first"),
    RealClip("fire2.mp4", "phone: upside down, variable rate"),
    RealClip("ftyp3gp5.mp4", "phone: brand 3gp5, rotated"),
    RealClip("h264-mjpeg.mp4", "cover art"),
    RealClip("mov_text.mp4", "captions"),
    RealClip("multiple-aac-tracks.mp4", "sound only", refused="no video to sharpen"),
    RealClip("one_pixel.mp4", "1x1, one picture per second, 4:4:4"),
    RealClip("sample_audio_only.mp4", "sound only", refused="no video to sharpen"),
    RealClip(
        "sample_empty_track.mp4",
        "a second video track that is empty",
        "the same without that track, which is said",
        note="stream 1 (video) left out: it is empty",
    ),
    RealClip("sample_fragmented.mp4", "fragmented, absurd duration in its header"),
    RealClip("sample_qt.mp4", "cut off: 596 s announced, a moment there", refused="none of its pictures decodes"),
    RealClip("sample_rotate_and_reflect.mp4", "rotated and mirrored"),
    RealClip("sample_with_ass_subtitles.mkv", "ASS captions, AC-3"),
    RealClip("sample_with_invalid_nalu.mp4", "an invalid NAL unit", PART),
    RealClip("sar_2x1.mp4", "pixels twice as wide as high"),
    RealClip("short-cenc.mp4", "encrypted", refused="it is encrypted"),
    RealClip("sideways movie.mov", "phone: rotated, variable rate"),
    RealClip("te[s]t_ video ' _ .flv", "FLV, brackets and a quote in its name"),
    RealClip("testsrc_with_attachment.mkv", "attachment"),
    RealClip("transparent.webm", "VP9 with transparency", TRANSPARENT),
    RealClip("vonly.mov", "slides at two pictures per second"),
    RealClip("with-gps.mov", "phone: rotated, data tracks, place in the tags"),
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "media.md"


def filled_in(text: str) -> str:
    """The document with its tables made again."""
    rows = {name: [_row(kind) for kind in kinds] for name, kinds in GROUPS.items()}
    rows["real"] = [_real_row(clip) for clip in REAL]
    head = ["| input | what comes out | test |", "|---|---|---|"]
    return sections.filled_in(text, {name: "\n".join([*head, *lines, ""]) for name, lines in rows.items()})


def _row(kind: Kind) -> str:
    suffixes = ", ".join(dict.fromkeys(Path(name).suffix for name in kind.files))
    out = (
        f"fails: “… {kind.refused} …”"
        if kind.refused
        else "as .mkv"
        if kind.muxer and kind.out == "the same"
        else kind.out
    )
    return f"| {kind.source} ({suffixes}) | {out} | {', '.join(f'`{name}`' for name in kind.files)} |"


def _real_row(clip: RealClip) -> str:
    out = f"fails: “… {clip.refused} …”" if clip.refused else clip.out
    return f"| {clip.source} | {out} | `{clip.name}` |"


if __name__ == "__main__":
    DOCUMENT.write_text(filled_in(DOCUMENT.read_text()))
