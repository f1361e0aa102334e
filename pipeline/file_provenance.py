"""What a sharpened file says of its making, in tags of its container, and what a file's tags say.

All of it is known before the work, and the same in every run: it changes no bits between two of them. Nothing in it
names a path or a machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from .encoder_plan import EncoderPlan
from .recording import open_recording

PREFIX = "VIDSHARP_"
"""How the names of these tags begin. Matroska has names in capitals; other containers keep what they are given."""


@dataclass(frozen=True)
class FileProvenance:
    """How a file was made, each fact as text for people; a fact that does not apply is None."""

    version: str
    """Of vidsharp."""
    student: str | None = None
    """Its name, and `sha256:` with the digest of its weights, by which `--model` finds them again."""
    strength: str | None = None
    look: str | None = None
    """0 (natural) to 1 (crisp)."""
    chroma: str | None = None
    """What became of Cb and Cr beside a luma student."""
    part: str | None = None
    """What was taken of the recording, where not all of it."""
    encoder: str | None = None
    """Its name and options."""
    source: str | None = None
    """The recording's sampled fingerprint: see `source_of`."""

    def tags(self) -> dict[str, str]:
        """The facts that apply, by the names of their tags."""
        return {f"{PREFIX}{name.upper()}": text for name, text in vars(self).items() if text is not None}


def encoder_words(plan: EncoderPlan) -> str:
    """An encoder and its options, in one line."""
    return " ".join([plan.name, *(f"{name}={value}" for name, value in sorted(plan.options.items()))])


def is_own_tag(name: str) -> bool:
    """Whether a tag is one of ours: it tells of the file that has it, and not of what is made of that."""
    return name.upper().startswith(PREFIX)


def provenance_in(tags: Mapping[str, str]) -> FileProvenance | None:
    """What a file's tags say; None where they say nothing, or not which version made it."""
    said = {name.upper().removeprefix(PREFIX).lower(): text for name, text in tags.items() if is_own_tag(name)}
    if "version" not in said:
        return None
    return FileProvenance(**{field.name: said[field.name] for field in fields(FileProvenance) if field.name in said})


def read_provenance(path: Path) -> FileProvenance | None:
    """What a file says of its making; None where it says nothing.

    Raises:
        MediaError: it is no media file, or cannot be read.
    """
    with open_recording(path) as container:
        return provenance_in(container.metadata)


def sharpened_before(tags: Mapping[str, str]) -> str | None:
    """A sentence on a recording that is itself a sharpened file."""
    said = provenance_in(tags)
    if said is None:
        return None
    student = f" with {said.student.split()[0]}" if said.student else ""
    return f"the recording had been sharpened before, by vidsharp {said.version}{student}"
