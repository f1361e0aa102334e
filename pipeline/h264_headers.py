"""The headers of an H.264 picture, read before it is decoded: whether it is a field, and whether it is interlaced.

Numbers of clauses are those of ITU-T H.264.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .bit_reader import Bits
from .nal_units import header_units, length_bytes, nal_units, sei_messages, unescaped

_HEAD = 2048
"""Bytes of a packet in which the first slice's header nearly always is."""

_HIGH_PROFILES = (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244)
"""Those whose parameter sets name chroma format and depth (7.3.2.1.1)."""

_PIC_TIMING = 1
"""The type of the message that may say whether a picture is interlaced (D.1.1)."""


@dataclass(frozen=True)
class CodedPicture:
    """One packet's picture, as its headers describe it."""

    field: int | None
    """0 where the packet holds a top field alone, 1 a bottom field alone; None where it holds a whole picture."""
    frame_num: int
    reference: bool
    """Whether later pictures may refer to it."""
    idr: bool
    interlaced: bool
    """As FFmpeg's decoder says it of the decoded picture."""


@dataclass(frozen=True)
class _SequenceSet:
    frame_num_bits: int
    separate_planes: bool
    frames_only: bool
    mbaff: bool
    """Frames may be coded as pairs of field macroblocks."""
    delay_bits: int = 0
    """Of a picture timing message, those before its `pic_struct`."""
    pic_struct: bool = False


class H264Headers:
    """Reads a stream's packets one after the other, since parameter sets hold until they are replaced."""

    def __init__(self, extradata: bytes | None) -> None:
        extradata = extradata or b""
        self._length_bytes = length_bytes("h264", extradata)
        self._sequences: dict[int, _SequenceSet] = {}
        self._sequence_of: dict[int, int] = {}
        """From picture to sequence parameter set."""
        self._was_interlaced = True  # as FFmpeg's decoder begins
        for unit in header_units("h264", extradata):
            self._read_parameters(unit)

    @property
    def frames_only(self) -> bool:
        """Whether there are parameter sets, and all known ones say that no picture has fields."""
        return bool(self._sequences) and all(sequence.frames_only for sequence in self._sequences.values())

    @property
    def in_band(self) -> bool:
        """Whether packets may bring parameter sets of their own at any time."""
        return not self._length_bytes

    def read(self, packet: bytes | memoryview) -> CodedPicture | None:
        """The picture of the next packet in decode order; None where its headers are missing or damaged."""
        picture = self._read(bytes(packet[:_HEAD]))
        if len(packet) > _HEAD and (picture is None or picture.field is not None):
            picture = self._read(bytes(packet))  # the other field of the picture may be in the rest
        if picture is not None:
            self._was_interlaced = picture.interlaced
        return picture

    def _read(self, data: bytes) -> CodedPicture | None:
        messages: list[bytes] = []
        first: CodedPicture | None = None
        for unit in nal_units(data, self._length_bytes):
            kind = unit[0] & 31
            if kind == 6:
                messages.append(unit)
            elif kind in (7, 8):
                self._read_parameters(unit)
            elif kind in (1, 2, 5):
                try:
                    picture = self._read_slice(unit, messages if first is None else ())
                except (IndexError, KeyError):
                    continue
                if picture.field is None:
                    return picture
                if first is None:
                    first = picture
                elif picture.field != first.field:
                    return replace(first, field=None)
        return first

    def _read_parameters(self, unit: bytes) -> None:
        bits = Bits(unescaped(unit[1:]))
        try:
            if unit[0] & 31 == 7:
                number, sequence = _sequence_set(bits)
                self._sequences[number] = sequence
            elif unit[0] & 31 == 8:
                picture_set = bits.ue()
                self._sequence_of[picture_set] = bits.ue()
        except IndexError:
            pass  # damaged: the decoder cannot use it either

    def _read_slice(self, unit: bytes, messages: Sequence[bytes]) -> CodedPicture:
        """7.3.3. Raises IndexError or KeyError where the header is cut off or no parameter set belongs to it."""
        bits = Bits(unescaped(unit[1:64]))
        bits.ue()  # first macroblock
        bits.ue()  # slice type
        sequence = self._sequences[self._sequence_of[bits.ue()]]
        if sequence.separate_planes:
            bits.u(2)
        frame_num = bits.u(sequence.frame_num_bits)
        field = None
        if not sequence.frames_only and bits.u(1):
            field = bits.u(1)
        interlaced = not sequence.frames_only and self._is_interlaced(sequence, field is not None, messages)
        return CodedPicture(field, frame_num, bool(unit[0] >> 5 & 3), unit[0] & 31 == 5, interlaced)

    def _is_interlaced(self, sequence: _SequenceSet, is_field: bool, messages: Sequence[bytes]) -> bool:
        """D.2.3, as FFmpeg's decoder reads it: what is said goes before how it is coded."""
        structure, clock = _pic_struct(messages, sequence)
        as_fields = is_field or sequence.mbaff
        if structure is None:
            return as_fields
        if clock is not None and structure <= 4:
            return clock
        if structure in (3, 4):  # a frame of two fields: of film, where it is amid progressive ones
            return as_fields or self._was_interlaced
        return structure in (1, 2)


