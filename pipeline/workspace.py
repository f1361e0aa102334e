"""A clip's work in progress on disk: its plan and its finished chunks, from which the same command goes on.

Everything here is written whole (`atomic`), so a run that is killed at any moment leaves either a finished chunk or
none. Plan and records carry the clip's key and what makes its pictures: after a change of input, of settings, or of
version, student or encoder, older work no longer counts, and chunks that were made differently are never joined.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from .atomic import make_folder, write_atomically
from .chunk_record import ChunkRecord
from .encoder_plan import EncoderPlan
from .plan import Chunk
from .probe import Shape
from .rate_choice import NO_CHOICE, RateChoice

FORMAT = 4
"""Raised when older work in progress can no longer be read."""


def file_stem(clip: str) -> str:
    """A name for what belongs to the clip with the relative path `clip`: short, and made of nothing but hex digits."""
    return hashlib.sha256(clip.encode("utf-8", "surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True)
class ClipPlan:
    """How a clip is cut and encoded: what `Workspace.begin` was given."""

    chunks: tuple[Chunk, ...]
    shapes: tuple[Shape, ...]
    encoder: EncoderPlan | None
    """None where nobody asked for it to be kept."""
    made_by: str | None = None
    """The digest of what makes its pictures."""
    content: str | None = None
    """The digest of what the recording held."""
    rate: RateChoice = NO_CHOICE
    """What was chosen where the user sets bounds to size or quality."""


class Workspace:
    """The folder of one clip under `.vidsharp/`."""

    def __init__(self, folder: Path, key: str, provenance_digest: str | None = None) -> None:
        """Names the folder; nothing is read or written.

        Args:
            key: of the input in its present state and the settings.
            provenance_digest: of what makes the pictures (`provenance.py`); None: work counts whatever made it.
        """
        self.folder = folder
        self.key = key
        self.provenance_digest = provenance_digest

    @classmethod
    def of(cls, work_root: Path, clip: str, key: str) -> "Workspace":
        """The workspace of the clip with the relative path `clip`, whose input and settings are named by `key`."""
        return cls(work_root / file_stem(clip), key)

    @property
    def plan_file(self) -> Path:
        """The file of the plan."""
        return self.folder / "manifest.json"

    def load(self) -> ClipPlan | None:
        """The plan of an earlier run of the same input and settings, or None."""
        try:
            manifest = json.loads(self.plan_file.read_bytes())
            if not self._counts(manifest):
                return None
            chunks = tuple(Chunk.from_json(chunk) for chunk in manifest["chunks"])
            shapes = tuple(Shape(w, h, name, Fraction(aspect)) for w, h, name, aspect in manifest["shapes"])
            encoder = manifest["encoder"] and EncoderPlan.from_json(manifest["encoder"])
            rate = RateChoice.from_json(manifest.get("rate"))
            return ClipPlan(chunks, shapes, encoder, manifest["made_by"], manifest.get("content"), rate)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def load_plan(self) -> tuple[Chunk, ...] | None:
        """The chunks of such a plan."""
        plan = self.load()
        return None if plan is None else plan.chunks

    def _counts(self, data: Mapping[str, Any]) -> bool:
        made_alike = self.provenance_digest is None or data["made_by"] == self.provenance_digest
        return made_alike and (data["format"], data["key"]) == (FORMAT, self.key)

    def begin(
        self,
        clip: str,
        chunks: Sequence[Chunk],
        shapes: Sequence[Shape] = (),
        provenance: Mapping[str, Any] | None = None,
        *,
        encoder: EncoderPlan | None = None,
        content: str | None = None,
        rate: RateChoice = NO_CHOICE,
    ) -> None:
        """Throws away what an earlier run with other settings left, and writes the plan.

        Args:
            shapes: of all pictures, where they change in mid-stream: all chunks are written in one size.
            provenance: what `provenance_digest` is the digest of, for people who look into the plan.
            encoder: what writes the chunks.
            content: the digest of what the recording holds.
            rate: how its quality was chosen.

        Raises:
            OutputError: the folder cannot be written.
        """
        self.clear()
        make_folder(self.folder)
        plan = {"clip": clip, "chunks": [asdict(chunk) for chunk in chunks], "made_with": provenance}
        plan["encoder"], plan["rate"] = encoder and encoder.to_json(), rate.to_json()
        manifest = {"format": FORMAT, "key": self.key, "made_by": self.provenance_digest, **plan}
        manifest["content"] = content
        manifest["shapes"] = [[s.width, s.height, s.pix_fmt, str(s.pixel_aspect)] for s in shapes]
        # JSON keeps unpaired surrogates (file names that are not UTF-8) as escapes.
        write_atomically(self.plan_file, json.dumps(manifest).encode())

    def chunk_file(self, chunk_name: str) -> Path:
        """The file of a chunk's encoded pictures."""
        return self.folder / f"{chunk_name}.nut"

    def record_file(self, chunk_name: str) -> Path:
        """The file that says that a chunk is done."""
        return self.folder / f"{chunk_name}.json"

    def preview_file(self, chunk_name: str) -> Path:
        """The file in which a chunk's observer keeps what it wants to show."""
        return self.folder / f"{chunk_name}.preview"

    def joined_file(self, suffix: str, attempt: int = 0) -> Path:
        """The file that the whole clip is written to before it gets its final name: each attempt's own, since the
        process of one that is thought dead may still write."""
        return self.folder / f"joined{attempt or ''}{suffix}"

    def joined_files(self) -> list[Path]:
        """The files of attempts at joining the clip, whole or not, that are still here."""
        return list(self.folder.glob("joined*"))

    def joined(self) -> bool:
        """Whether there is such a file."""
        return bool(self.joined_files())

    def done(self, chunks: Sequence[Chunk]) -> dict[int, ChunkRecord]:
        """The records of those of the plan's chunks that are done, by index. What is not there is not looked for: a
        network disk would go on saying so for a while after another machine has put it there."""
        try:
            there = {path.name for path in self.folder.iterdir()}
        except OSError:
            return {}
        records = (self.load_record(chunk) for chunk in chunks if f"{chunk.name}.json" in there)
        return {record.index: record for record in records if record is not None}

    def save_record(self, chunk_name: str, record: ChunkRecord) -> None:
        """Marks a chunk as done. Its file must be in place.

        Raises:
            OutputError: the record cannot be written.
        """
        data = {"format": FORMAT, "key": self.key, "made_by": self.provenance_digest, "record": record.to_json()}
        write_atomically(self.record_file(chunk_name), json.dumps(data).encode())

    def load_record(self, chunk: Chunk) -> ChunkRecord | None:
        """The record of a chunk that is done, whole, and of this plan; else None."""
        try:
            data = json.loads(self.record_file(chunk.name).read_bytes())
            if not self._counts(data):
                return None
            record = ChunkRecord.from_json(data["record"])
            whole = record.frames == 0 or self.chunk_file(chunk.name).stat().st_size == record.bytes
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if whole and record.index == chunk.index and record.frames_expected == chunk.frames else None

    def clear_chunks(self) -> None:
        """Removes what chunks have left, once the clip is whole elsewhere."""
        with suppress(OSError):  # `clear` removes them
            for file in self.folder.glob("chunk-*"):
                file.unlink()

    def clear(self) -> None:
        """Removes the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
