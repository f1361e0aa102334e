"""Second fields are known by their headers, whether or not they have a time of their own."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.timeline import missing_pictures, read_timeline

from tests.support import media, media_fields


@pytest.mark.parametrize("name", ["a.ts", "a.mp4", "a.mkv", "a.h264"])
@pytest.mark.parametrize(
    "more",
    [
        {"packets": 1},
        {"packets": 2},
        {"packets": 1, "adaptive": True},
        {"packets": 2, "adaptive": True},
        {"packets": 2, "gop": 7},
        {"packets": 2, "gop": 1},
    ],
)
def test_a_picture_counts_once_however_many_packets_it_has(more: dict[str, Any], name: str, tmp_path: Path) -> None:
    clip = media_fields.field_coded(tmp_path / name, frames=20, **more)
    timeline = read_timeline(probe(clip.path))
    assert sum(packet.shown for packet in timeline) == len(list(media.video_frames(clip.path))) == 20
    if name != "a.h264":
        assert [packet.pts for packet in timeline if packet.shown] == list(clip.pts), "at its first field's time"
    split = name in ("a.ts", "a.h264") or more["packets"] == 2
    seconds = 14 if more.get("adaptive") else 20
    assert len(timeline) == 20 + (seconds if split else 0)


def test_a_lone_field_does_not_upset_the_pairs_after_it(tmp_path: Path) -> None:
    clip = media_fields.field_coded(tmp_path / "a.ts", frames=20, lone_fields=(3, 4, 9, 19))
    timeline = read_timeline(probe(clip.path))
    assert (len(timeline), sum(packet.shown for packet in timeline)) == (36, 20)


def test_pictures_that_a_broken_download_lacks_are_counted_and_not_their_fields(tmp_path: Path) -> None:
    clip = media_fields.field_coded(tmp_path / "a.mp4", packets=2, mux_options=media.FASTSTART)
    info = probe(clip.path)
    assert missing_pictures(info, read_timeline(info)) == 0
    media.truncate(clip.path, 0.6)
    timeline = read_timeline(info)
    there = sum(packet.shown for packet in timeline)
    assert 20 < there < 50
    assert there + missing_pictures(info, timeline) in (clip.frames, clip.frames + 1)  # cut between two fields
