"""The beginning and the end of a file, which tell large files apart without reading them whole."""

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from hashlib import _Hash

ENDS_BYTES = 1 << 20
"""Read at either end: hashing all of a terabyte would take longer than sharpening it."""

BLOCK_BYTES = 1 << 16


def hash_ends(digest: "_Hash", file: BinaryIO, size: int, blocks: int = 0) -> None:
    """Adds both ends of a file to a digest.

    Args:
        file: open at its beginning.
        size: in bytes.
        blocks: of `BLOCK_BYTES`, spread evenly over the file, are added between the ends, unless these are all of it.

    Raises:
        OSError: it cannot be read.
    """
    digest.update(file.read(ENDS_BYTES))
    for block in range(1, blocks + 1 if size > 2 * ENDS_BYTES else 1):
        file.seek(block * size // (blocks + 1))
        digest.update(file.read(BLOCK_BYTES))
    file.seek(max(0, size - ENDS_BYTES))
    digest.update(file.read(ENDS_BYTES))
