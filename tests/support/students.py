"""Networks with no zero weights, for tests that must see an effect."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.chroma import ChromaStudent
from vidsharp.models.nets.swinir import SwinIRConfig
from vidsharp.models.nets.teacher import SwinIRTeacher


def random_student(seed: int = 0, **size: Any) -> BlendStudent:
    """A luma student, of the default size if no other is given."""
    torch.manual_seed(seed)
    student = BlendStudent(**size).eval()
    _shake(student)
    return student


def two_looks(path: Path) -> str:
    """Saves a student with two looks, as a checkpoint with that path, which is given back."""
    save_file(random_student(looks=2).state_dict(), path)
    return str(path)


def random_chroma_student(seed: int = 0, **size: Any) -> ChromaStudent:
    """A chroma student, of the default size if no other is given."""
    torch.manual_seed(seed)
    student = ChromaStudent(**size).eval().requires_grad_(False)
    _shake(student)
    return student


def random_teacher(channels: int = 1, seed: int = 0) -> SwinIRTeacher:
    """A tiny SwinIR: RGB for 3 channels, luma for 1, 4 and 16 (at full, half and quarter size)."""
    config = SwinIRConfig(img_size=8, window_size=4, in_chans=channels, embed_dim=8, depths=(2,), num_heads=(2,))
    torch.manual_seed(seed)
    teacher = SwinIRTeacher(config).eval()
    _shake(teacher)
    return teacher


@torch.no_grad()
def _shake(net: nn.Module) -> None:
    for parameter in net.parameters():
        parameter.add_(0.05 * torch.randn_like(parameter))
