"""The promises about every finished clip, over each kind of `tests/support/media_kinds.py`, from probe to mux."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import av
import pytest
from _pytest.mark.structures import ParameterSet
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideData
from av.video.frame import VideoFrame
from vidsharp.models.errors import VidsharpError
from vidsharp.pipeline.probe import ClipInfo, probe

from tests.support import media
from tests.support.media_kinds import DOCUMENT, EXACT, GROUPS, OWN, REAL, REFUSED, Kind, RealClip, filled_in
from tests.support.whole_way import (
    Passage,
    copied_streams,
    main_index,
    main_times,
    others_are_copied,
    pass_through,
    times_are_kept,
)


def _each(kinds: Sequence[Kind]) -> list[ParameterSet]:
    return [pytest.param(kind, name, id=name) for kind in kinds for name in kind.files]


WHOLE = [kind for kinds in GROUPS.values() for kind in kinds if not kind.refused]


@pytest.mark.parametrize(("kind", "name"), _each(WHOLE))
def test_it_comes_out_as_it_was(kind: Kind, name: str, tmp_path: Path) -> None:
    clip = kind.write(tmp_path / name)
    before = clip.path.read_bytes()
    passage = pass_through(clip.path, tmp_path, kind.encoder)
    assert passage.frames == clip.frames
    if clip.frames >= 60 and passage.info.container not in ("h264", "hevc"):
        assert len(passage.chunks) >= 2, "one chunk would prove less"
    assert sum(record.frames_lost for record in passage.records) == kind.lost
    assert media.frame_indices(passage.out) == list(clip.indices)
    if kind.encoder in EXACT:
        assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path, strict=False), "bit for bit"
    if kind.encoder == OWN:
        assert passage.mux.codec == passage.info.codec
    assert passage.mux.muxer == (kind.muxer or passage.mux.own_muxer)
    notes = [note for note in passage.mux.notes if not note.startswith("written as .mkv: ")]
    assert notes == ([kind.note] if kind.note else [])
    assert (len(notes) < len(passage.mux.notes)) == (kind.muxer is not None)
    if _is_timed(passage):
        times_are_kept(passage)
        _durations_are_kept(passage)
    else:
        _rate_is_even(passage, Fraction(25 if passage.info.container == "obu" else 30))
    others_are_copied(passage)
    _sound_starts_when_it_did(passage)
    _facts_survive(passage)
    if not kind.note:
        _side_data_survives(passage)
    assert clip.path.read_bytes() == before, "inputs are never written"


@pytest.mark.parametrize(("kind", "name"), _each(REFUSED))
def test_it_is_refused_in_a_sentence(kind: Kind, name: str, tmp_path: Path) -> None:
    kind.write(tmp_path / name)
    _is_refused(tmp_path / name, kind.refused, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("clip", REAL, ids=lambda clip: clip.name)
def test_a_real_recording(clip: RealClip, tmp_path: Path) -> None:
    shared = media.shared_data()
    if shared is None:
        pytest.skip("no folder of real recordings next to this repository")
    source = tmp_path / clip.name
    shutil.copyfile(shared / "nasty" / clip.name, source)
    if clip.refused:
        _is_refused(source, clip.refused, tmp_path)
        return
    passage = pass_through(source, tmp_path, clip.encoder)
    assert passage.frames == len(list(media.video_frames(source, strict=False)))
    assert [note for note in passage.mux.notes if not note.startswith("written as")] == (
        [clip.note] if clip.note else []
    )
    if clip.times_known:
        times_are_kept(passage)
    if not clip.note:
        others_are_copied(passage)
        _sound_starts_when_it_did(passage)
    was, now = probe(source), probe(passage.out)
    _size_survives(was, passage.info, now)
    assert (now.display_matrix or _UPRIGHT) == (was.display_matrix or _UPRIGHT)
    assert (now.interlaced, now.bottom_field_first) == (was.interlaced, was.bottom_field_first)


def test_all_nasty_recordings_are_in_the_table() -> None:
    shared = media.shared_data()
    if shared is None:
        pytest.skip("no folder of real recordings next to this repository")
    assert {clip.name for clip in REAL} == {path.name for path in (shared / "nasty").iterdir()}


def test_the_document_says_what_is_tested() -> None:
    text = DOCUMENT.read_text()
    assert filled_in(text) == text, "run .venv/bin/python -m tests.support.media_kinds"


def _is_refused(source: Path, sentence: str, folder: Path) -> None:
    with pytest.raises(VidsharpError) as caught:
        pass_through(source, folder)
    assert sentence in str(caught.value)
    assert str(source) in str(caught.value)
    assert "\n" not in str(caught.value)


def _is_timed(passage: Passage) -> bool:
    """Whether the source has times at all: a raw stream has none."""
    return passage.info.container not in ("h264", "hevc", "mpegvideo", "obu")


def _rate_is_even(passage: Passage, rate: Fraction) -> None:
    """From wherever the demuxer lets it begin. The note says which rate it is."""
    times, tick = main_times(passage.out)
    assert all(abs(time - times[0] - number / rate) <= tick for number, time in enumerate(times))
    assert times[0] <= 2 / rate
    assert any(f"pictures come at an even {rate} per second" in note for note in passage.mux.notes)


_STORED = (".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm")


def _durations_are_kept(passage: Passage) -> None:
    """In containers that store them. MP4 stores how long packets last in decode order, which says nothing of reordered
    pictures, and a decoder knows that of a picture's first packet only: these are shown until the next one."""
    if passage.source.suffix not in _STORED or passage.out.suffix not in _STORED or _is_reordered_mp4(passage.out):
        return
    wanted, found = _durations(passage.source), _durations(passage.out)
    if _is_reordered_mp4(passage.source) or _has_packets_of_fields(passage):
        times, _ = main_times(passage.source)
        wanted, found = [b - a for a, b in pairwise(times)], found[:-1]
    tick = max(passage.info.time_base, main_times(passage.out)[1])
    assert all(abs(a - b) <= tick for a, b in zip(wanted, found, strict=True))


