"""Facts of a recording's pictures that its written clip no longer states."""

from .chroma_siting import Siting, is_420
from .probe import ClipInfo

_WHERE: dict[Siting, str] = {
    "left": "beside the left luma samples",
    "center": "between four luma samples",
    "topleft": "on the top left luma samples",
    "top": "between the top luma samples",
}


def lost_facts(info: ClipInfo, made: ClipInfo) -> tuple[str, ...]:
    """A sentence for each fact of the pictures that the written file no longer states."""
    lost = []
    if (info.mastering and not made.mastering) or (info.light_level and not made.light_level):
        lost.append("HDR10 metadata left out: the encoder cannot write it")
    lost += [f"{layer} is left out: only the first layer of HEVC is decoded" for layer in info.further_layers]
    if info.hdr10_plus and not made.hdr10_plus:
        lost.append("HDR10+ metadata left out: the encoder cannot write it")
    if info.chroma_location != made.chroma_location and is_420(info.pix_fmt):
        lost.append(f"its chroma lies {_WHERE[info.chroma_location]}, which the new stream does not say")
    return tuple(lost)
