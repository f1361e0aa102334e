"""A part of a recording, the whole way: its pictures are those of a whole run, and all that is with them is in step."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from vidsharp.models.enhance import Enhancer
from vidsharp.pipeline.mux import MuxResult, mux_clip
from vidsharp.pipeline.part import WHOLE_CLIP, Part
from vidsharp.pipeline.plan import plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.survey import read_through
from vidsharp.pipeline.window import pictures_of

from tests.support import media
from tests.support.seen_together import toy
from tests.support.whole_way import LOSSLESS, OWN, copied_streams, main_index, main_times, sharpen_all, stub

SMALL: dict[str, Any] = {"size": (160, 96), "gop": 20}


def cut(source: Path, folder: Path, part: Part, enhancer: Enhancer | None = None) -> tuple[Path, MuxResult]:
    """A part of a recording, in chunks of half a second."""
    enhancer = enhancer or stub(0)
    info, _, timeline = read_through(probe(source), OWN)
    within = pictures_of(part, info, timeline)
    ticks = round(Fraction(1, 2) / info.time_base)
    chunks = plan_chunks(timeline, ticks, context=enhancer.context, within=within)
    folder.mkdir()
    records, files = sharpen_all(info, chunks, folder / "work", LOSSLESS, enhancer)
    made = folder / source.name
    result = mux_clip(info, records, files, made, within=within)
    return (made if result.muxer == result.own_muxer else made.rename(made.with_suffix(".mkv"))), result


KINDS: dict[str, dict[str, Any]] = {
    "b.mp4": {"bframes": 2, "audio": 2, "subtitles": 1, "chapters": 3},
    "open.mkv": {"bframes": 2, "open_gop": True, "subtitles": 1, "chapters": 3},
    "b.ts": {"bframes": 2},
    "late.mp4": {"start": 0.5},
    "one-keyframe.mkv": {"gop": 1000, "bframes": 2},
}
PARTS = [Part(None, 0.7), Part(0.7, 1.9), Part(1.9, None)]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("student", [stub, toy], ids=["alone", "with its neighbours"])
def test_pictures_are_those_of_a_whole_run(name: str, student: Any, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, **{**SMALL, "audio": 0, **KINDS[name], "subtitles": 0})
    whole, _ = cut(clip.path, tmp_path / "whole", WHOLE_CLIP, student())
    parts = [cut(clip.path, tmp_path / f"part{n}", part, student())[0] for n, part in enumerate(PARTS)]
    found = [hash for part in parts for hash in media.frame_hashes(part)]
    assert found == media.frame_hashes(whole)
    # Each begins when the recording did, and its pictures follow each other as they did there.
    times, tick = main_times(whole)
    place = 0
    for part in parts:
        own, _ = main_times(part)
        assert own
        due = [own[0] + then - times[place] for then in times[place : place + len(own)]]
        assert all(abs(now - then) <= tick for now, then in zip(own, due, strict=True))
        place += len(own)
        assert own[0] <= times[0]


@pytest.mark.parametrize("name", KINDS)
def test_sound_stays_in_step_with_the_pictures(name: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, **SMALL | KINDS[name])
    info = probe(clip.path)
    for number, part in enumerate(PARTS):
        made, result = cut(clip.path, tmp_path / str(number), part)
        pictures, tick = main_times(made)
        originals, _ = main_times(clip.path)
        first = originals[media.frame_indices(made)[0]]
        wanted = copied_streams(clip.path, info.stream_index)
        for before, after in zip(
            [stream for stream in wanted if stream.kind == "audio"],
            [stream for stream in copied_streams(made, main_index(made)) if stream.kind == "audio"],
            strict=True,
        ):
            assert after.payloads, "there is sound all the time"
            where = before.payloads.index(after.payloads[0])
            assert after.payloads == before.payloads[where : where + len(after.payloads)]
            for then, now in zip(before.seconds[where:], after.seconds, strict=False):
                assert then is not None
                assert now is not None
                assert abs((then - first) - (now - pictures[0])) <= before.time_base + after.time_base + tick
        begins_late = any("with its first whole packet" in note for note in result.notes)
        assert begins_late == (number > 0 and not name.endswith("mp4"))


def samples(path: Path, begin: Fraction, end: Fraction) -> np.ndarray:
    """What is heard from one time to another; float32, [samples]."""
    found: dict[int, float] = {}
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert isinstance(frame, AudioFrame)
            assert frame.pts is not None
            assert frame.time_base is not None
            place = round(frame.pts * frame.time_base * 48000)
            found.update(enumerate(frame.to_ndarray()[0], place))
    return np.array([found.get(n, np.nan) for n in range(round(begin * 48000), round(end * 48000))])


def test_where_there_are_edit_lists_sound_is_exact_from_the_first_sample(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)
    made, _ = cut(clip.path, tmp_path / "part", Part(0.7, 1.9))
    heard = samples(made, Fraction(0), Fraction(12, 10))
    original = samples(clip.path, Fraction(7, 10), Fraction(19, 10))
    assert np.abs(heard).max() > 0.01
    # The decoder of AAC begins with a packet that nobody hears.
    assert np.nanmax(np.abs(heard - original)) < 1e-3
    assert not np.isnan(heard).any()
    with av.open(str(made)) as container:
        assert container.streams.audio[0].start_time == 0


def test_parts_in_a_row_have_each_packet_once_where_there_are_no_edit_lists(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", **SMALL)
    (whole,) = copied_streams(clip.path, 0)
    parts = [cut(clip.path, tmp_path / str(n), part)[0] for n, part in enumerate(PARTS)]
    assert tuple(md5 for part in parts for md5 in copied_streams(part, 0)[0].payloads) == whole.payloads


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_captions_and_chapters_are_cut_in_time(name: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, **SMALL, subtitles=1, chapters=3)
    chapters = _chapters(clip.path)
    captions = _captions(clip.path)
    begin, end = Fraction(5, 10), Fraction(16, 10)
    made, _ = cut(clip.path, tmp_path / "part", Part(float(begin), float(end)))
    kept = _chapters(made)
    wanted = [(max(a, begin) - begin, min(b, end) - begin) for a, b in chapters if a < end and b > begin]
    assert len(kept) == len(wanted) == 2
    ms = Fraction(2, 1000)
    assert all(
        abs(x - y) <= ms for one, other in zip(kept, wanted, strict=True) for x, y in zip(one, other, strict=True)
    )
    inside = [(max(a, begin) - begin, min(b, end) - begin, text) for a, b, text in captions if a < end and b > begin]
    assert any(a < begin < b for a, b, _ in captions), "one is on screen when the part begins"
    shown = _captions(made)
    assert [text for *_, text in shown] == [text for *_, text in inside]
    for one, other in zip(shown, inside, strict=True):
        assert abs(one[0] - other[0]) <= ms
        assert abs(one[1] - other[1]) <= ms


def _chapters(path: Path) -> list[tuple[Fraction, Fraction]]:
    """When each begins and ends."""
    with av.open(str(path)) as container:
        return [(c["start"] * tick, c["end"] * tick) for c in container.chapters() if (tick := c["time_base"])]


def _captions(path: Path) -> list[tuple[Fraction, Fraction, bytes]]:
    """When each caption begins and ends, and what it says."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(subtitles=0):
            if packet.size > 2 and packet.pts is not None and packet.time_base is not None:
                begin = packet.pts * packet.time_base
                found.append((begin, begin + (packet.duration or 0) * packet.time_base, bytes(packet)))
    return found


