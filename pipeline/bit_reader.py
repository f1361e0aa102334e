"""Reads the headers of codecs bit by bit."""

HEADER_BYTES = 2048
"""No header that is read here is longer: what lies behind is picture data, or damage."""


class Bits:
    """A bit string, the most significant bit of each byte first, with the codes of ITU-T H.264 clause 9.1.

    Reading beyond its end, or what is no code, raises IndexError. Of long data, it ends after `HEADER_BYTES`.
    """

    def __init__(self, data: bytes) -> None:
        data = data[:HEADER_BYTES]
        self._value, self._left = int.from_bytes(data), 8 * len(data)

    def u(self, count: int) -> int:
        """The next `count` bits as a number."""
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & (1 << count) - 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb code."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise IndexError  # no code is that long
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb code."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)

    def align(self) -> None:
        """Goes on at the next whole byte."""
        self._left -= self._left % 8
