"""What is written bit by bit is read back; whatever is damaged or hostile is an IndexError, and soon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.bit_reader import HEADER_BYTES, Bits


def _bytes(bits: str) -> bytes:
    """A string of ones and zeros, filled up with ones, so that no reader takes the filling for the end."""
    return bytes(int(bits[at : at + 8].ljust(8, "1"), 2) for at in range(0, len(bits), 8))


def _ue(value: int) -> str:
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


@given(st.lists(st.tuples(st.sampled_from(["u", "ue", "se"]), st.integers(0, 2**32 - 1))))
def test_what_was_written_is_read(fields: list[tuple[str, int]]) -> None:
    signed = [value // 2 if value % 2 else -value for _, value in fields]
    written = ""
    for (kind, value), number in zip(fields, signed, strict=True):
        code = 2 * number - 1 if number > 0 else -2 * number
        written += f"{value:032b}" if kind == "u" else _ue(value if kind == "ue" else code)
    bits = Bits(_bytes(written))
    for (kind, value), number in zip(fields, signed, strict=True):
        read = bits.u(32) if kind == "u" else bits.ue() if kind == "ue" else bits.se()
        assert read == (number if kind == "se" else value)


@given(st.binary(min_size=3, max_size=40), st.integers(0, 9))
def test_bits_go_on_at_a_whole_byte(data: bytes, before: int) -> None:
    bits = Bits(data)
    bits.u(before)
    bits.align()
    assert bits.u(8) == data[-(-before // 8)]


@pytest.mark.parametrize("count", [17, 2**31, 2**62])
def test_nothing_is_read_beyond_the_end(count: int) -> None:
    with pytest.raises(IndexError):
        Bits(b"\xff\xff").u(count)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0" * 5 + b"\xff" * 9, b"\0" * 2**24])
def test_what_is_no_code_is_an_error(data: bytes) -> None:
    with pytest.raises(IndexError):
        Bits(data).ue()


def test_of_long_data_only_a_header_is_read() -> None:
    bits = Bits(b"\xff" * 2**24)
    bits.u(8 * HEADER_BYTES)
    with pytest.raises(IndexError):
        bits.u(1)
