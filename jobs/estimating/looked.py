"""A recording as an estimate sees it: its description, its chunks, and the places where pieces of it may begin."""

from dataclasses import dataclass

from av.video.format import VideoFormat

from ...pipeline.encoder_plan import EncoderPlan
from ...pipeline.plan import Chunk
from ...pipeline.probe import ClipInfo
from .cost_model import Kind


@dataclass(frozen=True)
class Start:
    """A place where a piece may begin."""

    chunk: Chunk
    """Begins there."""
    end_packet: int
    """Of the recording."""


@dataclass(frozen=True)
class Looked:
    """A worker's answer about a recording."""

    info: ClipInfo
    encoder: EncoderPlan
    chunks: tuple[Chunk, ...]
    """As `process` plans it; empty where its packets were not read."""
    starts: tuple[Start, ...]
    video_bytes: int
    look_s: float
    read_s: float
    share: float = 1.0
    """Of its pictures that are taken."""
    copied: bool = False
    """Whether it is sharp already, and is to be copied as it is."""


def kind_of(info: ClipInfo, encoder: EncoderPlan) -> Kind:
    """All that decides what a frame of a recording costs."""
    bits = VideoFormat(info.pix_fmt).components[0].bits
    return Kind(info.width, info.height, info.codec, bits, encoder.name)
