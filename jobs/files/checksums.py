"""Checksums that a storage keeps of whole objects, and those of files."""

import hashlib
import zlib
from base64 import b64decode
from pathlib import Path

from .object_place import Place

NAMES = ("ChecksumSHA256", "ChecksumSHA1", "ChecksumCRC32")
"""As S3 calls those that Python computes. CRC32C and CRC64NVME are left to botocore, which checks what comes in one
piece."""
_PIECE = 1 << 22


def stored_checksums(place: Place) -> dict[str, bytes]:
    """What the storage says of an object, by name: S3 alone does, of objects that have a checksum of the whole. Sums of
    parts' sums do not count."""
    if not place.is_s3:
        return {}
    bucket, key, _ = place.fs.split_path(place.path)
    said = place.fs.call_s3("head_object", Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    texts = {name: str(said.get(name) or "-") for name in NAMES}
    return {name: b64decode(text) for name, text in texts.items() if "-" not in text}


def checksum(name: str, file: Path) -> bytes:
    """The checksum of a file, one of `NAMES`."""
    with file.open("rb") as data:
        if name != "ChecksumCRC32":
            return hashlib.file_digest(data, name.removeprefix("Checksum").lower()).digest()
        value = 0
        while piece := data.read(_PIECE):
            value = zlib.crc32(piece, value)
        return value.to_bytes(4)
