"""The page of a preview: what settings do to a few seconds, and what they would take on everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...models.wording import counted
from ..templates.page_template import page_template
from ..templates.page_words import size, spoken


@dataclass(frozen=True)
class SettingCost:
    """What a run with a setting would take, on all recordings."""

    name: str
    wall_s: float
    core_hours: float
    gpu_hours: float | None
    bytes_out: float
    share: float | None
    """Of the recordings' size; None where that is not known."""
    fps: float
    """Pictures per second of one worker, as measured on the parts shown."""
    price: float | None
    """Of the run, in the currency of `--price`."""


@dataclass(frozen=True)
class SpotPictures:
    """A spot that settings change most."""

    time_s: float
    place: str
    """In words."""
    width: int
    """In pixels."""
    pictures: Mapping[str, str]
    """By version, the input first: data URIs."""


@dataclass(frozen=True)
class ClipPart:
    """A part of a recording, to be looked at. Paths are relative to the page."""

    clip: str
    words: str
    """Which part it is."""
    notes: Sequence[str]
    video: str
    poster: str
    """A data URI."""
    still_s: float
    stills: Mapping[str, str]
    """A whole picture of each version, the input's first: data URIs."""
    spots: Sequence[SpotPictures]
    results: Mapping[str, str]
    """By setting, the part as the run would write it, with its sound."""


@dataclass(frozen=True)
class PreviewFacts:
    """What the page says beside the pictures."""

    recordings: int
    video_s: float
    worked_on: str
    """The workers that the times are for, in words."""
    uncertainty: float
    failing: Sequence[tuple[str, str]]
    not_shown: Sequence[tuple[str, str]]
    """Parts that could not be shown, and why."""
    made: str
    price: float | None
    """Of an hour of the machine; None where nobody said."""


def preview_page(facts: PreviewFacts, costs: Sequence[SettingCost], parts: Sequence[ClipPart]) -> str:
    """The page as HTML; its videos and results are files beside it, all else is in it."""
    template = page_template("preview.html.j2", {"counted": counted, "size": size, "spoken": spoken})
    return template.render(facts=facts, costs=costs, parts=parts)
