"""Seeded fuzz: damaged recordings take the whole way, and each ends as a whole clip or in one sentence.

    python -m tests.fuzz --cases 20000 --seed 7

A case is a number: it names a recording, what is done to it, and the settings it is processed with. Cases run in child
processes, since a codec may crash or hang; the parent then knows the number, and goes on with the next.
"""

import argparse
import hashlib
import multiprocessing
import os
import random
import re
import shutil
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine.actor import Prepared, PrepareTask, SharpenActor
from vidsharp.jobs.engine.measure_chunk import MeasureTask
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.clip_work import ClipWork, finished_rows
from vidsharp.models.errors import VidsharpError
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.field_pairs import FieldPairs
from vidsharp.pipeline.fingerprint import see
from vidsharp.pipeline.mux import MuxResult, mux_clip
from vidsharp.pipeline.recording import main_video, silence
from vidsharp.pipeline.sharpen_chunk import ChunkTask

from tests.support import media, media_fields, media_hdr10plus, media_sizes

HANG_S = 90.0
"""A case takes a fraction of a second; one that takes this long hangs."""

_SAME_BYTES = {"fflags": "+bitexact"}
"""Else Matroska would number its tracks at random, and a case would not come back."""

_TINY: dict[str, Any] = {"size": (64, 48), "frames": 20, "gop": 8}
_RAMP = [{"size": (64, 48), "frames": 8}, {"size": (128, 96), "frames": 6}, {"size": (48, 64), "frames": 6}]
SOURCES: Mapping[str, tuple[Callable[..., media.Media], dict[str, Any]]] = {
    "b.mp4": (media.b_frames, {}),
    "fragments.mp4": (media.call, {"bframes": 2, "mux_options": media.FRAGMENTED}),
    "front.mp4": (media.open_gop, {"mux_options": media.FASTSTART}),
    "hevc.mp4": (media.call, {"codec": "libx265"}),
    "vfr.mp4": (media.vfr, {}),
    "many.mov": (media.many_streams, {"audio": 2, "subtitles": 1}),
    "many.mkv": (media.many_streams, {"audio": 2, "subtitles": 1}),
    "opus.mkv": (media.call, {"codec": "libvpx-vp9", "audio_codec": "libopus"}),
    "av1.mkv": (media.av1, {}),
    "vp8.webm": (media.webm, {}),
    "vp9.webm": (media.webm, {"codec": "libvpx-vp9"}),
    "h264.ts": (media.call, {"bframes": 2}),
    "mpeg2.ts": (media.call, {"codec": "mpeg2video", "bframes": 2}),
    "paff.ts": (media_fields.field_coded, {"size": (64, 64), "adaptive": True}),
    "paff-2.mkv": (media_fields.field_coded, {"size": (64, 64), "packets": 2}),
    "turns.ts": (media_fields.turns_interlaced, {"size": (64, 64)}),
    "step.ts": (media_fields.clock_steps_back, {"at": 11}),
    "mjpeg.avi": (media.avi, {}),
    "part2.avi": (media.avi, {"codec": "mpeg4"}),
    "ramp.webm": (media_sizes.ramp, {"parts": _RAMP}),
    "ramp.ts": (media_sizes.ramp, {"parts": _RAMP, "codec": "libx264"}),
    "hdr10plus.mkv": (media_hdr10plus.hdr10_plus, {}),
}
"""Recordings of 20 pictures, by name: how they are made."""


# --- Damage -----------------------------------------------------------------------------------------------------------

