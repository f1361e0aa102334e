"""A hundred thousand pictures keep their times at rates that no clock divides evenly."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.packet import Packet
from vidsharp.pipeline.mux import mux_clip
from vidsharp.pipeline.timeline import read_timeline

from tests.support import media
from tests.support.records import chunk_record
from tests.support.whole_way import plan_of

PLAIN = {"pix_fmt": "yuvj420p", "audio": 0}
COUNT = 100_000
"""Pictures: about an hour."""
RATES = {
    "film.mp4": Fraction(24000, 1001),
    "tv.mkv": Fraction(30000, 1001),
    "smooth.mp4": Fraction(60000, 1001),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RATES)
def test_all_keep_their_times(name: str, tmp_path: Path) -> None:
    """No picture is decoded nor encoded: one is copied again and again, so that only the clock is tried."""
    rate = RATES[name]
    one = media.call(tmp_path / f"one-{name}", frames=1, fps=rate, size=(32, 32), codec="mjpeg", **PLAIN).path
    source, target = tmp_path / name, tmp_path / f"out-{name}"
    _repeat(one, source, COUNT, rate)
    info, chunks = plan_of(source, seconds=float(300 / rate))
    times = [packet.pts for packet in read_timeline(info)]
    records, files = [], []
    for chunk in chunks:
        own = [time for time in times if time is not None and chunk.owns(time)]
        records.append(chunk_record(own, index=chunk.index))
        files.append(tmp_path / f"{chunk.name}.nut")
        _repeat(one, files[-1], records[-1].frames, rate)
    assert len(chunks) > 300
    mux_clip(info, records, files, target)
    with av.open(str(target)) as out:
        tick = out.streams.video[0].time_base
    assert tick is not None
    found = [packet[0] for packet in media.stream_packets(target)[0]]
    assert len(found) == COUNT
    assert all(time is not None and abs(time * tick - number / rate) <= tick for number, time in enumerate(found))


def _repeat(picture: Path, path: Path, count: int, rate: Fraction) -> None:
    """A file that shows the picture of another one again and again."""
    with av.open(str(picture)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        stream.time_base = 1 / rate
        payload = next(bytes(packet) for packet in source.demux() if packet.size)
        for number in range(count):
            packet = Packet(payload)
            packet.stream, packet.time_base, packet.pts, packet.dts, packet.duration = (
                stream,
                1 / rate,
                number,
                number,
                1,
            )
            packet.is_keyframe = True
            out.mux(packet)
