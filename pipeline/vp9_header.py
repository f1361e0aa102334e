"""The sizes of VP9 pictures, read from frame headers: any VP9 frame may change the size, not only a keyframe.

VP9 Bitstream & Decoding Process Specification 0.6, §6.2 (uncompressed header) and annex B (superframes).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .bit_reader import Bits

_SYNC_CODE = 0x498342
_RGB = 7
_SUBSAMPLING = {(1, 1): "420", (1, 0): "422", (0, 1): "440", (0, 0): "444"}


@dataclass(frozen=True)
class Vp9Picture:
    """A picture that is shown, as its header tells."""

    width: int
    height: int
    pix_fmt: str
    keyframe: bool


class Vp9Headers:
    """Follows a stream's frame headers: most frames take their size from one of eight reference pictures."""

    def __init__(self) -> None:
        self._references: list[tuple[int, int] | None] = [None] * 8
        self._pix_fmt = "yuv420p"

    def pictures(self, packet: bytes) -> list[Vp9Picture]:
        """The pictures that a packet shows; with spatial layers these are several. What makes no sense is left out."""
        shown = []
        for frame in _frames(packet):
            try:
                picture = self._read(Bits(frame))
            except IndexError:  # the header is cut off
                continue
            if picture is not None:
                shown.append(picture)
        return shown

    def _read(self, bits: Bits) -> Vp9Picture | None:
        if bits.u(2) != 2:
            return None
        profile = bits.u(1) | bits.u(1) << 1
        if profile == 3:
            bits.u(1)
        if bits.u(1):  # show_existing_frame
            return self._shown(self._references[bits.u(3)], keyframe=False)
        keyframe, shown, resilient = not bits.u(1), bits.u(1), bits.u(1)
        if keyframe:
            if bits.u(24) != _SYNC_CODE:
                return None
            self._pix_fmt = _pixel_format(bits, profile)
            refreshed, size = 0xFF, _size(bits)
        else:
            intra_only = not shown and bits.u(1)
            bits.u(0 if resilient else 2)
            if intra_only:
                if bits.u(24) != _SYNC_CODE:
                    return None
                if profile:
                    _pixel_format(bits, profile)
                refreshed, size = bits.u(8), _size(bits)
            else:
                refreshed, size = bits.u(8), self._size_with_references(bits)
        for slot in range(8):
            if refreshed >> slot & 1:
                self._references[slot] = size
        return self._shown(size, keyframe=keyframe) if shown else None

    def _size_with_references(self, bits: Bits) -> tuple[int, int] | None:
        slots = []
        for _ in range(3):
            slots.append(bits.u(3))
            bits.u(1)
        for slot in slots:
            if bits.u(1):
                return self._references[slot]
        return _size(bits)

    def _shown(self, size: tuple[int, int] | None, *, keyframe: bool) -> Vp9Picture | None:
        return None if size is None else Vp9Picture(*size, self._pix_fmt, keyframe)


def _size(bits: Bits) -> tuple[int, int]:
    return bits.u(16) + 1, bits.u(16) + 1


def _pixel_format(bits: Bits, profile: int) -> str:
    depth = 8 if profile < 2 else 12 if bits.u(1) else 10
    suffix = "" if depth == 8 else f"{depth}le"
    if bits.u(3) == _RGB:
        bits.u(profile & 1)
        return f"gbrp{suffix}"
    bits.u(1)  # range
    subsampling = (bits.u(1), bits.u(1)) if profile & 1 else (1, 1)
    bits.u(profile & 1)
    return f"yuv{_SUBSAMPLING[subsampling]}p{suffix}"


def _frames(packet: bytes) -> Iterator[bytes]:
    """The frames of a packet: one, or those that the index at a superframe's end names."""
    marker = packet[-1] if packet else 0
    count, width = (marker & 7) + 1, (marker >> 3 & 3) + 1
    length = 2 + count * width
    if marker & 0xE0 != 0xC0 or len(packet) < length or packet[-length] != marker:
        yield packet
        return
    at, sizes = 0, packet[-length + 1 : -1]
    for number in range(count):
        size = int.from_bytes(sizes[number * width : (number + 1) * width], "little")
        yield packet[at : at + size]
        at += size
