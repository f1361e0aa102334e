"""Students with no zero weights, for tests that must see an effect."""

import torch
from vidsharp.models.fast import FastStudent


def random_student(seed: int = 0) -> FastStudent:
    """A student with no zero weights."""
    torch.manual_seed(seed)
    student = FastStudent().eval()
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return student
