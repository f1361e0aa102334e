"""The promises about timing and untouched streams, on real recordings: every clip of the shared data."""

import html
from fractions import Fraction
from pathlib import Path

import av
import pytest
from vidsharp.jobs import ProcessConfig, process

from tests.support.media import shared_data, stream_packets, video_pts

pytestmark = pytest.mark.slow


BROKEN = "broken.mp4"


def clips() -> list[Path]:
    data = shared_data()
    if data is None:
        return []
    folders = ((data / "eval").iterdir(), (data / "train" / "clips").glob("*"))
    return sorted(path for found in folders for path in found if path.is_file() and _is_of_a_camera(path))


def _is_of_a_camera(path: Path) -> bool:
    """Raw streams store no times to compare (test_raw_streams.py), and long screen recordings would take a quarter of
    an hour."""
    return path.parent.name == "eval" or path.name.startswith(("asl_", "whitehouse_", "mdn_", "tears-", "intel_"))


@pytest.fixture(scope="module")
def sharpened(tmp_path_factory):
    """All clips, processed in one run. The student changes neither times nor other streams: strength 0 is faster."""
    if not clips():
        pytest.skip("the shared recordings lie outside the repository, and are not here")
    out = tmp_path_factory.mktemp("real")
    # H.264 for all: x265 and libvpx would take minutes. What is VP8 or VP9 in WebM becomes H.264 in Matroska.
    broken = clips()[0].parents[1] / "nasty" / BROKEN
    config = ProcessConfig((*clips(), broken), out, strength=0, encoder="libx264", preset="ultrafast", crf=30)
    return out, {row["clip"]: row for row in process(config).rows}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("clip", clips() or [None], ids=lambda clip: clip.name if clip else "none")
def test_every_frame_at_its_time_and_every_other_packet_as_it_was(clip, sharpened):
    out, rows = sharpened
    row = rows[clip.name]
    assert row["status"] == "done", row["error"]
    assert row["frames_lost"] == 0
    result = out / row["out"]
    assert result.suffix == (".mkv" if clip.suffix in (".webm", ".mkv") else clip.suffix)
    before, after = video_pts(clip), video_pts(result)
    assert len(after) == len(before) == row["frames"]
    with av.open(str(clip)) as source, av.open(str(result)) as made:
        tick = max(source.streams.video[0].time_base or 0, made.streams.video[0].time_base or 0)
        assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= tick
        for old, new in zip(source.streams, made.streams, strict=True):
            assert (old.type, old.disposition) == (new.type, new.disposition)
            if old.type != "audio":
                continue
            packets, copies = stream_packets(clip)[old.index], stream_packets(result)[new.index]
            assert [packet[4] for packet in copies] == [packet[4] for packet in packets]
            assert old.time_base is not None
            assert new.time_base is not None
            coarser = max(old.time_base, new.time_base)
            for at in (0, -1):  # the sound begins and ends when it did: offset and duration are the source's
                assert abs(pts(packets[at]) * old.time_base - pts(copies[at]) * new.time_base) <= coarser


@pytest.mark.timeout(1200)
def test_the_page_of_all_clips_and_a_broken_one(sharpened):
    out, rows = sharpened
    assert len(rows) > 30
    assert rows[BROKEN]["status"] == "failed"
    page = (out / "report" / "index.html").read_text()
    assert len(page.encode()) < 5_000_000
    for name in rows:
        assert name in page
    assert rows[BROKEN]["error"] in html.unescape(page)


def pts(packet: tuple) -> Fraction:
    assert packet[0] is not None
    return Fraction(packet[0])
