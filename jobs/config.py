"""What the main job is asked to do: one frozen value, checked when it is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..models.errors import VidsharpError
from ..models.nets.chroma_choice import CHROMA_CHOICES, Chroma
from .engine.engines import DEFAULT_ENGINE, ENGINES, EngineName


class UsageError(VidsharpError, ValueError):
    """The command as given cannot be carried out, whatever the recordings are."""


def check_looks(looks: Iterable[float]) -> None:
    """Raises UsageError where one is out of range."""
    for look in looks:
        if not 0 <= look <= 1:
            raise UsageError(f"--look {look:g} is out of range: 0 (natural) to 1 (crisp)")


def check_chroma(chroma: str | None) -> None:
    """Raises UsageError where it is no choice."""
    if chroma is not None and chroma not in CHROMA_CHOICES:
        raise UsageError(f"--chroma {chroma!r} is not known; accepted are {', '.join(CHROMA_CHOICES)}")


def check_engine(engine: str, address: str | None) -> None:
    """Raises UsageError where there is no such engine, or none that joins a cluster."""
    if engine not in ENGINES:
        raise UsageError(f"--engine {engine!r} is not known; accepted are {', '.join(ENGINES)}")
    if address is not None and not ENGINES[engine].joins_clusters:
        raise UsageError(f"--address is of a cluster, which --engine {engine} does not join; say only one of them")


@dataclass(frozen=True)
class ProcessConfig:
    """Everything `vidsharp process` takes; the defaults are the command's.

    Raises:
        UsageError: a value out of range.
    """

    inputs: tuple[Path, ...]
    """Recordings, and folders of recordings (searched recursively); also of URLs such as s3://bucket/recordings."""
    out: Path
    """A folder, or the URL of one."""
    model: str = "fast"
    """A student's name, `sha256:` and the beginning of its digest, or a checkpoint file."""
    look: float | None = None
    """Of a student that has two looks: 0 (natural) to 1 (crisp); None: its default."""
    strength: float = 1.0
    """out = in + strength · (student − in); 0 to 1.5."""
    chroma: Chroma | None = None
    """Whether a luma student leaves Cb and Cr as they are (`keep`) or the chroma student cleans them (`restore`); None:
    the default, `keep`. RGB students make colour themselves, and have only None."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:N`."""
    workers: int | None = None
    """Sharpening actors; None: one for each GPU, or what fits the CPUs."""
    address: str | None = None
    """Of a Ray cluster; None starts Ray on this machine for the run."""
    engine: EngineName = DEFAULT_ENGINE
    """What runs the sharpening processes: `ray`, or `local`, worker processes of this machine without Ray."""
    chunk_seconds: float = 10.0
    encoder: str | None = None
    """An FFmpeg encoder; None: the one of the source's codec."""
    crf: float | None = None
    preset: str | None = None
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    reference: Path | None = None
    """A folder with sharp originals of the recordings, at the same relative paths, to be measured against."""
    measure: int | Literal["auto", "every", "off"] = "auto"
    """How many frames of each clip are measured; `auto`: one in 24, at most 100."""
    page: bool = True
    """Whether to make the HTML report, and the previews that it shows; the tables are always written."""
    overwrite: bool = False
    """Redo finished clips, and replace files that vidsharp did not make."""
    staging: Path | None = None
    """Where recordings from object storage are worked on, on a cluster a folder that all nodes share; None: the user's
    cache folder."""
    memory_mb: int | None = None
    """Ceiling for frames in flight in one actor, in MiB; None: 256."""

    stall_seconds: float = 600.0
    """A chunk whose frames stand still for so long is tried again in another process, as one whose codec hangs."""

    def __post_init__(self) -> None:
        if not self.inputs:
            raise UsageError("name at least one recording, or a folder of recordings")
        check_looks([] if self.look is None else [self.look])
        check_chroma(self.chroma)
        if not 0 <= self.strength <= 1.5:
            raise UsageError(
                f"--strength {self.strength:g} is out of range: 0 (no change) to 1.5, where 1 is the student"
            )
        check_engine(self.engine, self.address)
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"--workers {self.workers} is too few: at least 1")
        if not 0.1 <= self.chunk_seconds <= 3600:
            raise UsageError(f"--chunk-seconds {self.chunk_seconds:g} is out of range: 0.1 to 3600")
        if not self.stall_seconds >= 1:
            raise UsageError(f"--stall-seconds {self.stall_seconds:g} is too little: at least 1")
        if isinstance(self.measure, int) and self.measure < 1:
            raise UsageError(f"--measure {self.measure} is too few: at least 1, or 'off'")
        if self.reference is not None and not self.reference.is_dir():
            raise UsageError(f"--reference {self.reference} is not a folder: it holds the originals at the same paths")
        if self.reference is not None and self.measure == "off":
            raise UsageError("--reference is for measuring, which --measure off turns off; say only one of them")
        if self.memory_mb is not None and self.memory_mb < 16:
            raise UsageError(f"--limit-memory {self.memory_mb} MiB is too little: at least 16")
