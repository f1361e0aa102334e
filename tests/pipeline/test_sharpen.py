"""What the student may change, and what must stay as it was decoded, sample for sample."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from torch import nn
from vidsharp.models.enhance import Enhancer
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.catalogue import student_of
from vidsharp.models.nets.protocol import Domain
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence.session import Session
from vidsharp.pipeline.decode import decode_packets
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.overlap import Stopwatch
from vidsharp.pipeline.probe import ClipInfo, Colour, probe
from vidsharp.pipeline.sharpen import check_pixel_format, has_chroma, is_planar_yuv, plane_arrays, plane_format
from vidsharp.pipeline.sharpen_all import sharpen_all

from tests.support import media
from tests.support.whole_way import stub

EIGHT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
TEN = replace(EIGHT, bit_depth=10)


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    return probe(media.call(tmp_path_factory.mktemp("clip") / "a.mp4", frames=2, size=(160, 96)).path)


@pytest.fixture(scope="module")
def fast() -> Enhancer:
    """The `fast` student's network with weights that do something, whatever its training made of it."""
    torch.manual_seed(0)
    net = BlendStudent()
    for weight in net.parameters():
        nn.init.normal_(weight, std=0.05)
    return Enhancer(student_of("fast", net), threads=1)


def sharpen(frame: VideoFrame, student: Enhancer | Session, fmt: PlaneFormat) -> VideoFrame:
    session = student if isinstance(student, Session) else Session(student)
    (sharpened,) = sharpen_all([frame], session, fmt, Stopwatch())
    return sharpened


def _frame(pix_fmt: str = "yuv420p", size: tuple[int, int] = (160, 96)) -> VideoFrame:
    return media.picture(5, size, pix_fmt)


def _fmt(pix_fmt: str) -> PlaneFormat:
    return replace(EIGHT, bit_depth=VideoFormat(pix_fmt).components[0].bits)


FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "gray", "gray10le"]


@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_strength_zero_leaves_every_sample(pix_fmt: str) -> None:
    frame = _frame(pix_fmt)
    before = media.planes(frame)
    same = sharpen(frame, stub(0), _fmt(pix_fmt))
    assert same is frame
    assert all(np.array_equal(a, b) for a, b in zip(before, media.planes(same), strict=True))


@pytest.mark.parametrize("size", [(160, 96), (161, 121), (33, 1), (1, 1), (2, 3)])
@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_a_luma_student_changes_luma_alone(pix_fmt: str, size: tuple[int, int]) -> None:
    frame = _frame(pix_fmt, size)
    before = media.planes(frame)
    after = media.planes(sharpen(frame, stub(), _fmt(pix_fmt)))
    peak = 2 ** _fmt(pix_fmt).bit_depth - 1
    luma = before[0].astype(int)
    above = np.concatenate([luma[:1], luma[:-1]])
    expected = np.floor(peak - (luma + above) / 2 + 0.5)
    # Rounding happens in float32, so a half may fall to either side.
    assert np.abs(after[0] - expected).max() <= 1
    assert after[0].dtype == before[0].dtype
    assert all(np.array_equal(a, b) for a, b in zip(before[1:], after[1:], strict=True))


@pytest.mark.parametrize(("pix_fmt", "fmt"), [("yuv420p", EIGHT), ("yuv420p10le", TEN)])
def test_a_real_student_moves_luma_and_keeps_chroma(pix_fmt: str, fmt: PlaneFormat, fast: Enhancer) -> None:
    frame = _frame(pix_fmt, (161, 97))
    before = media.planes(frame)
    after = media.planes(sharpen(frame, fast, fmt))
    moved = np.abs(after[0].astype(int) - before[0]) / 2 ** (fmt.bit_depth - 8)
    assert moved.mean() > 0.1
    assert all(np.array_equal(a, b) for a, b in zip(before[1:], after[1:], strict=True))


def test_ten_bits_use_all_their_steps(fast: Enhancer) -> None:
    luma = media.planes(sharpen(_frame("yuv420p10le"), fast, TEN))[0]
    assert luma.max() > 255
    assert (luma % 4 != 0).mean() > 0.5, "an 8-bit detour would leave multiples of 4"


@pytest.mark.parametrize("domain", ["luma", "rgb"])
@pytest.mark.parametrize("size", [(160, 96), (64, 50)])
def test_fields_of_an_interlaced_frame_are_pictures_of_their_own(
    domain: Domain, size: tuple[int, int], tmp_path: Path
) -> None:
    enhancer = stub(domain=domain)
    clip = media.interlaced(tmp_path / "a.mp4", size=size, pix_fmt="yuv444p", frames=3, audio=0)
    for frame in media.video_frames(clip.path):
        assert frame.interlaced_frame
        before = media.planes(frame)
        woven = media.planes(sharpen(frame, enhancer, EIGHT))
        for first in (0, 1):
            field = enhancer.planes([np.ascontiguousarray(plane[first::2]) for plane in before], EIGHT)
            for plane, (own, kept) in enumerate(zip(field, before, strict=True)):
                assert np.array_equal(woven[plane][first::2], kept[first::2] if own is None else own)
        whole = enhancer.planes(before, EIGHT)[0]
        assert whole is not None
        assert not np.array_equal(whole, woven[0]), "rows of the other field would have mixed in"


