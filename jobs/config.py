"""The settings of the main job: one frozen value, checked when it is made."""

import math
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from ..models.errors import VidsharpError
from ..models.gpu.settings import GpuSettings, HwAccelWord, Precision
from ..models.nets.chroma_choice import CHROMA_CHOICES, DEFAULT_CHROMA, Chroma
from ..pipeline.part import WHOLE_CLIP, Part
from ..pipeline.rate_choice import RateWish
from .engine.engines import DEFAULT_ENGINE, ENGINES, EngineName
from .option import OPTION, Option, option
from .shard import Shard


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


def check_part(start: float | None, end: float | None) -> None:
    """Raises UsageError where there can be no such part of any recording."""
    for name, value in (("start", start), ("end", end)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UsageError(f"--{name} {value:g} is out of range: seconds since the recording's beginning, at least 0")
    if end is not None and end <= (start or 0):
        raise UsageError(f"--end {end:g} is not after --start {start or 0:g}: nothing is between them")


def check_engine(engine: str, address: str | None) -> None:
    """Raises UsageError where there is no such engine, or none that joins a cluster."""
    if engine not in ENGINES:
        raise UsageError(f"--engine {engine!r} is not known; accepted are {', '.join(ENGINES)}")
    if address is not None and not ENGINES[engine].joins_clusters:
        raise UsageError(f"--address is of a cluster, which --engine {engine} does not join; say only one of them")


def check_shard(shard: Shard | None) -> None:
    """Raises UsageError where there is no such shard."""
    if shard is not None and shard.count < 1:
        raise UsageError(f"--shard {shard} is out of range: there is at least one shard, which is 0/1")
    if shard is not None and not 0 <= shard.index < shard.count:
        raise UsageError(
            f"--shard {shard} is out of range: shards count from 0, so the last of {shard.count} is "
            f"{shard.count - 1}/{shard.count}"
        )


def check_rate(config: "ProcessConfig") -> None:
    """Raises UsageError where bounds of size and quality are out of range, or are asked of what fixes both."""
    if config.max_growth is not None and not (math.isfinite(config.max_growth) and config.max_growth >= 0.1):
        raise UsageError(f"--max-growth {config.max_growth:g} is out of range: at least 0.1 times the recording's size")
    if config.target_quality is not None and not 20 <= config.target_quality <= 60:
        raise UsageError(f"--target-quality {config.target_quality:g} is out of range: 20 to 60 dB (XPSNR)")
    if config.target_quality is not None and config.crf is not None:
        raise UsageError("--target-quality searches what --crf sets; say only one of them")
    bounds = [name for name in ("max-growth", "target-quality") if getattr(config, name.replace("-", "_")) is not None]
    fixed = sorted(config.encoder_options.keys() & {"b", "qp", "crf", "cq", "global_quality"})
    if bounds and fixed:
        raise UsageError(
            f"--{bounds[0]} chooses the encoder's quality, which -e {fixed[0]}=… fixes; say only one of them"
        )


def check_hooks(on_clip: str | None, webhook: str | None, seconds: float) -> None:
    """Raises UsageError where one of them can mean nothing."""
    if on_clip is not None:
        try:
            words = shlex.split(on_clip)
        except ValueError as error:
            raise UsageError(f"--on-clip {on_clip!r} is no command: {str(error).lower()}") from error
        if not words:
            raise UsageError("--on-clip names no program")
    parts = urlsplit(webhook or "")
    if webhook is not None and not (parts.scheme in ("http", "https") and parts.hostname):
        raise UsageError("--webhook is no address: it begins with https:// or http://, and a host's name follows")
    if not 0.1 <= seconds <= 86400:
        raise UsageError(f"--hook-seconds {seconds:g} is out of range: 0.1 to 86400")


@dataclass(frozen=True)
class ProcessConfig:
    """Everything `vidsharp process` takes. Each field's default and help are the command's, too.

    Raises:
        UsageError: a value out of range.
    """

    inputs: tuple[Path, ...]
    """Recordings, and folders of recordings (searched recursively); also of URLs such as s3://bucket/recordings."""
    out: Path = field(
        metadata={OPTION: Option("Where results go; paths below INPUT are kept.", "DIR", ("-o", "--out"))}
    )
    """A folder, or the URL of one."""
    model: str = option(
        "auto",
        "A student's name, sha256: and the beginning of its weights' digest, a checkpoint file, or an ONNX file; "
        "auto is fast where CPUs compute it, and best where GPUs alone do.",
        metavar="NAME|PATH",
        flags=("-m", "--model"),
    )
    look: float | None = option(
        None,
        "For a student with two looks: nearest to the original, visibly crisper, or between.",
        metavar="natural|crisp|0…1",
        default_words="the student's",
    )
    """0 (natural) to 1 (crisp)."""
    strength: float = option(1.0, "out = in + S·(student − in), 0 to 1.5; 0 changes nothing.", metavar="S")
    chroma: Chroma | None = option(
        None,
        "Beside a luma student: colour as it is, or cleaned of smear and blocks.",
        default_words=DEFAULT_CHROMA,
    )
    """`keep` leaves Cb and Cr as they are, `restore` has the chroma student clean them. RGB students make colour
    themselves, and have only None."""
    start: float | None = option(
        None, "Take each recording from this time on: seconds, or h:mm:ss.", metavar="T", default_words="its beginning"
    )
    """In seconds since the recording's beginning."""
    end: float | None = option(None, "Take each recording up to this time.", metavar="T", default_words="its end")
    device: str = option(
        "auto",
        "auto, cpu, cuda or cuda:N; of process and watch, also both: GPUs, and the CPUs of machines without one.",
        metavar="DEVICE",
    )
    workers: int | None = option(
        None,
        "Sharpening processes; on a cluster, the most of them.",
        metavar="N",
        flags=("-w", "--workers"),
        default_words="what GPUs and CPUs take",
    )
    precision: Precision = option(
        "auto", "On a GPU: what the student computes in; auto: float16 where it hardly shows."
    )
    batch: int | None = option(None, "On a GPU: frames in a batch.", metavar="N", default_words="by their size")
    graphs: bool = option(True, "On a GPU: whether kernels are launched as CUDA graphs.", flags=("--graph/--no-graph",))
    hwaccel: HwAccelWord = option(
        "none", "On a GPU: whether its own decoder and encoder are used; auto: where a trial has seen them work."
    )
    """Not unless asked for: nobody can ask NVDEC what it has concealed, so that damage would go untold."""
    address: str | None = option(
        None, "A Ray cluster ('auto' joins a running one).", metavar="A", default_words="this machine"
    )
    """None starts the engine on this machine for the run."""
    engine: EngineName = option(
        DEFAULT_ENGINE, "What runs these processes: Ray, or this machine alone, where Ray does not run."
    )
    chunk_seconds: float = option(
        10.0, "Length of a chunk, about; it begins at a keyframe where there is one near.", metavar="S"
    )
    encoder: str | None = option(
        None, "Output encoder, e.g. libx264 or h264_nvenc.", metavar="NAME", default_words="the source's"
    )
    """An FFmpeg encoder; None: the one of the source's codec."""
    crf: float | None = option(None, "Constant rate factor of the encoder.", metavar="Q")
    preset: str | None = option(None, "Speed preset of the encoder.", metavar="NAME")
    skip_sharp: bool = option(
        False, "Copy recordings that are sharp already, told by the edges of a few pictures, as they are."
    )
    max_growth: float | None = option(
        None,
        "Ceiling for each result's size: so many times the recording's. What would be larger is encoded more tightly.",
        metavar="X",
    )
    target_quality: float | None = option(
        None,
        "Quality of the encoding: XPSNR in dB against the sharpened pictures. Each clip's rate factor is searched on a "
        "few of them.",
        metavar="Q",
    )
    encoder_options: Mapping[str, str] = field(
        default_factory=dict, metadata={OPTION: Option("Further encoder options.", "K=V", ("-e",))}
    )
    reference: Path | None = option(None, "Sharp originals at the same paths, to measure against.", metavar="DIR")
    measure: int | Literal["auto", "every", "off"] = option(
        "auto",
        "How many frames of each clip are measured.",
        metavar="every|N|off",
        default_words="one frame in 24, at most 100",
    )
    page: bool = option(True, "Whether to make the HTML report, or tables only.", flags=("--report/--no-report",))
    """And the previews that the report shows; the tables are always written."""
    overwrite: bool = option(
        False, "Redo finished clips instead of skipping them, and replace files that vidsharp did not make."
    )
    shard: Shard | None = option(
        None,
        "Only part I of N, counted from 0, of the recordings: for N drivers that share INPUT and DIR.",
        metavar="I/N",
        default_words="all",
    )
    """By a hash of the names below `inputs`, so that each recording is in exactly one."""
    staging: Path | None = option(
        None,
        "With s3:// and the like: where chunks are kept; on a cluster, a folder that all nodes see, not the bucket.",
        metavar="DIR",
    )
    """None: the user's cache folder, and on a cluster see `nodes_apart`."""
    scratch: Path | None = option(
        None,
        "With s3:// and the like: a folder of each node's own, to work in and to bring recordings to.",
        metavar="DIR",
        default_words="below the staging folder",
    )
    scratch_gb: float | None = option(
        None, "How many GB of recordings a node has there at a time, at most.", metavar="N", default_words="no bound"
    )
    memory_mb: int | None = option(
        None,
        "Ceiling for frames in flight in each process.",
        metavar="MIB",
        flags=("--limit-memory",),
        default_words="256",
    )
    stall_seconds: float = option(600.0, "Retry a chunk that made no progress for S seconds.", metavar="S")
    metrics: Path | None = option(
        None,
        "A file for metrics (OpenMetrics), written anew every 10 s: what is done, waits, fails and is busy.",
        metavar="FILE",
    )
    price_per_core_hour: float | None = option(
        None, "What an hour of a core costs: says what the run costs.", metavar="P"
    )
    """In any currency, as the next one."""
    price_per_gpu_hour: float | None = option(None, "What an hour of a GPU costs.", metavar="P")
    on_clip: str | None = option(
        None, "A program to run for each clip that ends, with JSON on its stdin.", metavar="COMMAND"
    )
    """Its words are divided as a shell would do it, but no shell reads them."""
    webhook: str | None = option(None, "An address to POST the same JSON to.", metavar="URL")
    webhook_key: Path | None = option(None, "File with the key that signs it (HMAC).", metavar="FILE")
    hook_seconds: float = option(60.0, "How long a program or an address has for a clip.", metavar="S")

    def __post_init__(self) -> None:
        if not self.inputs:
            raise UsageError("name at least one recording, or a folder of recordings")
        check_looks([] if self.look is None else [self.look])
        check_chroma(self.chroma)
        if not 0 <= self.strength <= 1.5:
            raise UsageError(
                f"--strength {self.strength:g} is out of range: 0 (no change) to 1.5, where 1 is the student"
            )
        check_part(self.start, self.end)
        check_engine(self.engine, self.address)
        check_shard(self.shard)
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"--workers {self.workers} is too few: at least 1")
        if self.batch is not None and self.batch < 1:
            raise UsageError(f"--batch {self.batch} is too few: at least 1")
        if self.device == "cpu" and self.gpu != GpuSettings():
            raise UsageError("--precision, --batch and --no-graph are for a GPU; say them or --device cpu, not both")
        if self.device == "cpu" and self.hwaccel == "cuda":
            raise UsageError("--hwaccel cuda is for a student on a GPU; say it or --device cpu, not both")
        if not 0.1 <= self.chunk_seconds <= 3600:
            raise UsageError(f"--chunk-seconds {self.chunk_seconds:g} is out of range: 0.1 to 3600")
        if not self.stall_seconds >= 1:
            raise UsageError(f"--stall-seconds {self.stall_seconds:g} is too little: at least 1")
        if isinstance(self.measure, int) and self.measure < 1:
            raise UsageError(f"--measure {self.measure} is too few: at least 1, or 'off'")
        check_rate(self)
        if self.skip_sharp and self.part != WHOLE_CLIP:
            raise UsageError("--skip-sharp copies whole recordings; leave it out with --start and --end")
        if self.reference is not None and not self.reference.is_dir():
            raise UsageError(f"--reference {self.reference} is not a folder: it holds the originals at the same paths")
        if self.reference is not None and self.measure == "off":
            raise UsageError("--reference is for measuring, which --measure off turns off; say only one of them")
        if self.scratch_gb is not None and not self.scratch_gb > 0:
            raise UsageError(f"--scratch-gb {self.scratch_gb:g} is too little: more than 0")
        if self.memory_mb is not None and self.memory_mb < 16:
            raise UsageError(f"--limit-memory {self.memory_mb} MiB is too little: at least 16")
        for name in ("price_per_core_hour", "price_per_gpu_hour"):
            price = getattr(self, name)
            if price is not None and not 0 <= price < math.inf:
                raise UsageError(f"--{name.replace('_', '-')} {price:g} is no price: a number, at least 0")
        check_hooks(self.on_clip, self.webhook, self.hook_seconds)

    @property
    def gpu(self) -> GpuSettings:
        """How a GPU works."""
        return GpuSettings(self.precision, self.batch, self.graphs)

    @property
    def wish(self) -> RateWish:
        """Bounds of each result's size and quality."""
        return RateWish(self.target_quality, self.max_growth)

    @property
    def part(self) -> Part:
        """What is taken of each recording."""
        return Part(self.start or None, self.end)
