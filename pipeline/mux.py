"""Joins a clip's chunks and puts them beside the source's other streams; what was written is read back and verified."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.format import ContainerFormat
from av.format import Flags as FormatFlags
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.stream import VideoStream

from ..models.errors import VidsharpError
from .canvas import canvas_notes
from .chunk_record import ChunkRecord
from .clip_times import ClipTimes
from .container import (
    add_copy,
    add_cover,
    can_hold,
    cover_type,
    keeps_any_tag,
    muxers_to_try,
    open_output,
    own_muxer,
    why_not_its_own,
)
from .container_traits import MATROSKA, source_traits, written_traits
from .errors import OutputError, ResultRefused, disk_sentence
from .field_notes import field_notes
from .file_provenance import FileProvenance, sharpened_before
from .lost_facts import lost_facts
from .monotonic_dts import monotonic_dts
from .mp4_tags import append_tags
from .part_packets import PartPackets
from .plan import WHOLE, PtsRange
from .probe import ClipInfo
from .recording import announced, open_recording, readable_packets, timed_packets
from .sharpen_chunk import packet_order
from .verify import MovedPictures, UnfitContainer, is_pause, verify_clip
from .window import Window


@dataclass(frozen=True)
class MuxResult:
    """How a clip was joined."""

    muxer: str
    own_muxer: str | None
    """The muxer of the source's container, if it has one; another one was used where that could not hold the clip."""
    codec: str
    notes: tuple[str, ...]
    """What the user should know, each in a sentence."""


def mux_clip(
    info: ClipInfo,
    records: Sequence[ChunkRecord],
    chunk_files: Sequence[Path],
    target: Path,
    on_packet: Callable[[], None] = lambda: None,
    within: PtsRange = WHOLE,
    provenance: FileProvenance | None = None,
) -> MuxResult:
    """Writes the whole clip to `target`: sharpened pictures, and every other stream copied packet for packet.

    Tries the source's own container first, then Matroska, and reads back what it wrote: a container that cannot keep
    the packets or the pictures' times does not count as written.

    Args:
        records: of all chunks, in order.
        chunk_files: one path for each record; absent where the record has no frames.
        target: a temporary file, on the file system of the final one.
        on_packet: called for each packet that is read or written; what it raises ends the work, and leaves no `target`.
        within: the pictures that the chunks have; the other streams are cut to match, and all times count from there.
        provenance: what the file is to say of its making, where its container can.

    Raises:
        MediaError: the recording can no longer be opened.
        OutputError: no container could be written. `target` is gone then.
    """
    own, tried = own_muxer(info.container, info.path.suffix), muxers_to_try(info.container, info.path.suffix)
    reasons = [] if own else [why_not_its_own(info.container, info.codec, info.frame_rate)]
    empty = _empty_streams(info, on_packet, within, written_traits(tried[0]).edit_lists)
    attempts = [(muxer, False) for muxer in tried]
    tags = provenance.tags() if provenance else {}
    for muxer, apart in attempts:
        try:
            with open_recording(info.path) as source:
                kept, notes = _streams_to_keep(muxer, source, info, empty, within)
                window = _window(muxer, source, info, within)
                moved = window.moved_back(records, info.time_base)
                written, codec, said = _write(
                    muxer, source, kept, info, moved, chunk_files, target, on_packet, window, tags
                )
            made = verify_clip(target, info, moved, written, on_packet, apart=apart)
        except UnfitContainer as reason:
            target.unlink(missing_ok=True)
            reasons.append(f"{muxer} {reason}")
            if isinstance(reason, MovedPictures) and not apart:
                attempts.append((muxer, True))  # at the end: better pictures that are a tick apart than no clip
            continue
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        if muxer != own:
            notes = (f"written as .mkv: {reasons[0]}", *notes)
        if apart:
            notes = (*notes, "pictures that share a time were moved apart, by a tick each")
        if within != WHOLE:
            notes = (window.sentence(info), *notes)
        changed = canvas_notes(info, [kind for record in records for kind in record.fitted])
        fields = field_notes(info, made, records)
        return MuxResult(muxer, own, codec, (*notes, *changed, *lost_facts(info, made), *fields, *said))
    said = "; ".join(dict.fromkeys(reasons))
    raise ResultRefused(f"{info.path}: no container could be written ({said})", info.path)


def _window(muxer: str, source: InputContainer, info: ClipInfo, within: PtsRange) -> Window:
    """The part of the recording, which begins when the recording did. Where times before zero cannot be written, its
    pictures begin when the recording's did: they may be decoded before they are shown."""
    stream = source.streams[info.stream_index]
    negative = bool(ContainerFormat(muxer, "w").flags & FormatFlags.ts_negative.value)
    first = info.start if negative else (stream.start_time or 0) * info.time_base
    return Window.of(within, info, first)


