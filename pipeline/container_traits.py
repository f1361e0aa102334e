"""Containers' traits: what each one can hold and needs, in one table. Another container is a line of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

MATROSKA = "matroska"
"""The muxer of the container that takes nearly everything; used where the source's own cannot be written."""


@dataclass(frozen=True)
class ContainerTraits:
    """Facts of a container as FFmpeg reads and writes it; the defaults are what most containers are like."""

    muxer: str | None
    """FFmpeg's name of what writes it; None: it is only read here."""
    demuxer: str
    """FFmpeg's name of what reads it; the containers of a family share one."""
    suffixes: tuple[str, ...] = ()
    """Endings of file names that tell it from the others of its family; empty: every ending that no other claims."""

    # As it is read: the same for a whole family.
    presentation_times: bool = True
    """Whether packets say when their pictures are shown; else their times are right, but in decode order."""
    reordering: bool = True
    """Whether a picture may be decoded before its turn (B pictures); not where a packet has one time, none below 0."""
    contiguous: bool = False
    """Whether a picture is shown until the next one: what is read as a reordered picture's duration is another's."""
    indexed: bool = False
    """Whether an index names every picture, also those whose packets were cut off."""

    # As it is written.
    options: Mapping[str, str] = field(default_factory=dict)
    """What its muxer is told in any case."""
    edit_lists: bool = False
    """Whether start times are kept in the clock of the whole file, which has to be fine enough for every stream."""
    dotted_tags: Mapping[str, str] = field(default_factory=dict)
    """What its muxer is told where tags have a dot in their name, so that they are kept."""
    freeform_tags: bool = False
    """Whether tags of names that its muxer does not know are appended to its header (`mp4_tags.py`)."""
    cover_attachments: bool = False
    """Whether cover art is an attached file (as a track it would count as video)."""
    codec_tags: Mapping[str, str] = field(default_factory=dict)
    """The tag of a codec, where FFmpeg's own choice is not what players want."""
    bare_codecs: frozenset[str] = frozenset()
    """Codecs whose header goes into the key pictures, since neither container nor muxer has a place for it."""


# Streams may begin before zero. Moved to it by the muxer, their times would not be the source's.
_KEEP_TIMES = {"avoid_negative_ts": "disabled"}

_MP4 = ContainerTraits(
    "mp4",
    "mov,mp4,m4a,3gp,3g2,mj2",
    contiguous=True,
    indexed=True,
    edit_lists=True,
    # MP4's classic atoms do not know them: a phone's com.apple.quicktime.*.
    dotted_tags={"movflags": "use_metadata_tags"},
    freeform_tags=True,
    # Parameter sets are in the header: Apple's players want it said so.
    codec_tags={"hevc": "hvc1"},
)
_MKV = ContainerTraits(MATROSKA, "matroska,webm", options=_KEEP_TIMES, cover_attachments=True)

CONTAINERS = (
    _MP4,
    replace(_MP4, muxer="mov", suffixes=(".mov", ".qt")),
    replace(_MP4, muxer="3gp", suffixes=(".3gp", ".3g2"), codec_tags={}),
    _MKV,
    replace(_MKV, muxer="webm", suffixes=(".webm",), cover_attachments=False),
    # With `mpegts_copyts`, its muxer does not move all times by its own start delay.
    ContainerTraits(
        "mpegts", "mpegts", options={"mpegts_copyts": "1", **_KEEP_TIMES}, bare_codecs=frozenset({"mpeg4"})
    ),
    ContainerTraits("vob", "mpeg"),
    ContainerTraits("avi", "avi", presentation_times=False, reordering=False),
    ContainerTraits("flv", "flv", reordering=False),
    ContainerTraits("asf", "asf"),
    ContainerTraits("ogg", "ogg"),
    ContainerTraits("mxf", "mxf"),
    ContainerTraits("nut", "nut"),
)
"""All that are written here."""

_BY_MUXER = {traits.muxer: traits for traits in CONTAINERS}


def source_traits(demuxer: str, suffix: str = "") -> ContainerTraits:
    """The traits of a recording's container. Raw streams and containers that are only read here have the defaults.

    Args:
        suffix: of the recording's name, in any case of letters; only what is written depends on it.
    """
    family = [traits for traits in CONTAINERS if traits.demuxer == demuxer]
    named = (traits for traits in family if suffix.lower() in traits.suffixes)
    others = (traits for traits in family if not traits.suffixes)
    return next(named, None) or next(others, None) or ContainerTraits(None, demuxer)


def written_traits(muxer: str) -> ContainerTraits:
    """The traits of a container that is written."""
    return _BY_MUXER[muxer]