def _sequence_set(bits: Bits) -> tuple[int, _SequenceSet]:
    """7.3.2.1.1, with its number."""
    profile = bits.u(8)
    bits.u(16)
    number, separate_planes = bits.ue(), False
    if profile in _HIGH_PROFILES:
        chroma_format = bits.ue()
        separate_planes = chroma_format == 3 and bool(bits.u(1))
        bits.ue()
        bits.ue()
        bits.u(1)
        if bits.u(1):
            for matrix in range(12 if chroma_format == 3 else 8):
                if bits.u(1):
                    _skip_scaling_list(bits, 16 if matrix < 6 else 64)
    frame_num_bits = bits.ue() + 4
    order_type = bits.ue()
    if order_type == 0:
        bits.ue()
    elif order_type == 1:
        bits.u(1)
        for _ in range(2):
            bits.se()
        for _ in range(bits.ue()):
            bits.se()
    bits.ue()  # reference frames
    bits.u(1)
    bits.ue()  # width
    bits.ue()  # height
    frames_only = bool(bits.u(1))
    mbaff = not frames_only and bool(bits.u(1))
    bits.u(1)
    if bits.u(1):
        for _ in range(4):
            bits.ue()
    delay_bits, pic_struct = _usability(bits) if bits.u(1) else (0, False)
    return number, _SequenceSet(frame_num_bits, separate_planes, frames_only, mbaff, delay_bits, pic_struct)


def _skip_scaling_list(bits: Bits, size: int) -> None:
    """7.3.2.1.1.1."""
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _usability(bits: Bits) -> tuple[int, bool]:
    """E.1.1: the bits of a picture timing message before its `pic_struct`, and whether there is one."""
    if bits.u(1) and bits.u(8) == 255:
        bits.u(32)
    if bits.u(1):
        bits.u(1)
    if bits.u(1):
        bits.u(4)
        if bits.u(1):
            bits.u(24)
    if bits.u(1):
        bits.ue()
        bits.ue()
    if bits.u(1):
        bits.u(65)
    delay_bits = 0
    for _ in range(2):  # of NAL units, of slices alone
        if bits.u(1):
            delay_bits = _delay_bits(bits)
    if delay_bits:
        bits.u(1)
    return delay_bits, bool(bits.u(1))


def _delay_bits(bits: Bits) -> int:
    """E.1.2: the bits of both delays in a picture timing message."""
    count = bits.ue() + 1
    bits.u(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.u(1)
    bits.u(5)
    delays = bits.u(5) + 1 + bits.u(5) + 1
    bits.u(5)
    return delays


def _timing_message(unit: bytes) -> bytes | None:
    """The first picture timing message (D.1.3) of an SEI unit."""
    return next((payload for kind, payload in sei_messages(unescaped(unit[1:])) if kind == _PIC_TIMING), None)


def _pic_struct(messages: Sequence[bytes], sequence: _SequenceSet) -> tuple[int | None, bool | None]:
    """`pic_struct` and whether the first clock time says interlaced; None where they are not said."""
    if not sequence.pic_struct:
        return None, None
    timings = [timing for unit in messages if (timing := _timing_message(unit))]
    if not timings:
        return None, None
    bits = Bits(timings[-1][:64])
    try:
        bits.u(sequence.delay_bits)
        structure = bits.u(4)
        clock = bits.u(2) if bits.u(1) else 2
    except IndexError:
        return None, None
    return structure, bool(clock) if clock < 2 else None
