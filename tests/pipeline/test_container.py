"""Which container a clip goes into, and what its streams keep there."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from vidsharp.pipeline.container import add_copy, can_hold, cover_type, muxers_to_try, open_output
from vidsharp.pipeline.container_traits import MATROSKA

from tests.support import media


@pytest.mark.parametrize(
    ("demuxer", "suffix", "expected"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", ".mp4", ("mp4", MATROSKA)),
        ("mov,mp4,m4a,3gp,3g2,mj2", ".MOV", ("mov", MATROSKA)),
        ("mov,mp4,m4a,3gp,3g2,mj2", ".m4v", ("mp4", MATROSKA)),
        ("mov,mp4,m4a,3gp,3g2,mj2", ".3gp", ("3gp", MATROSKA)),
        ("matroska,webm", ".webm", ("webm", MATROSKA)),
        ("matroska,webm", ".mkv", (MATROSKA,)),
        ("mpegts", ".mts", ("mpegts", MATROSKA)),
        ("avi", ".avi", ("avi", MATROSKA)),
        ("flv", ".flv", ("flv", MATROSKA)),
        ("h264", ".264", (MATROSKA,)),
        ("realmedia", ".rm", (MATROSKA,)),
    ],
)
def test_the_sources_own_container_comes_first(demuxer: str, suffix: str, expected: tuple[str, ...]) -> None:
    assert muxers_to_try(demuxer, suffix) == expected


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts", "webm", "avi"])
def test_the_name_of_each_muxer_is_one_that_ffmpeg_writes(suffix: str, tmp_path: Path) -> None:
    codec = {"webm": "libvpx", "avi": "mpeg4"}.get(suffix, "libx264")
    clip = media.call(tmp_path / f"a.{suffix}", frames=2, size=(160, 96), codec=codec)
    with av.open(str(clip.path)) as source:
        own = muxers_to_try(source.format.name, f".{suffix}")[0]
        with open_output(tmp_path / "out", own, source, source.chapters(), {}) as out:
            for stream in source.streams:
                assert can_hold(own, source, stream)
                add_copy(out, stream)
            out.start_encoding()
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("build", "name", "kind", "muxer", "expected"),
    [
        (media.call, "a.mkv", "audio", "mp4", True),
        (media.call, "a.mkv", "audio", "webm", False),
        (media.many_streams, "a.mkv", "subtitle", MATROSKA, True),
        (media.many_streams, "a.mkv", "subtitle", "mp4", False),
        (media.many_streams, "a.mkv", "attachment", MATROSKA, True),
        (media.many_streams, "a.mkv", "attachment", "mp4", False),
        (media.many_streams, "a.mp4", "subtitle", "mp4", True),
        (media.webm, "a.webm", "audio", "webm", True),
    ],
)
def test_what_a_container_can_hold(
    build: Callable[..., media.Media], name: str, kind: str, muxer: str, expected: bool, tmp_path: Path
) -> None:
    clip = build(tmp_path / name, frames=10, size=(160, 96))
    with av.open(str(clip.path)) as source:
        stream = next(stream for stream in source.streams if stream.type == kind)
        assert can_hold(muxer, source, stream) is expected


def test_a_copy_has_language_title_and_disposition(tmp_path: Path) -> None:
    clip = media.many_streams(tmp_path / "a.mkv", frames=10, size=(160, 96))
    with av.open(str(clip.path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as out:
        for stream in source.streams.audio:
            stream.metadata["title"] = f"track {stream.index}"
            copy = add_copy(out, stream)
            assert (copy.metadata, copy.disposition) == (stream.metadata, stream.disposition)
            assert copy.language == stream.language


def test_tags_of_the_old_files_making_stay_behind(tmp_path: Path) -> None:
    clip = media.many_streams(tmp_path / "a.mp4", frames=10, size=(160, 96))
    with (
        av.open(str(clip.path)) as source,
        open_output(tmp_path / "b.mkv", MATROSKA, source, source.chapters(), {}) as out,
    ):
        assert out.metadata["title"] == "Weekly call"
        assert not {"major_brand", "minor_version", "compatible_brands", "encoder"} & set(out.metadata)
        assert len(out.chapters()) == 3


@pytest.mark.parametrize(("name", "expected"), [("a.mkv", "image/jpeg"), ("a.mp4", "image/jpeg")])
def test_cover_art_is_an_attached_file_in_matroska_only(name: str, expected: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, frames=2, size=(160, 96), cover=True)
    with av.open(str(clip.path)) as source:
        video, cover = source.streams.video
        assert cover.disposition & Disposition.attached_pic
        assert cover_type(MATROSKA, cover) == expected
        assert cover_type("mp4", cover) is None
        assert cover_type(MATROSKA, video) is None


@pytest.mark.parametrize("start", [Fraction(1, 3), Fraction(1001, 30000)])
def test_movie_clocks_are_fine_enough_for_every_start(start: Fraction, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", fps=Fraction(30000, 1001), frames=10, start=start, audio_start=start)
    with av.open(str(clip.path)) as source:
        begins = [(s.start_time or 0) * (s.time_base or 0) for s in source.streams]
        with open_output(tmp_path / "b.mp4", "mp4", source, source.chapters(), {}) as out:
            clock = int(out.container_options["movie_timescale"])
    bases = [s.time_base for s in source.streams if s.time_base]
    assert all((base * clock).denominator == 1 for base in bases)
    assert all((begin * clock).denominator == 1 for begin in begins)