_EXTREMES = (0, 1, 2, 7, 8, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_BOX = re.compile(
    rb"ftyp|moov|trak|mdia|minf|stbl|stsz|stts|ctts|stsc|stco|stss|stsd|mdhd|mvhd|tkhd|elst|edts|avc1|avcC|hvc1|hvcC"
    rb"|mp4a|esds|moof|traf|trun|tfhd|tfdt|trex|mdat|udta|chpl|mfra|avih|strh|strf|idx1|movi|00dc|01wb"
)
_ELEMENT = re.compile(
    rb"\x1a\x45\xdf\xa3|\x18\x53\x80\x67|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x1f\x43\xb6\x75|\x1c\x53\xbb\x6b"
    rb"|\x10\x43\xa7\x70|\x2a\xd7\xb1|\xae|\xa3|\xa1|\xa0|\xe7|\xb0|\xba|\x63\xa2|\x23\xe3\x83"
)


def _span(draw: random.Random, data: bytes, most: int) -> tuple[int, int]:
    low = draw.randrange(len(data))
    return low, min(len(data), low + draw.randint(1, most))


def _flip_bits(draw: random.Random, data: bytes, low: int, high: int, count: int) -> bytes:
    made = bytearray(data)
    for _ in range(count):
        made[draw.randrange(low, high)] ^= 1 << draw.randrange(8)
    return bytes(made)


def flip_bits_in_packets(draw: random.Random, data: bytes, packets: list[tuple[int, int]]) -> bytes:
    for low, size in draw.choices(packets, k=draw.choice((1, 1, 2, 5, 20))):
        if low < len(data):  # other damage came before
            data = _flip_bits(draw, data, low, min(low + size, len(data)), draw.choice((1, 2, 8, 64)))
    return data


def fill_packets_with_noise(draw: random.Random, data: bytes, packets: list[tuple[int, int]]) -> bytes:
    for low, size in draw.choices(packets, k=draw.choice((1, 3, 10))):
        keep = draw.randint(0, size)
        data = data[: low + keep] + draw.randbytes(size - keep) + data[low + size :]
    return data


def flip_bytes_anywhere(draw: random.Random, data: bytes, _: object) -> bytes:
    made = bytearray(data)
    for _number in range(draw.choice((1, 2, 4, 16, 100))):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made)


def flip_bits_in_the_head(draw: random.Random, data: bytes, _: object) -> bytes:
    return _flip_bits(draw, data, 0, min(len(data), draw.choice((64, 600, 2000))), draw.choice((1, 1, 2, 5)))


def flip_bits_in_the_tail(draw: random.Random, data: bytes, _: object) -> bytes:
    return _flip_bits(draw, data, max(0, len(data) - draw.choice((600, 3000))), len(data), draw.choice((1, 1, 2, 5)))


def truncate(draw: random.Random, data: bytes, _: object) -> bytes:
    return data[: draw.randrange(1, len(data))]


def behead(draw: random.Random, data: bytes, _: object) -> bytes:
    return data[draw.randrange(1, min(len(data), draw.choice((10, 1000, 10**6)))) :]


def lose_the_index(_draw: random.Random, data: bytes, _: object) -> bytes:
    return data.replace(b"moov", b"free").replace(b"idx1", b"JUNK").replace(b"\x1c\x53\xbb\x6b", b"\x1c\x53\xbb\x6c")


def zero_a_range(draw: random.Random, data: bytes, _: object) -> bytes:
    low, high = _span(draw, data, draw.choice((8, 200, 4096)))
    return data[:low] + bytes(high - low) + data[high:]


def noise_in_a_range(draw: random.Random, data: bytes, _: object) -> bytes:
    low, high = _span(draw, data, draw.choice((8, 200, 4096)))
    return data[:low] + draw.randbytes(high - low) + data[high:]


def garbage_at_the_end(draw: random.Random, data: bytes, _: object) -> bytes:
    return data + draw.choice((draw.randbytes, bytes))(draw.choice((1, 100, 10_000)))


def repeat_a_range(draw: random.Random, data: bytes, _: object) -> bytes:
    low, high = _span(draw, data, draw.choice((8, 188, 4096)))
    return data[:high] + data[low:high] * draw.choice((1, 1, 5)) + data[high:]


def remove_a_range(draw: random.Random, data: bytes, _: object) -> bytes:
    low, high = _span(draw, data, draw.choice((1, 8, 188, 4096)))
    return data[:low] + data[high:]


