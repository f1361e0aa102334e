"""One clip's whole way through the pipeline, as the jobs do it, and what to compare at its end."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import torch
from av.error import FFmpegError
from av.stream import AttachmentStream, Discard, Disposition
from av.video.frame import VideoFrame
from torch import Tensor, nn
from vidsharp.models.enhance import Enhancer
from vidsharp.models.nets.catalogue import student_of
from vidsharp.models.nets.protocol import Domain
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.mux import MuxResult, mux_clip
from vidsharp.pipeline.plan import Chunk, plan_chunks
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.sharpen import check_pixel_format
from vidsharp.pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from vidsharp.pipeline.survey import read_through
from vidsharp.pipeline.timeline import missing_pictures
from vidsharp.pipeline.workspace import Workspace

from tests.support import media

LOSSLESS = EncoderChoice(name="libx264", preset="ultrafast", options={"qp": "0"})
"""Pictures of 8 bits come back bit for bit."""

FFV1 = EncoderChoice(name="ffv1")
"""Pictures of any depth come back bit for bit; few containers hold it."""

QUICK = EncoderChoice(name="libx264", crf=30, preset="ultrafast")


OWN = EncoderChoice()
"""The encoder of the source's codec."""


class _Formula(nn.Module):
    """A student whose answer a test can work out: the mean of each sample with its neighbour above, inverted."""

    halo_px = 1
    align_px = 1
    sees_beyond_halo = False
    looks = 1
    radius = 0
    far_neighbours = ()

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain
        self.anchor = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        above = torch.cat([x[..., :1, :], x[..., :-1, :]], dim=-2)
        return 1 - (x + above) / 2


def stub(strength: float = 1.0, domain: Domain = "luma") -> Enhancer:
    """An enhancer whose student is cheap, changes every picture, and mixes neighbouring rows."""
    return Enhancer(student_of("stub", _Formula(domain)), strength=strength)


@dataclass(frozen=True)
class Passage:
    """What each stage made of one clip."""

    source: Path
    out: Path
    """The joined file, under the name that the user would see."""
    info: ClipInfo
    chunks: tuple[Chunk, ...]
    records: tuple[ChunkRecord, ...]
    chunk_files: tuple[Path, ...]
    mux: MuxResult

    @property
    def frames(self) -> int:
        return sum(record.frames for record in self.records)


def plan_of(
    path: Path, seconds: float = 0.5, encoder: EncoderChoice = OWN, context: tuple[int, int] = (0, 0)
) -> tuple[ClipInfo, tuple[Chunk, ...]]:
    """A recording's facts, and its chunks of at least `seconds`, with so many pictures of context."""
    info = probe(path)
    check_pixel_format(info)
    info, _, timeline = read_through(info, encoder)
    ticks, missing = max(1, round(seconds / info.time_base)), missing_pictures(info, timeline)
    return info, plan_chunks(timeline, ticks, missing, context=context)


def sharpen_all(
    info: ClipInfo, chunks: tuple[Chunk, ...], folder: Path, encoder: EncoderChoice, enhancer: Enhancer
) -> tuple[tuple[ChunkRecord, ...], tuple[Path, ...]]:
    """Every chunk's record and file, made in a workspace inside `folder`."""
    workspace = Workspace.of(folder, info.path.name, "key")
    workspace.begin(info.path.name, chunks)
    plan = resolve_encoder(encoder, info)
    records = [sharpen_chunk(ChunkTask(info, chunk, plan, workspace.folder, "key"), enhancer) for chunk in chunks]
    return tuple(records), tuple(workspace.chunk_file(chunk.name) for chunk in chunks)


def pass_through(
    source: Path,
    folder: Path,
    encoder: EncoderChoice = LOSSLESS,
    enhancer: Enhancer | None = None,
    *,
    seconds: float = 0.5,
) -> Passage:
    """Runs probe, plan, sharpen and mux; at strength 0 unless another enhancer is given."""
    enhancer = enhancer or stub(0)
    info, chunks = plan_of(source, seconds, encoder, enhancer.context)
    records, files = sharpen_all(info, chunks, folder / "work", encoder, enhancer)
    made = folder / "out" / source.name
    made.parent.mkdir(exist_ok=True)
    result = mux_clip(info, records, files, made)
    out = made if result.muxer == result.own_muxer else made.with_suffix(".mkv")
    made.rename(out)
    return Passage(source, out, info, chunks, records, files, result)


