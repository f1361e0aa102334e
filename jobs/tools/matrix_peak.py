"""The peak of a device in practice: what its library reaches in a large matrix product, in some type of numbers."""

import torch

from ...models.gpu.lanes import lanes_of

EDGE = {"cpu": 2048, "cuda": 8192}
"""Of the square matrices: so large that a GPU of any size is busy, and its clocks settle."""
_REPEATS = {"cpu": 1, "cuda": 10}
"""Products that are timed together, by the device's own clock: nothing waits between them."""
_SERIES = 5


@torch.inference_mode()
def peak_gflops(device: torch.device, dtype: torch.dtype, edge: int | None = None) -> float:
    """The best of some series. A multiply-add counts as two; float32 is not TensorFloat-32."""
    edge, work = edge or EDGE[device.type], lanes_of(device).work
    with work.after():
        a, b, c = (torch.rand(edge, edge, device=device).to(dtype) for _ in range(3))

        def product() -> None:
            torch.mm(a, b, out=c)

        work.seconds(product, 1)  # the library chooses its kernel
        best = min(work.seconds(product, _REPEATS[device.type]) for _ in range(_SERIES))
    return 2 * edge**3 / best / 1e9
