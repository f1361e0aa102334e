"""Units and messages come out as they were put in, however they are divided; damage ends them, and is no error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.nal_units import (
    escaped,
    header_units,
    length_bytes,
    nal_units,
    sei_messages,
    unescaped,
    unit_type,
    units_behind_start_codes,
)

CODECS = ("h264", "hevc")
UNITS = st.lists(st.binary(max_size=40).map(lambda data: escaped(b"\x41" + data + b"\x80")), max_size=5)
ZEROS = st.lists(st.sampled_from([0, 0, 1, 2, 3, 255]), max_size=60).map(bytes)
"""Bytes of which many look like start codes."""


def _with_lengths(units: list[bytes], lengths: int) -> bytes:
    return b"".join(len(unit).to_bytes(lengths, "big") + unit for unit in units)


def _avcc(lengths: int, sequences: list[bytes], pictures: list[bytes]) -> bytes:
    """ISO/IEC 14496-15 §5.3.3.1."""
    head = bytes([1, 0x4D, 0, 0x1E, 0xFC | lengths - 1, 0xE0 | len(sequences)])
    return head + _with_lengths(sequences, 2) + bytes([len(pictures)]) + _with_lengths(pictures, 2)


def _hvcc(lengths: int, arrays: list[list[bytes]]) -> bytes:
    """ISO/IEC 14496-15 §8.3.3.1."""
    head = bytes([1, *[0] * 20, 0xFC | lengths - 1, len(arrays)])
    return head + b"".join(b"\x20" + len(units).to_bytes(2, "big") + _with_lengths(units, 2) for units in arrays)


@given(UNITS, st.sampled_from([1, 2, 4]))
def test_units_of_a_packet(units: list[bytes], lengths: int) -> None:
    assert list(nal_units(_with_lengths(units, lengths), lengths)) == units
    assert list(nal_units(b"".join(b"\0\0\1" + unit for unit in units), 0)) == units
    with_empty_ones = [unit for own in units for unit in (b"", own, b"")]
    assert list(nal_units(_with_lengths(with_empty_ones, lengths), lengths)) == units
    assert list(nal_units(b"".join(b"\0\0\1" + unit for unit in with_empty_ones), 0)) == units


@given(UNITS, UNITS, st.integers(1, 4))
def test_units_of_a_header(first: list[bytes], second: list[bytes], lengths: int) -> None:
    for codec, header in [("h264", _avcc(lengths, first, second)), ("hevc", _hvcc(lengths, [first, second]))]:
        assert length_bytes(codec, header) == lengths
        assert list(header_units(codec, header)) == first + second
        cut_off = list(header_units(codec, header[:-1]))
        assert cut_off[:-1] == (first + second)[: len(cut_off)][:-1]
        behind_start_codes = b"".join(b"\0\0\0\1" + unit for unit in first)
        assert length_bytes(codec, behind_start_codes) == 0
        assert [unit.rstrip(b"\0") for unit in header_units(codec, behind_start_codes)] == first


@pytest.mark.parametrize(("codec", "least"), [("h264", 7), ("hevc", 23)])
def test_a_header_that_is_too_short_to_be_one_says_nothing(codec: str, least: int) -> None:
    assert [length_bytes(codec, b"\1" * size) for size in (0, least - 1, least)] == [0, 0, 2]


@given(ZEROS | st.binary(max_size=60))
def test_escaping_hides_start_codes_and_can_be_undone(data: bytes) -> None:
    hidden = escaped(data)
    assert not any(code in hidden for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))
    assert unescaped(hidden) == data


@given(st.lists(st.tuples(st.integers(0, 700), st.binary(max_size=600)), max_size=4), st.integers(1, 9))
def test_messages(messages: list[tuple[int, bytes]], cut: int) -> None:
    def number(value: int) -> bytes:
        return b"\xff" * (value // 255) + bytes([value % 255])

    data = b"".join(number(kind) + number(len(content)) + content for kind, content in messages)
    assert list(sei_messages(data + b"\x80")) == messages
    remaining = list(sei_messages(data[: -cut or None]))
    assert remaining == messages[: len(remaining)], "none is cut off"


@given(st.binary(max_size=80) | ZEROS, st.sampled_from(CODECS))
def test_damage_is_never_an_error(data: bytes, codec: str) -> None:
    avcc, hvcc = b"\1\x4d\0\x1e\xff\xe2", bytes([1, *[0] * 20, 0xFF, 0xFF])
    units = [*header_units(codec, data), *header_units("h264", avcc + data), *header_units("hevc", hvcc + data)]
    units += [unit for lengths in range(5) for unit in nal_units(data, lengths)]
    assert all(units), "none is empty"
    for unit in units:
        assert 0 <= unit_type(codec, unit) < 64
        list(sei_messages(unescaped(unit[1:])))
    assert all(b"\0\0\1" not in unit for unit in units_behind_start_codes(data))
