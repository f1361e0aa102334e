"""The before and after pictures of a page: which are sound, and how many of them fit."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from markupsafe import Markup

from ..templates.page_template import script_json

_PICTURE = re.compile(r"data:image/(?:webp|jpeg|png);base64,[A-Za-z0-9+/]+={0,2}")
_WHOLE, _SPOT = ("before", "after"), ("spot_before", "spot_after")
_REFERENCE = "spot_reference"
_FRAME_CHARS = 400
"""For what stands around a clip's pictures."""
LEVELS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "pair": _SPOT,
    "spot": (*_SPOT, _REFERENCE),
    "all": (*_WHOLE, *_SPOT, _REFERENCE),
}
"""What a clip may show, from least to most."""


class Previews(Protocol):
    """Previews by clip, as they were written; a dict is one."""

    def __contains__(self, clip: object, /) -> bool: ...
    def __getitem__(self, clip: str, /) -> str:
        """The preview.

        Raises:
            KeyError: there is none, or none any more.
        """
        ...


@dataclass(frozen=True)
class Preview:
    """A clip's pictures as far as they fit."""

    level: str
    """Of `LEVELS`; a clip that has fewer pictures than a level names may still have that level."""
    json: Markup
    """For `<script type="application/json">`; empty at the level `none`."""


def sound_preview(text: str) -> dict[str, Any] | None:
    """A preview as it was written beside a clip; None where anything in it is not what it should be.

    Pictures are WebP, JPEG or PNG as base64: nothing else could be shown by `<img>` and do more than be a picture.
    """
    try:
        found = json.loads(text)
        pictures = {name: found["pictures"][name] for name in LEVELS["all"] if name in found["pictures"]}
        numbers = [found[name] for name in ("frame", "time_s", "width", "height")]
        numbers += found["spot"]
        sound = (
            len(found["spot"]) == 4
            and all(isinstance(n, (int, float)) and math.isfinite(n) and n >= 0 for n in numbers)
            and found["width"] > 0 < found["height"]
            and all(isinstance(uri, str) and _PICTURE.fullmatch(uri) for uri in pictures.values())
            and all(name in pictures for name in _SPOT)
            and (_WHOLE[0] in pictures) == (_WHOLE[1] in pictures)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if not sound:
        return None
    return {name: found[name] for name in ("frame", "time_s", "width", "height", "spot")} | {"pictures": pictures}


def first_that_fit(clips: Sequence[str], previews: Previews, max_chars: int) -> dict[str, Preview]:
    """The clips' previews that fit into `max_chars` together, by clip; those without a sound preview are left out.

    A preview is read only while there is room left, so that thousands of them take no more memory than a page does.

    Args:
        clips: in the order in which they shall get room.
    """
    read: dict[str, dict[str, Any]] = {}
    unread: list[str] = []
    left = max_chars
    for clip in clips:
        if clip not in previews:
            continue
        if left <= 0:
            unread.append(clip)
            continue
        with suppress(KeyError):  # it is gone since it was listed
            if (preview := sound_preview(previews[clip])) is not None:
                read[clip] = preview
                left -= _size(preview, "pair")
    fitted = dict(zip(read, fitting(list(read.values()), max_chars), strict=True))
    return fitted | dict.fromkeys(unread, Preview("none", Markup("")))


def fitting(previews: Sequence[Mapping[str, Any]], max_chars: int) -> list[Preview]:
    """Of each preview as much as fits into `max_chars` together.

    Level by level, so that no clip gets a second picture pair while another could still have its first; within a level
    in the order given, the most interesting first.
    """
    sizes = [{level: _size(preview, level) for level in LEVELS} for preview in previews]
    chosen = ["none"] * len(previews)
    left = max_chars
    for level in list(LEVELS)[1:]:
        for i, size in enumerate(sizes):
            more = size[level] - size[chosen[i]]
            # A further level is only for a clip that has the one before.
            if more <= left and (level == "pair" or chosen[i] != "none"):
                chosen[i] = level
                left -= more
    return [
        Preview(level, script_json(_at(preview, level)) if level != "none" else Markup(""))
        for preview, level in zip(previews, chosen, strict=True)
    ]


def _at(preview: Mapping[str, Any], level: str) -> dict[str, Any]:
    pictures = {name: uri for name, uri in preview["pictures"].items() if name in LEVELS[level]}
    return {**preview, "pictures": pictures}


def _size(preview: Mapping[str, Any], level: str) -> int:
    """Characters in the page, or a few more. Pictures are all that counts: no sign in them has to be escaped."""
    pictures = _at(preview, level)["pictures"]
    return sum(map(len, pictures.values())) + _FRAME_CHARS if pictures else 0
