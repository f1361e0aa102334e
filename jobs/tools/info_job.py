"""What a file says of its making, as text for people."""

from pathlib import Path

from ...pipeline.file_provenance import FileProvenance, read_provenance
from ...pipeline.recording import silence
from ..files.clips import printable

UNMARKED = (
    "says nothing of vidsharp: it was not made by it, or by version 0.1, or its container cannot say so "
    "(MP4, MOV, MKV and WebM can), or another program has written it since"
)
"""The end of a sentence about a file without provenance."""

_LABELS = {
    "student": "student",
    "strength": "strength",
    "look": "look",
    "chroma": "chroma",
    "part": "made of",
    "encoder": "encoder",
    "source": "recording",
}
"""What facts are called for people, in the order in which they are told."""


def info(path: Path) -> FileProvenance | None:
    """What a file says of its making; None where it says nothing.

    Raises:
        MediaError: it is no media file, or cannot be read.
    """
    silence()
    return read_provenance(path)


def info_text(path: Path, said: FileProvenance | None) -> str:
    """The answer of `info` in lines."""
    name = printable(str(path))
    if said is None:
        return f"{name} {UNMARKED}"
    facts = {label: getattr(said, name) for name, label in _LABELS.items()}
    width = max(map(len, facts)) + 1
    lines = [f"  {label:{width}} {printable(text)}" for label, text in facts.items() if text is not None]
    return "\n".join([f"{name} was made by vidsharp {printable(said.version)}", *lines])
