"""Reads headers of codecs bit by bit."""


class Bits:
    """Reads bits, the most significant first."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, count: int) -> int:
        """The next `count` bits. Raises IndexError at the end."""
        value = 0
        for at in range(self.at, self.at + count):
            value = value << 1 | self._data[at >> 3] >> (7 - (at & 7)) & 1
        self.at += count
        return value

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number (ITU-T H.265 §9.2). Raises IndexError at the end."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)
