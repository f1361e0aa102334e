"""Speed, measured: a student alone, and the whole way of a recording split into its stages."""

import platform
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ...models.cores import usable_cores
from ...models.device import resolve_device
from ...models.enhance import Enhancer
from ...models.errors import DeviceError
from ...models.gpu.settings import GpuSettings, HwAccel, HwAccelWord
from ...models.nets.catalogue import channels_of, load_student
from ...models.nets.chroma_choice import Chroma
from ...models.planes.plane_format import PlaneFormat
from ...pipeline.codec_trial import try_codecs_of
from ...pipeline.encoder import EncoderChoice
from ...pipeline.encoders import check_encoder_name
from ...pipeline.heap import use_one_heap
from ...pipeline.mux import mux_clip
from ...pipeline.plan import plan_chunks
from ...pipeline.probe import probe
from ...pipeline.recording import silence
from ...pipeline.sharpen import check_pixel_format
from ...pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from ...pipeline.survey import read_through
from ...pipeline.workspace import Workspace
from .bench_gpu import bench_gpu
from .matrix_peak import peak_gflops
from .peak_memory import peak_rss_mib


def bench_model(
    width: int,
    height: int,
    *,
    model: str,
    device: str,
    threads: int | None,
    warmup: int,
    runs: int,
    gpu: GpuSettings | None = None,
    look: float | None = None,
    chroma: Chroma | None = None,
) -> dict[str, Any]:
    """Times a student on one frame in memory: planes in, planes out, the device synchronised after every frame.

    On a GPU, `bench_gpu` adds its figures.

    Args:
        width, height: of the frame, 8-bit 4:2:0.
        gpu: as `Enhancer` takes it: None leaves a CPU its own way.
        look, chroma: as `Enhancer` takes them.

    Raises:
        ModelError, CheckpointError, DeviceError: as `Enhancer`.
    """
    use_one_heap()  # as the actors do
    threads = threads or usable_cores()
    torch.set_num_threads(threads)
    enhancer = Enhancer(model, device=device, threads=threads, gpu=gpu, look=look, chroma=chroma)
    rng = np.random.default_rng(0)
    half = ((height + 1) // 2, (width + 1) // 2)
    planes = [rng.integers(16, 236, shape, dtype=np.uint8) for shape in ((height, width), half, half)]
    fmt = PlaneFormat(bit_depth=8, full_range=False, matrix="bt709", chroma_left=True)
    for _ in range(warmup):
        enhancer.planes(planes, fmt)
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        enhancer.planes(planes, fmt)  # returns arrays in main memory: the device has finished
        times.append(time.perf_counter() - began)
    gflop = gflop_per_frame(model, look, width, height)
    kind = torch.float32 if enhancer.gpu is None else enhancer.gpu.dtype(fmt)
    peak = peak_gflops(torch.device(enhancer.device), kind)
    mean = sum(times) / len(times)
    figures = {
        **_machine(enhancer, threads),
        "size": f"{width}x{height}",
        "runs": runs,
        "fps": 1 / mean,
        "ms_mean": 1e3 * mean,
        "ms_p50": 1e3 * float(np.percentile(times, 50)),
        "ms_p95": 1e3 * float(np.percentile(times, 95)),
        "gflop_per_frame": gflop,
        "gflops": gflop / mean,
        "peak_type": str(kind).removeprefix("torch."),
        "peak_gflops": peak,
        "share_of_peak": gflop / mean / peak,
    }
    if enhancer.gpu is None:
        return figures
    on_gpu = bench_gpu(enhancer, planes, fmt, warmup=warmup, runs=runs)
    return {**figures, **on_gpu, "compute_share_of_peak": 1e3 * gflop / on_gpu["compute_ms"] / peak}


def bench_end_to_end(
    recording: Path,
    *,
    model: str,
    device: str,
    threads: int | None,
    encoder: str | None,
    gpu: GpuSettings | None = None,
    look: float | None = None,
    chroma: Chroma | None = None,
    hwaccel: HwAccelWord = "none",
) -> dict[str, Any]:
    """Takes a recording the whole way in this process, without Ray, and says where the time went.

    Decode, student and encoder overlap, so their seconds add up to more than the wall time; `waiting_s` is how long
    the encoder had nothing to do.

    Args:
        hwaccel: whether a GPU's codecs are used, where `gpu` says that there is one.

    Raises:
        DeviceError: they were asked for, and do not work.
        VidsharpError: as the steps of the pipeline.
    """
    silence()
    use_one_heap()
    if encoder:
        check_encoder_name(encoder)
    threads = threads or usable_cores()
    there = try_codecs_of(str(resolve_device(device))) if gpu is not None and hwaccel != "none" else HwAccel()
    if hwaccel == "cuda" and not there.decodes:
        raise DeviceError(f"--hwaccel cuda: {there.trouble or 'the student is on the CPU'}; use --hwaccel none")
    settings = gpu and replace(gpu, hwaccel=there)
    enhancer = Enhancer(model, device=device, threads=threads, gpu=settings, look=look, chroma=chroma)
    with tempfile.TemporaryDirectory(prefix="vidsharp-bench-") as folder:
        began, cpu_before = time.perf_counter(), time.process_time()
        info = probe(recording)
        check_pixel_format(info)
        info, plan, timeline = read_through(info, EncoderChoice(encoder, on_gpu=there.encoders))
        chunks = plan_chunks(timeline, int(10 / info.time_base), context=enhancer.context)
        planned = time.perf_counter()
        work = Workspace(Path(folder), "bench")
        records = [sharpen_chunk(ChunkTask(info, chunk, plan, work.folder, work.key), enhancer) for chunk in chunks]
        sharpened = time.perf_counter()
        mux_clip(info, records, [work.chunk_file(chunk.name) for chunk in chunks], work.folder / recording.name)
        ended, cpu_after = time.perf_counter(), time.process_time()
    frames = sum(record.frames for record in records)
    return {
        **_machine(enhancer, threads),
        "recording": recording.name,
        "size": f"{info.width}x{info.height}",
        "frames": frames,
        "chunks": len(chunks),
        "encoder": plan.name,
        "decoded_on_gpu": there.decodes and all(record.not_on_gpu is None for record in records),
        "wall_s": ended - began,
        "fps": frames / (ended - began),
        "cpu_ms_per_frame": 1e3 * (cpu_after - cpu_before) / max(1, frames),
        "plan_s": planned - began,
        "decode_s": sum(record.decode_s for record in records),
        "model_s": sum(record.model_s for record in records),
        "encode_s": sum(record.encode_s for record in records),
        "waiting_s": sum(record.wait_s for record in records),
        "chunks_s": sharpened - planned,
        "mux_s": ended - sharpened,
        "peak_rss_mib": peak_rss_mib(),
    }


def gflop_per_frame(model: str, look: float | None, width: int, height: int) -> float:
    """Counted by torch on an abstract frame (`meta` tensors: nothing is computed); a multiply-add counts as two."""
    student = load_student(model, look=look)
    net = student.net.to("meta")
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        net(torch.empty(1, channels_of(student), height, width, device="meta"))
    return counter.get_total_flops() / 1e9


def _machine(enhancer: Enhancer, threads: int) -> dict[str, Any]:
    device = enhancer.device
    return {
        "vidsharp": version("vidsharp"),
        "torch": torch.__version__,
        "model": enhancer.name,
        "look": enhancer.look,
        "chroma": enhancer.chroma,
        "device": torch.cuda.get_device_name(device) if device != "cpu" else f"cpu ({platform.machine()})",
        "threads": threads,
    }