def _streams_to_keep(
    muxer: str, source: InputContainer, info: ClipInfo, empty: set[int], within: PtsRange
) -> tuple[list[Stream], tuple[str, ...]]:
    """The streams to write, the sharpened one among them, in the source's order."""
    kept: list[Stream] = []
    notes: list[str] = []
    for stream in source.streams:
        if stream.discard == Discard.all or ("timecode" in stream.metadata and stream.type == "data"):
            continue  # an MP4's chapter track (its demuxer hides it) or time code, which the muxer writes anew
        if stream.index in empty:
            where = "" if within == WHOLE else " in this part"
            notes.append(f"stream {stream.index} ({stream.type}) left out: it is empty{where}")
        elif stream.index == info.stream_index or can_hold(muxer, source, stream):
            kept.append(stream)
        elif muxer != MATROSKA and can_hold(MATROSKA, source, stream):
            raise UnfitContainer(f"cannot hold a copy of stream {stream.index} ({stream.type})")
        else:
            notes.append(f"stream {stream.index} ({stream.type}) left out: no container here can hold a copy of it")
    return kept, tuple(notes)


def _empty_streams(info: ClipInfo, on_packet: Callable[[], None], within: PtsRange, edit_lists: bool) -> set[int]:
    """Tracks that a header announces and no packet belongs to; muxers drop them, and the rest would move up."""
    # Read apart: after seeking back, a demuxer would skip the packets before the first picture's.
    with open_recording(info.path) as container:
        suspects = {
            stream.index
            for stream in container.streams
            if stream.index != info.stream_index
            and stream.type != "attachment"
            and (within != WHOLE or not stream.frames)
        }
        part = PartPackets(Window.of(within, info, info.start), edit_lists=edit_lists)
        for packet in part.of(announced(readable_packets(container), on_packet)) if suspects else ():
            if packet.size:
                suspects.discard(packet.stream_index)
            if not suspects:
                break
    return suspects


def _write(
    muxer: str,
    source: InputContainer,
    kept: Sequence[Stream],
    info: ClipInfo,
    records: Sequence[ChunkRecord],
    chunk_files: Sequence[Path],
    path: Path,
    on_packet: Callable[[], None],
    window: Window,
    tags: Mapping[str, str],
) -> tuple[list[tuple[str, int]], str, list[str]]:
    """Writes all streams. Returns the kind of each copied stream with its packets, in order, the video's codec, and
    what is to be said of damage and of cuts."""
    files = [file for file, record in zip(chunk_files, records, strict=True) if record.frames]
    if not files:
        raise ResultRefused(f"{info.path}: none of its pictures decodes", info.path)
    copied: dict[int, int] = {}
    moved: Counter[int] = Counter()
    damage: list[str] = []
    try:
        chapters = window.chapters(source.chapters())
        with av.open(str(files[0])) as first, open_output(path, muxer, source, chapters, tags) as target:
            flags = target.format.flags
            strict = not flags & FormatFlags.ts_nonstrict.value
            times = ClipTimes.of(
                records,
                strict=strict,
                negative=bool(flags & FormatFlags.ts_negative.value),
                contiguous=source_traits(info.container).contiguous,
            )
            new_streams: dict[int, Stream] = {}
            for stream in kept:
                media_type = cover_type(muxer, stream)
                if stream.index == info.stream_index:
                    new_streams[stream.index] = _add_video(target, stream, first.streams.video[0], info, times)
                elif media_type is not None:
                    add_cover(target, stream, media_type, _first_payload(info.path, stream.index))
                    copied[stream.index] = 1
                else:
                    new_streams[stream.index] = add_copy(target, stream)
                    copied[stream.index] = 0
            target.start_encoding()
            video = new_streams[info.stream_index]
            extradata = first.streams.video[0].codec_context.extradata
            codec = first.streams.video[0].codec_context.codec.canonical_name
            with_header = codec in written_traits(muxer).bare_codecs
            made = _pictures(info, records, chunk_files, extradata, times, with_header=with_header)
            pictures = announced(made, on_packet)
            waiting = next(pictures, None)
            others = [stream for stream in kept if not copied.get(stream.index, 1) and stream.type != "attachment"]
            ticks = {number: stream.time_base or info.time_base for number, stream in new_streams.items()}
            packets = announced(timed_packets(source, others, damage), on_packet) if others else ()
            part = PartPackets(window, edit_lists=written_traits(muxer).edit_lists)
            for packet in monotonic_dts(part.of(packets), ticks, strict=strict, moved=moved):
                while waiting is not None and _seconds(waiting) <= _seconds(packet):
                    _mux(target, waiting, video)
                    waiting = next(pictures, None)
                copied[packet.stream_index] += not is_pause(packet)
                _mux(target, packet, new_streams[packet.stream_index])
            while waiting is not None:
                _mux(target, waiting, video)
                waiting = next(pictures, None)
        if not keeps_any_tag(muxer, source):
            append_tags(path, tags)
    except (OSError, ValueError, OverflowError) as error:  # times may not fit in 64 bits
        if isinstance(error, VidsharpError):
            raise
        library = isinstance(error, FFmpegError) and (error.errno is None or error.errno < 0 or error.errno == 22)
        if library or not isinstance(error, OSError):
            raise UnfitContainer(f"refuses the clip ({_reason(error)})") from error
        raise OutputError(disk_sentence(error, path), path) from error
    for number in sorted(moved):
        if moved[number]:
            damage.append(f"the times of stream {number} step back: {moved[number]} packets were moved")
    before = sharpened_before(source.metadata)
    said = [
        *([before] if before else []),
        *damage,
        *part.notes(),
        *window.time_code_note(stream.metadata for stream in (source, *kept)),
    ]
    return [(stream.type, copied[stream.index]) for stream in kept if stream.index in copied], codec, said


