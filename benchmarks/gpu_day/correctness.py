"""What has to be right before anything is timed: tests, races, captures that fail, and memory that ends."""

import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor
from vidsharp.models.enhance import Enhancer
from vidsharp.models.errors import DeviceError
from vidsharp.models.gpu.graph import no_failed_capture
from vidsharp.models.gpu.lanes import Lanes, lanes_of
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat

from .scale import Scale
from .step import ROOT, Findings

EIGHT = PlaneFormat(bit_depth=8, full_range=False, matrix="bt709", chroma_left=True)
_HUNTED = ((90, 160), (540, 960), (270, 480), (1080, 1920), (31, 77))


def gate(scale: Scale) -> Findings:
    """The tests of what runs on a GPU: where they fail, the other figures are of something that is wrong."""
    if find_spec("pytest") is None:
        yield "passed", None
        yield "said", "pytest is not installed here"
        return
    options = ("-p", "no:cacheprovider", "-p", "no:xdist")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *scale.gate], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = ended.stdout.strip().splitlines()
    counts = re.findall(r"(\d+) (passed|failed|skipped|error)", " ".join(lines[-1:]))
    yield "passed", ended.returncode == 0
    yield "counts", {what: int(count) for count, what in counts}
    yield "said", lines[-12:]


class Unwaiting:
    """A stream that waits for no other."""

    def __init__(self, lane: Any) -> None:
        self._lane = lane

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lane, name)

    def after(self, mark: Any = None) -> AbstractContextManager[None]:
        return self._lane.after()


def races(scale: Scale) -> Findings:
    """Pictures of all sizes, as they are sent and with one of the waits left out: the first must give no wrong answer
    and no complaint of the sanitizer, where one is on; of the others, whether what should go wrong is seen to."""
    for name in ("as it is", "up", "work", "down"):
        lanes = lanes_of(torch.device(scale.device))
        if name != "as it is":
            lanes = replace(lanes, **{name: Unwaiting(getattr(lanes, name))})
        try:
            found: dict[str, Any] = {"wrong": _hunt(lanes, scale.hunts), "of": scale.hunts}
        except Exception as error:  # the sanitizer's own, or what a race led to
            found = {"complaint": str(error).splitlines()[:6]}
        yield name if name == "as it is" else f"without the wait of {name}", found


def _inverse(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
    """With work and memory between, so that it takes a while."""
    made = []
    for plane in planes:
        for _ in range(8):
            plane = plane ^ 0x55
            plane = plane ^ 0x55
        made.append(plane ^ ~0)
    return made


def _hunt(lanes: Lanes, pictures: int) -> int:
    """How many of so many pictures came back wrong."""
    way, rng, wrong = OnGpu(lanes, Computation(_inverse), GpuSettings(batch=2)), np.random.default_rng(0), 0
    waiting: list[tuple[Any, np.ndarray]] = []
    for number in range(pictures):
        plane = rng.integers(0, 256, _HUNTED[(number // 3) % len(_HUNTED)], dtype=np.uint8)
        waiting.append((way.begin([plane], EIGHT), plane))
        if len(waiting) > 6:
            wrong += _is_wrong(*waiting.pop(0))
    return wrong + sum(_is_wrong(*each) for each in waiting)


def _is_wrong(pending: Any, plane: np.ndarray) -> bool:
    return not np.array_equal(pending.result()[0], ~plane)


def capture(scale: Scale) -> Findings:
    """A graph that cannot be captured: the next pictures have to be right all the same, and memory to come back."""
    lanes = lanes_of(torch.device(scale.device))
    if lanes.capture is None:
        yield "tried", False
        return
    picture = torch.arange(1000, device=scale.device)

    def waits(planes: Sequence[Tensor]) -> list[Tensor]:
        return [planes[0] + int(planes[0].sum().item())]

    with torch.inference_mode(), lanes.work.after():
        made = lanes.capture(waits, [picture])
    yield "tried", True
    yield "refused", made is None and not no_failed_capture()
    lanes.empty()
    yield "wrong_afterwards", _hunt(lanes_of(torch.device(scale.device)), 20)


def out_of_memory(scale: Scale) -> Findings:
    """Less and less memory: the same pictures in parts, then one sentence, then the same pictures again."""
    if scale.device != "cuda":
        yield "tried", False
        return
    width, height = scale.sizes[0]
    planes = [np.random.default_rng(0).integers(16, 236, (height, width), dtype=np.uint8)]
    enhancer = Enhancer("reference", "cuda", gpu=GpuSettings(precision="float32", graphs=False))
    rgb = [planes[0], *(planes[0][::2, ::2].copy() for _ in range(2))]
    whole = enhancer.planes(rgb, EIGHT)
    used = torch.cuda.memory_reserved()
    yield "tried", True
    yield "reserved_mib", used / 1024**2
    for share in (0.5, 0.25, 0.02):
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(share * used / torch.cuda.get_device_properties(0).total_memory)
        try:
            made = enhancer.planes(rgb, EIGHT)
            steps = max(_farthest(a, b) for a, b in zip(whole, made, strict=True))
            yield f"{share:.0%} of it", {"tile_pixels": enhancer.gpu and enhancer.gpu.tile_pixels, "code_values": steps}
        except DeviceError as error:
            yield f"{share:.0%} of it", {"sentence": str(error)}
    torch.cuda.set_per_process_memory_fraction(1.0)
    made = enhancer.planes(rgb, EIGHT)
    yield "again", {"code_values": max(_farthest(a, b) for a, b in zip(whole, made, strict=True))}


def _farthest(one: np.ndarray | None, other: np.ndarray | None) -> int:
    if one is None or other is None:
        return 0 if one is other else 1 << 16
    return int(np.abs(one.astype(int) - other.astype(int)).max())