def swap_two_ranges(draw: random.Random, data: bytes, _: object) -> bytes:
    a, b, c, d = sorted(draw.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def wrong_sizes(draw: random.Random, data: bytes, _: object) -> bytes:
    """Of MP4 boxes and AVI chunks (the 32 bits before or behind the name), and of Matroska elements (behind)."""
    made = bytearray(data)
    for found in _some(draw, _BOX, data) or _some(draw, _ELEMENT, data):
        behind = made[:4] in (b"RIFF", b"\x1a\x45\xdf\xa3")
        at = found.end() if behind else found.start() - 4
        if 0 <= at <= len(made) - 8:
            (old,) = struct.unpack_from(">I", made, at)
            near = (old + draw.choice((-8, -4, -1, 1, 4, 8, 1000))) & 0xFFFFFFFF
            struct.pack_into(">I", made, at, draw.choice((near, near, draw.choice(_EXTREMES), draw.getrandbits(32))))
    return bytes(made)


def wrong_fields(draw: random.Random, data: bytes, _: object) -> bytes:
    """In boxes and elements: counts, times and dimensions at the ends of their range."""
    made = bytearray(data)
    for found in _some(draw, _BOX, data) or _some(draw, _ELEMENT, data):
        at = found.end() + 4 * draw.randrange(12) * (draw.random() < 0.9)
        if at <= len(made) - 4:
            struct.pack_into(">I", made, at, draw.choice((*_EXTREMES, draw.getrandbits(32))))
    return bytes(made)


def _some(draw: random.Random, pattern: re.Pattern[bytes], data: bytes) -> list[re.Match[bytes]]:
    found = list(pattern.finditer(data))
    return draw.choices(found, k=draw.choice((1, 1, 2, 4))) if found else []


DAMAGES: tuple[Callable[[random.Random, bytes, list[tuple[int, int]]], bytes], ...] = (
    flip_bits_in_packets,
    fill_packets_with_noise,
    flip_bytes_anywhere,
    flip_bits_in_the_head,
    flip_bits_in_the_tail,
    truncate,
    behead,
    lose_the_index,
    zero_a_range,
    noise_in_a_range,
    garbage_at_the_end,
    repeat_a_range,
    remove_a_range,
    swap_two_ranges,
    wrong_sizes,
    wrong_fields,
)


# --- One case ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sound:
    """A whole recording, to be damaged."""

    name: str
    data: bytes
    packets: list[tuple[int, int]]
    """Place and size in the file of each packet that knows it."""


def make_sources(folder: Path) -> None:
    """Writes the recordings that cases start from."""
    for name, (build, more) in SOURCES.items():
        build(folder / name, **{**_TINY, **more, "mux_options": {**_SAME_BYTES, **more.get("mux_options", {})}})


def _load(path: Path) -> Sound:
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux() if packet.pos is not None and packet.size]
    return Sound(path.name, path.read_bytes(), places)


class Worker:
    """Runs cases, with everything loaded that they share."""

    def __init__(self, sources: Path, folder: Path) -> None:
        self._sources = [_load(sources / name) for name in SOURCES]
        self._folder = folder
        self._actors = {strength: SharpenActor(1) for strength in (0.0, 1.0)}
        for strength, actor in self._actors.items():
            actor.load("fast", "cpu", strength)

    def damaged(self, seed: int) -> tuple[str, bytes, list[str], random.Random]:
        """The file's name and content, what was done to it, and the generator for what is still to be drawn."""
        draw = random.Random(seed)
        source = draw.choice(self._sources)
        kinds = draw.choices(DAMAGES, k=draw.choice((1, 1, 1, 2, 3)))
        data = source.data
        for kind in kinds:
            data = kind(draw, data, source.packets) if data else data
        return source.name, data, [kind.__name__ for kind in kinds], draw

    def run(self, seed: int) -> str:
        """How the case ended, in a few words.

        Raises:
            AssertionError: a promise was broken.
            Exception: anything that a person was not meant to see.
        """
        name, data, _, draw = self.damaged(seed)
        folder = self._folder / f"case-{seed}"
        folder.mkdir(parents=True)
        source = folder / name
        source.write_bytes(data)
        try:
            return self._process(source, folder, draw)
        except VidsharpError as error:
            sentence = str(error)
            assert "\n" not in sentence, sentence
            assert len(sentence) > 20, sentence
            left = [path.name for path in folder.rglob("*") if ".part" in path.name or path.name.startswith("joined")]
            assert not left, f"left behind after {sentence!r}: {left}"
            return "refused: " + _kind(sentence.replace(str(source), ""))
        finally:
            assert source.read_bytes() == data, "the input was written to"
            shutil.rmtree(folder)

    def _process(self, source: Path, folder: Path, draw: random.Random) -> str:
        strength = draw.choice((0.0, 0.0, 0.0, 1.0))
        encoder = draw.choice((EncoderChoice(), EncoderChoice("libx264", preset="ultrafast")))
        seconds = draw.choice((0.1, 0.25, 10.0))
        measure = MeasureTask(range(0, 20, 3), None, preview=True) if draw.random() < 0.1 else None
        actor = self._actors[strength]
        work = folder / "work"
        seen = see(source, source.name)
        prepared = actor.prepare(PrepareTask(source, source.name, work, "key", seconds, encoder, seen))
        assert isinstance(prepared, Prepared)
        for chunk in prepared.chunks:
            actor.sharpen(ChunkTask(prepared.info, chunk, prepared.encoder, work, "key"), measure)
        clip = ClipWork(
            Clip(source, Path(source.name)), _workspace(work), prepared.info, prepared.encoder, prepared.chunks,
            frozenset(), 0.0, [()] * len(prepared.chunks), seen, prepared.fingerprint,
            records=_workspace(work).done(prepared.chunks),
        )  # fmt: skip
        target = work / f"joined{source.suffix}"
        joined = mux_clip(prepared.info, clip.in_order(), clip.chunk_files(), target)
        row = finished_rows(
            clip, ProcessConfig((source,), folder), "cpu", target.name, joined,
            mux_s=0.1, wall_s=0.1, bytes_out=target.stat().st_size, made_with={},
        ).clip  # fmt: skip
        _check(source, target, prepared, row, joined)
        left = {path.name for path in work.iterdir() if path.suffix not in (".nut", ".mkv", ".json", ".preview")}
        assert left <= {"manifest.json", target.name}, f"left behind: {left}"
        assert not [path for path in work.iterdir() if ".part" in path.name], "left behind"
        return "whole, pictures lost" if row["frames_lost"] else "whole"