@dataclass(frozen=True)
class Copied:
    """One stream that is copied: what the user would miss if it changed."""

    kind: str
    codec: str
    language: str | None
    disposition: Disposition
    payloads: tuple[str, ...]
    """MD5 of each packet."""
    seconds: tuple[Fraction | None, ...]
    """When each packet is presented."""
    time_base: Fraction
    content: bytes
    """Of an attachment."""


_PAUSE = hashlib.md5(bytes(2)).hexdigest()
"""A caption without text: an MP4's muxer fills pauses with any number of them."""


def copied_streams(path: Path, video: int) -> list[Copied]:
    """All streams but the sharpened one. Left out is what muxers make anew: an MP4's chapter and time code tracks."""
    packets = media.stream_packets(path)
    found = []
    with av.open(str(path), metadata_errors="replace") as container:
        for stream in container.streams:
            made_anew = stream.discard == Discard.all or "timecode" in stream.metadata
            if stream.index == video or made_anew:
                continue
            base = stream.time_base or Fraction(1)
            own = [packet for packet in packets[stream.index] if stream.type != "subtitle" or packet[4] != _PAUSE]
            found.append(
                Copied(
                    kind=stream.type,
                    codec=stream.codec_context.name if stream.codec_context else "",
                    language=stream.language,
                    disposition=stream.disposition,
                    payloads=tuple(packet[4] for packet in own),
                    seconds=tuple(None if packet[0] is None else packet[0] * base for packet in own),
                    time_base=base,
                    content=stream.data if isinstance(stream, AttachmentStream) else b"",
                )
            )
    return found


def main_index(path: Path) -> int:
    """The stream with moving pictures."""
    with av.open(str(path), metadata_errors="replace") as container:
        return next(s.index for s in container.streams.video if not s.disposition & Disposition.attached_pic)


def main_times(path: Path) -> tuple[list[Fraction], Fraction]:
    """When each decoded picture is shown, in seconds, and the stream's tick; packets that do not decode are skipped."""
    times = []
    with av.open(str(path), metadata_errors="replace") as container:
        stream = container.streams[main_index(path)]
        tick = stream.time_base
        assert tick is not None
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                continue
            for frame in frames:
                assert isinstance(frame, VideoFrame)
                stamp = frame.pts if frame.pts is not None else frame.dts  # AVI stores no presentation times
                assert stamp is not None
                times.append(stamp * tick)
    return times, tick


def times_are_kept(passage: Passage) -> None:
    """Presentation times, to within a tick; no packet is decoded after it is shown."""
    wanted, _ = main_times(passage.source)
    found, tick = main_times(passage.out)
    if passage.info.container == "avi":  # its times are those of packets: right, but in decode order
        wanted = sorted(wanted)
    assert len(found) == len(wanted)
    assert all(abs(a - b) <= tick for a, b in zip(wanted, found, strict=True))
    stamps = [packet[:2] for packet in media.stream_packets(passage.out)[main_index(passage.out)]]
    assert all(dts is None or pts is None or dts <= pts for pts, dts in stamps)


def others_are_copied(passage: Passage) -> None:
    """Every other stream: packet for packet, at its times, with its language and disposition."""
    wanted = copied_streams(passage.source, passage.info.stream_index)
    found = copied_streams(passage.out, main_index(passage.out))
    assert [stream.kind for stream in found] == [stream.kind for stream in wanted]
    for before, after in zip(wanted, found, strict=True):
        assert after.payloads == before.payloads
        assert (after.codec, after.disposition) == (before.codec, before.disposition)
        assert (after.language or "und") == (before.language or "und")
        assert after.content == before.content
        for a, b in zip(before.seconds, after.seconds, strict=True):
            assert a is None or b is None or abs(a - b) <= after.time_base