def _two_cameras(path: Path) -> Path:
    """A recording with a second video track, whose keyframes come at other times."""
    tracks = [
        media.call(path.with_name(f"{n}.mp4"), frames=90, size=(160, 96), gop=gop, audio=0, seed=n).path
        for n, gop in enumerate((30, 20))
    ]
    with av.open(str(tracks[0])) as one, av.open(str(tracks[1])) as two, av.open(str(path), "w") as out:
        streams = [out.add_stream_from_template(source.streams.video[0]) for source in (one, two)]
        packets = [
            (packet, stream)
            for source, stream in zip((one, two), streams, strict=True)
            for packet in source.demux(video=0)
            if packet.size
        ]
        for packet, stream in sorted(packets, key=lambda pair: (pair[0].dts or 0) * (pair[0].time_base or 0)):
            packet.stream = stream
            out.mux(packet)
    return path


@pytest.mark.parametrize(("name", "begins"), [("two.mp4", 30), ("two.mkv", 40)])
def test_further_video_begins_at_a_keyframe_and_in_step(name: str, begins: int, tmp_path: Path) -> None:
    clip = _two_cameras(tmp_path / name)
    made, result = cut(clip, tmp_path / "part", Part(1.0, 2.0))
    with av.open(str(made)) as container:
        stream = container.streams.video[1]
        frames = list(container.decode(stream))
    numbers = [media.frame_index(media.planes(frame)[0]) for frame in frames]
    assert numbers == list(range(begins, 60))
    assert frames[0].time == pytest.approx((begins - 30) / 30, abs=0.002)
    late = [note for note in result.notes if "first keyframe" in note]
    expected = (
        [] if name.endswith("mp4") else ["stream 1 (video) begins 0.333 s after the pictures, at its first keyframe"]
    )
    assert late == expected


def test_a_stream_that_has_nothing_in_the_part_is_left_out_and_said(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", **SMALL, audio_seconds=1)
    made, result = cut(clip.path, tmp_path / "part", Part(2.0, None))
    assert "stream 1 (audio) left out: it is empty in this part" in result.notes
    assert "the part from 2 s on" in result.notes
    assert copied_streams(made, 0) == []


def test_cover_and_attachments_stay_and_a_time_code_is_told_of(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL, cover=True, timecode="01:00:00:00")
    made, result = cut(clip.path, tmp_path / "part", Part(1.0, 2.0))
    assert "its time code still says when the whole recording began" in result.notes
    covers = [stream.payloads for stream in copied_streams(made, 0) if stream.kind == "video"]
    assert covers == [stream.payloads for stream in copied_streams(clip.path, 0) if stream.kind == "video"]
    attached = media.call(tmp_path / "a.mkv", **SMALL, attachment=True)
    made, _ = cut(attached.path, tmp_path / "attached", Part(1.0, 2.0))
    assert any(stream.content for stream in copied_streams(made, 0))