def _workspace(folder: Path) -> Any:
    from vidsharp.pipeline.workspace import Workspace

    return Workspace(folder, "key")


def _check(source: Path, out: Path, prepared: Prepared, row: Mapping[str, Any], joined: MuxResult) -> None:
    """What claims to be whole is whole: it is read back here by other code than the pipeline's."""
    shown, decodes, _ = _decoded(source, prepared.info.stream_index)
    kept_packets, kept, errors = _decoded(out, None)
    assert not errors, f"the output does not decode: {errors[:3]}"
    assert kept == kept_packets == row["frames"], f"{row['frames']} frames told, {kept} decode of {kept_packets}"
    # Behind a keyframe that is lost, a decoder may go on from what it saw before: chunks do not, and tell the loss.
    told = row["frames_lost"] if len(prepared.chunks) > 1 else 0
    assert decodes - told <= kept, f"{decodes} pictures of the input decode, {kept} came out, {told} told"
    assert len(prepared.chunks) > 1 or kept == decodes, f"{decodes} pictures decode, {kept} came out"
    assert row["frames_lost"] >= shown - kept, f"{shown} packets, {kept} frames, {row['frames_lost']} lost told"
    if not any("left out" in note for note in joined.notes):
        wanted, found = _sound(source), _sound(out)
        assert found == wanted, f"sound packets: {[len(p) for p in wanted]} became {[len(p) for p in found]}"


def _packets(container: InputContainer, streams: Iterable[Any]) -> Iterator[Packet]:
    packets = container.demux(list(streams))
    while True:
        try:
            packet = next(packets, None)
        except (FFmpegError, IndexError):  # the latter is PyAV's, at the end, where a stream came up on the way
            return
        if packet is None:
            return
        if packet.size:
            yield packet


def _decoded(path: Path, index: int | None) -> tuple[int, int, list[str]]:
    """Packets that announce a picture (both fields' announce one), pictures, and what decoders refused."""
    packets = frames = 0
    errors = []
    with av.open(str(path), metadata_errors="replace") as container:
        stream = main_video(container, path) if index is None else container.streams[index]
        assert isinstance(stream, VideoStream)
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all  # a damaged Matroska gives other packets when all are asked for
        stream.codec_context.thread_count = 1
        pairs = FieldPairs(stream)
        for packet in [*_packets(container, [stream]), None]:
            packets += packet is not None and not pairs.is_second(packet) and _announces_picture(packet)
            try:
                frames += len(stream.codec_context.decode(packet))
            except FFmpegError as error:
                errors.append(str(error))
    return packets, frames, errors


def _announces_picture(packet: Packet) -> bool:
    hidden = packet.stream.codec_context.name == "vp8" and not bytes(packet)[0] & 0x10  # RFC 6386 §9.1
    return not packet.is_discard and not hidden


def _sound(path: Path) -> list[list[str]]:
    """The digests of each sound track's packets; tracks without any are not counted."""
    with av.open(str(path), metadata_errors="replace") as container:
        tracks: dict[int, list[str]] = {stream.index: [] for stream in container.streams.audio}
        for packet in _packets(container, container.streams.audio) if tracks else ():
            payload = bytes(packet)
            if path.suffix == ".ts" and packet.stream.codec_context.name == "aac" and payload[:1] == b"\xff":
                payload = payload[7:]  # the ADTS header, which other containers do not keep
            tracks[packet.stream_index].append(hashlib.md5(payload).hexdigest())
    return [digests for digests in tracks.values() if digests]


