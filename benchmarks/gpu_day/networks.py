"""Students on a device: what rounding changes, what a frame takes, and whether compiling is worth it."""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from vidsharp.jobs.tools.bench import gflop_per_frame
from vidsharp.jobs.tools.bench_gpu import bench_gpu
from vidsharp.models.enhance import Enhancer
from vidsharp.models.gpu.lanes import lanes_of
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.nets.catalogue import channels_of, load_student
from vidsharp.models.nets.half import in_type, trial_picture
from vidsharp.models.nets.protocol import forward

from .correctness import EIGHT
from .hardware import tensor_float_32
from .scale import Scale
from .step import Findings


@torch.inference_mode()
def precision(scale: Scale) -> Findings:
    """How far answers in fewer bits lie from those in float32, in code values of 8 bits, by student and size."""
    device = torch.device(scale.device)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = True, False
    for name in scale.students:
        student = load_student(name)
        net = student.net.eval().to(device)
        for width, height in scale.sizes:
            x = trial_picture(channels_of(student), (height, width)).to(device)
            whole = forward(net, x)
            steps = {}
            for kind in ("float16", "bfloat16"):
                with in_type(getattr(torch, kind), device):
                    steps[kind] = _steps(forward(net, x), whole)
            with tensor_float_32():
                steps["TF32"] = _steps(forward(net, x), whole)
            yield f"{name} {width}x{height}", steps


def _steps(answer: Tensor, whole: Tensor) -> float | None:
    """None where an answer is no number."""
    steps = 255 * (answer.float() - whole).abs().max().item()
    return round(steps, 3) if steps == steps else None


def students(scale: Scale) -> Findings:
    """What a frame takes: computing alone by the device's own clock, and from planes to planes."""
    rng = np.random.default_rng(0)
    for width, height in scale.sizes:
        half = (-(-height // 2), -(-width // 2))
        planes = [rng.integers(16, 236, shape, dtype=np.uint8) for shape in ((height, width), half, half)]
        for name in scale.students:
            gflop = gflop_per_frame(name, None, width, height)
            for kind in scale.precisions:
                for graphs in (True, False):
                    settings = GpuSettings(precision=kind, graphs=graphs)  # type: ignore[arg-type]
                    enhancer = Enhancer(name, scale.device, gpu=settings)
                    figures = bench_gpu(enhancer, planes, EIGHT, warmup=2, runs=scale.runs)
                    way = "graph" if graphs else "eager"
                    yield f"{name} {width}x{height} {kind} {way}", {**figures, "gflop_per_frame": gflop}


@torch.inference_mode()
def compiled(scale: Scale) -> Findings:
    """`torch.compile` of the network alone against the network as it is, in the first of the precisions."""
    device = torch.device(scale.device)
    width, height = scale.sizes[0]
    work, kind = lanes_of(device).work, getattr(torch, scale.precisions[0])
    for name in scale.students:
        student = load_student(name)
        net = student.net.eval().to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        x = trial_picture(channels_of(student), (height, width)).to(device)

        def ms(run: Callable[[Tensor], object], x: Tensor = x) -> float:
            with work.after(), in_type(kind, device):
                work.seconds(lambda: run(x), 2)
                return 1e3 * work.seconds(lambda: run(x), scale.runs)

        found: dict[str, object] = {"eager_ms": ms(net)}
        try:
            began = time.perf_counter()
            fast = torch.compile(net, backend=scale.compile_with)
            with work.after(), in_type(kind, device):
                fast(x)
            found |= {"compile_s": time.perf_counter() - began, "compiled_ms": ms(fast)}
        except Exception as error:  # no compiler, no Triton
            found["failed"] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        yield f"{name} {width}x{height}", found
