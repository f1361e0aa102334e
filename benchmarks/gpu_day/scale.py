"""The size of a day: on a GPU, or as small as a rehearsal on a CPU has it."""

from dataclasses import dataclass

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True)
class Scale:
    """How much each step does."""

    device: str
    students: tuple[str, ...]
    sizes: tuple[Size, ...]
    """Of frames, those first that matter most: a step that runs out of time leaves the others out."""
    precisions: tuple[str, ...]
    runs: int
    """Batches that are timed."""
    edge: int | None
    """Of the matrices that say what the device can do; None: as `bench` takes them."""
    copy_bytes: int
    hunts: int
    """Pictures in a hunt for races."""
    compile_with: str
    """A backend of `torch.compile`."""
    processes: tuple[int, ...]
    """End to end, at the same time."""
    frames: int
    """End to end, of each process."""
    encoders: tuple[str, ...]
    gate: tuple[str, ...]
    """Tests, as pytest takes them."""


ON_A_GPU = Scale(
    device="cuda",
    students=("fast", "balanced", "best", "reference"),
    sizes=((1920, 1080), (640, 360), (1280, 720), (3840, 2160)),
    precisions=("float16", "float32"),
    runs=10,
    edge=None,
    copy_bytes=1 << 30,
    hunts=400,
    compile_with="inductor",
    processes=(1, 2, 4, 8),
    frames=400,
    encoders=("libx264", "h264_nvenc"),
    gate=(
        *("tests/models/gpu/test_gpu_student.py", "tests/models/gpu/test_graph.py", "tests/models/gpu/test_on_gpu.py"),
        *("tests/models/nets/test_half.py", "tests/jobs/tools/test_bench_gpu.py"),
    ),
)

REHEARSAL = Scale(
    device="cpu",
    students=("fast",),
    sizes=((64, 48),),
    precisions=("bfloat16", "float32"),
    runs=1,
    edge=64,
    copy_bytes=1 << 16,
    hunts=6,
    compile_with="eager",
    processes=(1,),
    frames=8,
    encoders=("libx264", "no_such_encoder"),
    gate=("tests/models/gpu/test_oom_tiler.py",),
)
