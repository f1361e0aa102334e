"""A check of this machine: whether the main job can run, and what is missing for it to run well, part by part."""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from ...models.cores import usable_cores
from ...models.errors import VidsharpError
from ...models.nets.catalogue import student_names, weights_path
from ...models.wording import counted
from ...pipeline.proc_files import cpu_flags
from ..engine.gpus import visible_gpus
from ..engine.machine import cpu_name, memory_bytes

State = Literal["ok", "missing", "broken"]
GIB = 1024**3
LITTLE_DISK = LITTLE_MEMORY = 2 * GIB
RAY_ANSWERS_S = 60.0
HARDWARE = ("h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_qsv", "h264_vaapi", "h264_videotoolbox")
_TRIAL_SIZE = (320, 192)
"""Hardware encoders take nothing much smaller."""


@dataclass(frozen=True)
class Check:
    """The finding on one part."""

    name: str
    state: State
    """`missing`: something that is only needed for some recordings or for speed; `broken`: the main job cannot run."""
    found: str
    advice: str | None = None
    """What to do about it, where there is something."""


def doctor(out: Path = Path(), address: str | None = None) -> Iterator[Check]:
    """Checks everything, part by part; a part that fails in an unforeseen way is `broken`. Leaves nothing behind.

    Args:
        out: the output folder to be, which need not be there yet.
        address: of a Ray cluster; None: Ray is started on this machine, and ended.
    """
    reinstall = "install vidsharp again in a fresh environment"
    parts: list[tuple[str, Callable[[], Check], str]] = [
        ("Python", check_python, reinstall),
        *((name, lambda name=name: check_library(name), reinstall) for name in ("torch", "av", "ray", "pyarrow")),
        ("CPU", check_cpu, reinstall),
        ("C library", check_fused, reinstall),
        ("GPU", check_gpu, "use --device cpu"),
        ("encoders", check_encoders, reinstall),
        ("hardware encoders", check_hardware, "use the software encoders"),
        ("GPU codecs", check_gpu_codecs, "use --hwaccel none"),
        *((f"model {name}", lambda name=name: check_model_weights(name), reinstall) for name in student_names()),
        ("memory", check_memory, "close other programs"),
        ("disk", lambda: check_disk(out), "choose another --out"),
        ("engine local", check_local_engine, "see whether a limit on processes is in the way"),
        ("Ray", lambda: check_ray(address), "see whether a firewall or a limit on processes is in the way"),
    ]
    spared = ("ray", "Ray") if address is None else ()

    def failed(name: str, found: str, advice: str | None) -> Check:
        if name in spared:
            return Check(name, "missing", found, "use --engine local, which needs no Ray")
        return Check(name, "broken", found, advice)

    for name, check, advice in parts:
        try:
            yield check()
        except VidsharpError as error:
            yield failed(name, str(error), None)
        except Exception as error:  # a damaged installation fails in any way
            yield failed(name, f"{type(error).__name__}: {' '.join(str(error).split())}", advice)


def can_run(checks: list[Check]) -> bool:
    """Whether the main job can run."""
    return not any(check.state == "broken" for check in checks)


def check_python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()}, {platform.platform()}")


def check_library(name: str) -> Check:
    """Imports it, which a damaged installation does not survive."""
    module = import_module(name)
    ffmpeg = f", FFmpeg {module.ffmpeg_version_info}" if name == "av" else ""
    return Check(name, "ok", f"{version(name)}{ffmpeg}")


def check_cpu() -> Check:
    flags = cpu_flags()
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    found = f"{cpu_name() or platform.machine()}, {usable_cores()} cores for this process, {vectors}"
    if flags and "avx2" not in flags:
        return Check("CPU", "missing", found, "a processor with AVX2 is several times as fast")
    return Check("CPU", "ok", found)


def check_fused() -> Check:
    from ...models.fused.blend_library import fastest_set, instruction_sets, why_torch

    if instructions := fastest_set():
        return Check("C library", "ok", f"built, with {instructions}")
    advice = None if instruction_sets() else "install a C compiler (gcc), and then vidsharp again"
    return Check("C library", "missing", f"{why_torch()}; torch does its work, several times as slowly", advice)


def check_gpu() -> Check:
    import torch

    from ...models.device import gpu_trouble

    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    if not names and (there := visible_gpus()):
        found = f"torch {torch.__version__} sees none of {counted(len(there), 'GPU')}; students run on the CPU"
        return Check("GPU", "missing", found, "install torch for the CUDA version of the driver")
    if not names:
        return Check("GPU", "missing", "none that torch can use; students run on the CPU")
    if trouble := gpu_trouble(torch.device("cuda")):
        found = f"{', '.join(names)}: {trouble}; students run on the CPU"
        return Check("GPU", "missing", found, "see whether torch and the driver belong together, and the GPU is free")
    return Check("GPU", "ok", ", ".join(names))


