"""A sharp original is the same recording, picture for picture, and its pictures are found by time."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.original import Original, OriginalReader, find_original
from vidsharp.pipeline.plan import plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.sharpen import plane_arrays
from vidsharp.pipeline.survey import read_through
from vidsharp.pipeline.timeline import read_timeline

from tests.support import media, media_sizes

SMALL: dict[str, Any] = {"size": (160, 96), "audio": 0}


def original_of(recording: Path, original: Path) -> Original:
    info = probe(recording)
    return find_original(original, info, read_timeline(info))


def frame_seen(reader: OriginalReader, pts: int) -> int | None:
    frame = reader.at(pts)
    return None if frame is None else media.frame_index(plane_arrays(frame)[0])


def test_every_picture_finds_its_own_across_containers_clocks_and_starts(tmp_path: Path) -> None:
    """Variable rate, reordered pictures; Matroska counts milliseconds, and begins at another time."""
    recording = media.vfr(tmp_path / "a.mp4", frames=45, bframes=2, **SMALL)
    sharp = media.vfr(tmp_path / "a.mkv", frames=45, start=2, **SMALL)
    reader = OriginalReader(original_of(recording.path, sharp.path))
    assert [frame_seen(reader, pts) for pts in sorted(recording.pts)] == list(range(45))
    reader.close()


@pytest.mark.parametrize("wanted", [(0, 1, 44), (31, 32, 59), (59,), ()])
def test_some_pictures_of_a_chunk(tmp_path: Path, wanted: tuple[int, ...]) -> None:
    recording = media.call(tmp_path / "a.mp4", frames=60, gop=15, **SMALL)
    sharp = media.call(tmp_path / "sharp.mp4", frames=60, gop=20, bframes=2, **SMALL)
    reader = OriginalReader(original_of(recording.path, sharp.path))
    assert [frame_seen(reader, sorted(recording.pts)[n]) for n in wanted] == list(wanted)
    assert reader.at(None) is None
    assert reader.at(-5) is None
    reader.close()


def test_a_chunk_takes_only_its_own_part(tmp_path: Path) -> None:
    recording = media.call(tmp_path / "a.mp4", frames=60, gop=15, **SMALL)
    info = probe(recording.path)
    whole = original_of(recording.path, recording.path)
    chunks = plan_chunks(read_timeline(info), int(0.5 / info.time_base))
    parts = [whole.of(chunk).pts for chunk in chunks]
    assert [len(part) for part in parts] == [15] * 4
    assert {pts: own for part in parts for pts, own in part.items()} == whole.pts


def test_a_container_without_an_index_is_read_from_its_beginning(tmp_path: Path) -> None:
    recording = media.call(tmp_path / "a.mp4", frames=60, gop=60, **SMALL)
    sharp = media.call(tmp_path / "sharp.ts", frames=60, gop=60, **SMALL)
    reader = OriginalReader(original_of(recording.path, sharp.path))
    assert frame_seen(reader, sorted(recording.pts)[40]) == 40
    reader.close()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"size": (176, 96)}, "its pictures are 176×96, and the recording's 160×96; scale it"),
        ({"frames": 29}, "it has 29 pictures, and the recording 30"),
        ({"fps": 25}, "it shows picture 1 0.007 s later; a reference has the recording's own times"),
        ({"pix_fmt": "yuv420p10le", "codec": "libx265"}, "10 bits of limited range, and the recording's 8 bits"),
        ({"colour_range": "pc", "pix_fmt": "yuvj420p"}, "8 bits of full range, and the recording's 8 bits of limited"),
    ],
)
def test_what_is_no_original_is_refused_in_a_sentence(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    recording = media.call(tmp_path / "a.mp4", frames=30, **SMALL)
    sharp = (
        media.full_range(tmp_path / "sharp.mp4", frames=30, **SMALL)
        if "colour_range" in other
        else media.call(tmp_path / "sharp.mp4", **{"frames": 30, **SMALL, **other})
    )
    with pytest.raises(MediaError, match=r"sharp\.mp4 cannot be the reference of .*a\.mp4: ") as caught:
        original_of(recording.path, sharp.path)
    assert said in str(caught.value)
    assert caught.value.path == sharp.path


def test_a_reference_that_cannot_be_opened(tmp_path: Path) -> None:
    recording = media.call(tmp_path / "a.mp4", frames=5, **SMALL)
    media.text_file(tmp_path / "sharp.mp4")
    with pytest.raises(MediaError, match=r"sharp\.mp4 is not a recording"):
        original_of(recording.path, tmp_path / "sharp.mp4")


def test_a_reference_that_changes_with_its_recording_is_compared_at_the_recordings_size(tmp_path: Path) -> None:
    recording = media_sizes.ramp(tmp_path / "a.webm")
    sharp = media_sizes.ramp(tmp_path / "b.webm", seed=1)
    info, _, timeline = read_through(probe(recording.path), EncoderChoice())
    reader = OriginalReader(find_original(sharp.path, info, timeline))
    frames = [reader.at(pts) for pts in recording.pts]
    reader.close()
    assert {(frame.width, frame.height) for frame in frames if frame is not None} == {(640, 360)}
    assert None not in frames
