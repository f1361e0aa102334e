"""A file's ends are hashed as they were by earlier versions, whose marks and tables are compared with new ones."""

import hashlib
import io

import pytest
from vidsharp.pipeline.file_ends import BLOCK_BYTES, ENDS_BYTES, hash_ends


@pytest.mark.parametrize("blocks", [0, 3])
@pytest.mark.parametrize("size", [0, 1, ENDS_BYTES, 2 * ENDS_BYTES, 2 * ENDS_BYTES + 1, 5 * ENDS_BYTES])
def test_both_ends_and_blocks_between_them_are_hashed(size: int, blocks: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    places = [place * size // (blocks + 1) for place in range(1, blocks + 1)] if size > 2 * ENDS_BYTES else []
    parts = [
        content[:ENDS_BYTES],
        *(content[at : at + BLOCK_BYTES] for at in places),
        content[max(0, size - ENDS_BYTES) :],
    ]
    digest = hashlib.sha256()
    hash_ends(digest, io.BytesIO(content), size, blocks)
    assert digest.digest() == hashlib.sha256(b"".join(parts)).digest()
