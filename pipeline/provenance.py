"""Provenance of a clip's pictures, beyond the recording and the settings: version, libraries, encoder and student.

It is fixed when a clip is planned, and stored in its plan: another version, another device or another way to compute
gives other pictures, be it by one code value, and chunks made differently must not meet in one file.
"""

import json
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

import av

from .encoder_plan import EncoderPlan
from .fingerprint import digest_of
from .probe import ClipInfo
from .sharpen import plane_format

if TYPE_CHECKING:  # torch stays out of processes that only plan and join
    from ..models.enhance import Enhancer


def provenance(enhancer: "Enhancer", encoder: EncoderPlan, info: ClipInfo) -> Mapping[str, Any]:
    """The provenance of a recording's pictures that this process makes: plain values. How many cores there are, and
    what else they do, changes nothing."""
    return {
        "vidsharp": metadata.version("vidsharp"),
        "FFmpeg": av.ffmpeg_version_info,
        "libraries": {name: list(numbers) for name, numbers in sorted(av.library_versions.items())},
        "encoder": encoder.to_json(),
        "student": enhancer.provenance(plane_format(info)),
    }


def digest(made: Mapping[str, Any]) -> str:
    """A short name for a provenance."""
    return digest_of(json.dumps(made, sort_keys=True).encode())