def _kind(sentence: str) -> str:
    """The beginning of a sentence without its numbers, to count by."""
    return re.sub(r"\d+", "N", sentence).strip(": ")[:48]


# --- Many cases -------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What came of a run."""

    cases: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """How many cases ended in which way."""
    findings: list[str] = field(default_factory=list)
    """Broken promises, crashes and hangs, each with the number that brings it back."""

    def __str__(self) -> str:
        whole = sum(count for end, count in self.ends.items() if end.startswith("whole"))
        lost = self.ends["whole, pictures lost"]
        return (
            f"{self.cases} cases: {whole} whole ({lost} of them with lost pictures, told), "
            f"{self.cases - whole - len(self.findings)} refused in a sentence, {len(self.findings)} findings"
        )


def run_cases(seeds: Iterable[int], workers: int | None = None) -> Outcome:
    """Runs each case in one of a few child processes, which are replaced when they crash or hang."""
    todo = iter(seeds)
    outcome = Outcome()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "sources"
        sources.mkdir()
        make_sources(sources)

        def start() -> _Child:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, sources, Path(folder)), daemon=True)
            process.start()
            theirs.close()
            return _Child(process, ours)

        children = [start() for _ in range(workers or len(os.sched_getaffinity(0)))]
        try:
            while children:
                wait([child.pipe for child in children], timeout=1)
                for place, child in enumerate(children):
                    if child.heard(outcome):
                        child.give(next(todo, None))
                    elif not child.process.is_alive() or child.hangs:
                        child.lost(outcome)
                        children[place] = start()
                children = [child for child in children if not child.done]
        finally:
            for child in children:
                child.process.kill()
    return outcome


class _Child:
    """A worker process, as the parent sees it."""

    def __init__(self, process: Any, pipe: Connection) -> None:
        self.process, self.pipe = process, pipe
        self.seed: int | None = None
        self.since = time.monotonic()
        self.done = False

    @property
    def hangs(self) -> bool:
        return self.seed is not None and time.monotonic() - self.since > HANG_S

    def heard(self, outcome: Outcome) -> bool:
        """Takes the end of a case, if there is one; a worker that has just started sends None."""
        try:
            answer = self.pipe.recv() if self.pipe.poll() else ...
        except (EOFError, ConnectionError):
            return False
        if answer is ...:
            return False
        if answer is not None:
            end, finding = answer
            outcome.cases += 1
            if finding:
                outcome.findings.append(f"case {self.seed}: {finding}")
            else:
                outcome.ends[end] += 1
        return True

    def give(self, seed: int | None) -> None:
        self.seed, self.since, self.done = seed, time.monotonic(), seed is None
        with suppress(OSError):  # where it has died, that is noticed next
            self.pipe.send(seed)

    def lost(self, outcome: Outcome) -> None:
        how = f"no end after {HANG_S:g} s" if self.process.is_alive() else f"the process died ({self.process.exitcode})"
        self.process.kill()
        self.process.join()
        if self.seed is None:
            raise RuntimeError(f"a worker cannot start: {how}")
        outcome.cases += 1
        outcome.findings.append(f"case {self.seed}: {how}")


def _serve(pipe: Connection, sources: Path, folder: Path) -> None:
    silence()
    worker = Worker(sources, folder)
    pipe.send(None)
    while (seed := pipe.recv()) is not None:
        try:
            pipe.send((worker.run(seed), None))
        except BaseException as error:
            name, _, kinds, _ = worker.damaged(seed)
            pipe.send((None, f"{name}, {' + '.join(kinds)}: {type(error).__name__}: {error}"))


def main() -> None:
    """Runs as many cases as one likes, prints how they ended, and exits with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first case")
    parser.add_argument("--workers", type=int, help="processes [default: one for each core]")
    options = parser.parse_args()
    outcome = run_cases(range(options.seed, options.seed + options.cases), options.workers)
    for end, count in outcome.ends.most_common():
        print(f"{count:6} {end}")
    for finding in outcome.findings:
        print(finding)
    print(outcome)
    sys.exit(1 if outcome.findings else 0)


if __name__ == "__main__":
    main()