def _is_reordered_mp4(path: Path) -> bool:
    packets = media.stream_packets(path)[main_index(path)]
    return path.suffix in (".mp4", ".m4v", ".mov", ".3gp") and any(pts != dts for pts, dts, *_ in packets)


def _has_packets_of_fields(passage: Passage) -> bool:
    return len(media.stream_packets(passage.source)[passage.info.stream_index]) > passage.frames


def _durations(path: Path) -> list[Fraction]:
    return [Fraction(frame.duration) * (frame.time_base or 0) for frame in media.video_frames(path, strict=False)]


def _sound_starts_when_it_did(passage: Passage) -> None:
    wanted, found = _sound_offsets(passage.source), _sound_offsets(passage.out)
    assert len(found) == len(wanted)
    tick = passage.info.time_base + main_times(passage.out)[1]
    assert all(abs(a - b) <= tick for a, b in zip(wanted, found, strict=True))


def _sound_offsets(path: Path) -> list[Fraction]:
    """Seconds from the first picture to each track's first packet of sound."""
    picture = min(main_times(path)[0]) if _has_sound(path) else Fraction(0)
    starts = [stream.seconds[0] for stream in copied_streams(path, main_index(path)) if stream.kind == "audio"]
    return [start - picture for start in starts if start is not None]


def _has_sound(path: Path) -> bool:
    with av.open(str(path), metadata_errors="replace") as container:
        return bool(container.streams.audio)


_SAID_INSIDE = {
    SideData.MASTERING_DISPLAY_METADATA,
    SideData.CONTENT_LIGHT_LEVEL,
    SideData.DYNAMIC_HDR_PLUS,
    SideData.A53_CC,
    SideData.DISPLAYMATRIX,
    SideData.STEREO3D,
    SideData.SPHERICAL,
}


def _side_data_survives(passage: Passage) -> None:
    was = [_side_data(frame) for frame in media.video_frames(passage.source, strict=False)]
    assert [_side_data(frame) for frame in media.video_frames(passage.out)] == was
    before, after = probe(passage.source), probe(passage.out)
    assert (after.mastering, after.light_level) == (before.mastering, before.light_level)


def _side_data(frame: VideoFrame) -> dict[SideData, bytes]:
    found: dict[SideData, Any] = {data.type: data for data in cast(Iterable[Any], frame.side_data)}
    return {kind: bytes(memoryview(data)) for kind, data in found.items() if kind in _SAID_INSIDE}


def _facts_survive(passage: Passage) -> None:
    with av.open(str(passage.source)) as before, av.open(str(passage.out)) as after:
        old, new = before.streams[passage.info.stream_index], after.streams[main_index(passage.out)]
        assert new.disposition == old.disposition
        assert (new.language or "und") == (old.language or "und")
        assert _named(new.metadata, "timecode") == _named(old.metadata, "timecode")
        assert _tags(after) == _tags(before)
        assert _chapters(after) == _chapters(before)
    was, now = probe(passage.source), probe(passage.out)
    _size_survives(was, passage.info, now)
    assert (now.display_matrix or _UPRIGHT) == (was.display_matrix or _UPRIGHT)
    if not any("fields" in note for note in passage.mux.notes):
        assert (now.interlaced, now.bottom_field_first) == (was.interlaced, was.bottom_field_first)
    # A muxer may name limited range where the source said nothing, which is what unknown means.
    assert (now.colour.range or 1, now.colour.primaries, now.colour.transfer, now.colour.matrix) == (
        was.colour.range or 1,
        was.colour.primaries,
        was.colour.transfer,
        was.colour.matrix,
    )
    assert now.audio_streams == was.audio_streams
    one_picture_or_variable = passage.frames == 1 or "vfr" in passage.source.name
    assert abs(now.frame_rate - was.frame_rate) < 1 or one_picture_or_variable


def _size_survives(was: ClipInfo, told: ClipInfo, now: ClipInfo) -> None:
    """The first picture's, but where pictures change in mid-stream (`tests/pipeline/test_changing_pictures.py`)."""
    wanted = told if told.shapes else was
    assert (now.width, now.height, now.pix_fmt, now.sample_aspect_ratio or 1) == (
        wanted.width,
        wanted.height,
        wanted.pix_fmt,
        wanted.sample_aspect_ratio or 1,
    )


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