def check_encoders() -> Check:
    """Those of the usual codecs, each on one picture."""
    from ...pipeline.encoders import ENCODER_OF_CODEC

    names = sorted(set(ENCODER_OF_CODEC.values()))
    fail = [name for name in names if not encodes(name)]
    if "libx264" in fail:
        return Check("encoders", "broken", "libx264 does not work, which most recordings need", "install av again")
    if fail:
        return Check("encoders", "missing", f"do not work: {', '.join(fail)}", "choose others with --encoder")
    return Check("encoders", "ok", ", ".join(names))


def check_hardware() -> Check:
    work = [name for name in HARDWARE if encodes(name)]
    if work:
        return Check("hardware encoders", "ok", f"{', '.join(work)} (with --encoder)")
    return Check("hardware encoders", "missing", "none works here; --encoder takes software ones")


def check_gpu_codecs() -> Check:
    """What `--hwaccel auto` would use here."""
    import torch

    if not torch.cuda.is_available():
        return Check("GPU codecs", "missing", "no GPU that torch can use; the CPU decodes and encodes")
    from ...pipeline.codec_trial import try_codecs_of

    found = try_codecs_of("cuda")
    if not found.decodes:
        return Check("GPU codecs", "missing", f"{found.trouble}; the CPU decodes and encodes")
    encoders = ", ".join(found.encoders) or "no encoder, so the CPU encodes"
    return Check("GPU codecs", "ok", f"its decoder, and {encoders} (with --hwaccel)")


def check_model_weights(name: str) -> Check:
    from ...models.nets.catalogue import load_student

    load_student(name)
    return Check(f"model {name}", "ok", f"{weights_path(name).stat().st_size / 1e3:,.0f} kB of weights")


def check_memory() -> Check:
    total, free = memory_bytes(), memory_bytes("MemAvailable")
    if total is None or free is None:
        return Check("memory", "ok", "this system does not tell")
    found = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free"
    if free < LITTLE_MEMORY:
        return Check("memory", "missing", found, "close other programs, or use --workers 1 and --limit-memory 64")
    return Check("memory", "ok", found)


def check_disk(out: Path) -> Check:
    """Writes a small file where `out` is or will be, as results are written: whole, synced and renamed."""
    from ...pipeline.atomic import temporary_name, write_atomically

    folder = out.absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    trial = temporary_name(folder / "vidsharp-doctor")
    try:
        write_atomically(trial, b"x")
    finally:
        trial.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    found = f"{folder} can be written, {free / GIB:.1f} GiB free"
    if free < LITTLE_DISK:
        return Check("disk", "missing", found, "results take about as much space as recordings: choose another --out")
    return Check("disk", "ok", found)


class Answering:
    """A worker that answers."""

    def __init__(self, threads: int) -> None: ...

    def frames_done(self) -> int:
        return 0

    def platform(self) -> str:
        return platform_of_task()


def check_local_engine() -> Check:
    """Has a worker process without Ray import vidsharp, and answer."""
    from ..engine.engines import open_engine

    with open_engine("local") as engine:
        call = engine.submit(engine.start(Answering, 1, 0), "platform")
        if not engine.wait([call], RAY_ANSWERS_S):
            raise TimeoutError(f"a worker process did not answer within {RAY_ANSWERS_S:g} s")
        engine.result(call)
    return Check("engine local", "ok", "a worker process answered: --engine local works, which needs no Ray")


def check_ray(address: str | None) -> Check:
    """Has a task import vidsharp, here or on the cluster, and answer."""
    import ray

    from ..engine.cluster import living_nodes, ray_session

    with ray_session(address):
        node = ray.get(ray.remote(platform_of_task).options(num_cpus=0).remote(), timeout=RAY_ANSWERS_S)
        nodes = living_nodes()
    cpus, gpus = (sum(int(each.get(kind, 0)) for each in nodes) for kind in ("CPU", "GPU"))
    where = f"the cluster at {address}" if address else "starts on this machine"
    many = f"{counted(len(nodes), 'node')}, {cpus} CPUs, {gpus} GPUs"
    return Check("Ray", "ok", f"{where}: {many}; a task on {node} answered")


def platform_of_task() -> str:
    """The name of the node that it runs on. Ray sends functions of modules by name: so vidsharp must be there."""
    return platform.node()


def encodes(name: str) -> bool:
    """Whether an encoder is there and makes packets of a grey picture."""
    from av import CodecContext, VideoFrame
    from av.codec.codec import UnknownCodecError
    from av.error import FFmpegError
    from av.video.codeccontext import VideoCodecContext

    from ...pipeline.recording import silence

    silence()
    try:
        context = CodecContext.create(name, "w")
        if not isinstance(context, VideoCodecContext):
            return False
        formats = [each.name for each in context.codec.video_formats or ()]
        context.pix_fmt = "yuv420p" if "yuv420p" in formats or not formats else formats[0]
        context.width, context.height = _TRIAL_SIZE
        context.color_range = 2 if name == "mjpeg" else 1  # JPEG's is full
        context.options = {"x265-params": "log-level=none"} if name == "libx265" else {}
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        frame = VideoFrame(*_TRIAL_SIZE, context.pix_fmt)
        for plane in frame.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts = 0
        return bool([*context.encode(frame), *context.encode(None)])
    except (UnknownCodecError, FFmpegError, OSError, ValueError):
        return False