@pytest.mark.parametrize("domain", ["luma", "rgb"])
def test_reuse_gives_the_same_pictures_field_by_field(domain: Domain, tmp_path: Path) -> None:
    enhancer = stub(domain=domain)
    session = Session(enhancer)
    clip = media.interlaced(tmp_path / "a.mp4", size=(160, 96), frames=4, audio=0)
    for first, second, other in zip(*(media.video_frames(clip.path) for _ in range(3)), strict=True):
        assert first.interlaced_frame
        expected = media.planes(sharpen(other, enhancer, EIGHT))
        for frame in (first, second):  # each field finds itself in its own history
            assert all(map(np.array_equal, media.planes(sharpen(frame, session, EIGHT)), expected))
    assert session.share is not None
    assert session.share >= 0.5


@pytest.mark.parametrize(("pix_fmt", "lines"), [("yuv420p", 52), ("yuv422p10le", 50), ("yuv444p", 50)])
def test_chroma_is_restored_field_by_field_and_reused(pix_fmt: str, lines: int, tmp_path: Path) -> None:
    enhancer, fmt = Enhancer("fast", threads=1, chroma="restore"), _fmt(pix_fmt)
    session = Session(enhancer)
    clip = media.interlaced(tmp_path / "a.mkv", size=(64, lines), pix_fmt=pix_fmt, frames=3, audio=0)
    for first_time, again in zip(*(media.video_frames(clip.path) for _ in range(2)), strict=True):
        assert first_time.interlaced_frame
        before = media.planes(first_time)
        for frame in (first_time, again):
            woven = media.planes(sharpen(frame, session, fmt))
            for first in (0, 1):
                field = enhancer.planes([np.ascontiguousarray(plane[first::2]) for plane in before], fmt)
                for mine, own, given in zip(woven, field, before, strict=True):
                    assert own is not None
                    assert np.array_equal(mine[first::2], own)
                    assert not np.array_equal(own, given[first::2])


@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_grey_pictures_alone_have_no_chroma(pix_fmt: str, info: ClipInfo) -> None:
    assert has_chroma(replace(info, pix_fmt=pix_fmt)) == (not pix_fmt.startswith("gray"))


def test_an_rgb_student_moves_chroma_too() -> None:
    frame = _frame("yuv420p")
    before = media.planes(frame)
    after = media.planes(sharpen(frame, stub(domain="rgb"), EIGHT))
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_alpha_is_left_alone() -> None:
    frame = VideoFrame(64, 48, "yuva420p")
    for number, plane in enumerate(frame.planes):
        plane.update(np.random.default_rng(number).integers(0, 256, plane.buffer_size, np.uint8).tobytes())
    before = bytes(frame.planes[3])
    assert len(plane_arrays(frame)) == 3
    luma = media.planes(frame)[0]
    sharpen(frame, stub(), EIGHT)
    assert bytes(frame.planes[3]) == before
    assert not np.array_equal(media.planes(frame)[0], luma)


def test_times_and_tags_of_a_frame_stay() -> None:
    frame = _frame()
    frame.pts, frame.color_range, frame.colorspace = 77, 2, 5
    after = sharpen(frame, stub(), EIGHT)
    assert (after.pts, after.color_range, after.colorspace) == (77, 2, 5)


def test_pictures_that_the_decoder_still_needs_are_not_written_on(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", frames=30, size=(160, 96))
    untouched = list(media.decoded_planes(clip.path))
    with av.open(str(clip.path)) as source:
        stream = source.streams.video[0]
        frames = decode_packets(stream.codec_context, source.demux(stream), [])
        for frame, planes in zip(frames, untouched, strict=True):
            assert np.array_equal(media.planes(frame)[0], planes[0]), "an earlier write would show in the references"
            sharpen(frame, stub(), EIGHT)


UNSUPPORTED = ["rgb24", "gbrp", "nv12", "nv21", "pal8", "p010le", "yuyv422", "bgra", "monow", "yuv420p10be", "ya8"]


@pytest.mark.parametrize("pix_fmt", UNSUPPORTED)
def test_other_pixel_formats_are_refused_with_a_way_out(pix_fmt: str, info: ClipInfo) -> None:
    with pytest.raises(MediaError, match=f"stored as {pix_fmt}.*convert it first, e.g. ffmpeg") as caught:
        check_pixel_format(replace(info, pix_fmt=pix_fmt))
    assert caught.value.path == info.path


@pytest.mark.parametrize("pix_fmt", [*FORMATS, "yuva420p", "yuv411p", "yuv440p", "yuv420p16le", "gray16le"])
def test_planar_formats_are_taken(pix_fmt: str, info: ClipInfo) -> None:
    check_pixel_format(replace(info, pix_fmt=pix_fmt))
    assert is_planar_yuv(VideoFormat(pix_fmt))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PlaneFormat(8, False, "bt601", True)),
        ({"height": 720}, PlaneFormat(8, False, "bt709", True)),
        ({"colour": Colour(2, 1, 1, 1)}, PlaneFormat(8, True, "bt709", True)),
        ({"colour": Colour(1, 9, 16, 9), "pix_fmt": "yuv420p10le"}, PlaneFormat(10, False, "bt2020", True)),
        ({"colour": Colour(0, 2, 2, 5)}, PlaneFormat(8, False, "bt601", True)),
        ({"colour": Colour(0, 2, 2, 6), "height": 1080}, PlaneFormat(8, False, "bt601", True)),
        ({"pix_fmt": "yuvj420p", "chroma_location": "center"}, PlaneFormat(8, True, "bt601", False)),
    ],
)
def test_how_the_numbers_are_read(changes: dict, expected: PlaneFormat, info: ClipInfo) -> None:
    assert plane_format(replace(info, **changes)) == expected