def _reason(error: Exception) -> str:
    """What FFmpeg says, without the paths and lines of its log that PyAV appends: they are not for people."""
    return (getattr(error, "strerror", None) or str(error)).partition(": ")[0]


def _first_payload(path: Path, stream_index: int) -> bytes:
    with open_recording(path) as apart:
        return bytes(next(readable_packets(apart, [apart.streams[stream_index]]), b""))


def _add_video(
    target: OutputContainer, source: Stream, encoded: VideoStream, info: ClipInfo, times: ClipTimes
) -> VideoStream:
    """Adds the stream of sharpened pictures. Where the codec is the source's, the source is the model, so that side
    data of the stream (HDR, stereo) comes along; not for Dolby Vision, whose per-picture data the encoder drops."""
    same_codec = encoded.codec_context.codec.canonical_name == info.codec
    template = source if same_codec and not info.dolby_vision else encoded
    stream = target.add_stream_from_template(template, opaque=True)  # type: ignore[type-var]
    assert isinstance(stream, VideoStream)
    context, made = stream.codec_context, encoded.codec_context
    context.extradata = made.extradata
    context.width, context.height, context.pix_fmt = made.width, made.height, info.pix_fmt
    context.color_range, context.color_primaries = info.colour.range, info.colour.primaries
    context.color_trc, context.colorspace = info.colour.transfer, info.colour.matrix
    context.bit_rate = 0  # the source's no longer holds
    context.framerate = info.frame_rate
    context.reorder_depth = times.reorder_depth
    if info.sample_aspect_ratio:
        context.sample_aspect_ratio = info.sample_aspect_ratio
    tag = written_traits(target.format.name).codec_tags.get(made.codec.canonical_name)
    if tag is not None:
        context.codec_tag = tag
    stream.time_base = info.time_base
    stream.metadata.update(source.metadata)
    stream.disposition = source.disposition
    if info.display_matrix:
        stream.set_display_matrix(info.display_matrix)
    return stream


def _pictures(
    info: ClipInfo,
    records: Sequence[ChunkRecord],
    chunk_files: Sequence[Path],
    extradata: bytes | None,
    times: ClipTimes,
    *,
    with_header: bool,
) -> Iterator[Packet]:
    """All chunks' packets in decode order, with the source's times; `with_header`: key pictures come with extradata."""
    first = place = 0
    for record, file in zip(records, chunk_files, strict=True):
        if not record.frames:
            continue
        ranks = packet_order(file)
        with av.open(str(file)) as chunk:
            stream = chunk.streams.video[0]
            if stream.codec_context.extradata != extradata:
                raise ResultRefused(
                    f"{info.path}: the encoder wrote different headers for chunk {record.index}; "
                    "choose another with --encoder",
                    info.path,
                )
            packets = (packet for packet in chunk.demux(stream) if packet.size)
            if with_header:
                dump = BitStreamFilterContext("dump_extra", stream)
                packets = (whole for packet in packets for whole in dump.filter(packet))
            for rank, packet in zip(ranks, packets, strict=True):
                packet.pts = times.pts[first + rank]
                packet.dts = times.dts(place)
                packet.duration = times.durations[first + rank]
                packet.time_base = info.time_base
                yield packet
                place += 1
        first += record.frames


def _seconds(packet: Packet) -> Fraction:
    """When a packet is due. Packets without any time go out at once."""
    time = packet.dts if packet.dts is not None else packet.pts
    return time * packet.time_base if time is not None else Fraction(-(10**9))


def _mux(target: OutputContainer, packet: Packet, stream: Stream) -> None:
    packet.stream = stream
    target.mux_one(packet)
