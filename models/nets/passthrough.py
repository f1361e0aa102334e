"""A start of the reference student near the identity, so that training adds sharpness instead of learning to copy.

The network ends in a Sigmoid, so the copy must carry logit(x). The first convolution makes ramps max(0, x − knot) of
each colour; the strided one adds them up to a piecewise-linear logit for each of the four pixel phases (shifted to
stay positive through the ReLU); the transposed one puts the phases back. Other channels stay random, unused at first.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from .reference import ReferenceStudent

KNOTS = 16
"""Ramps per colour: 48 of the 64 first channels."""
REACH = 5.0
"""The logit is held within ±REACH (0.0067 and 0.9933), and shifted up by it."""


@torch.no_grad()
def start_as_identity(student: "ReferenceStudent") -> None:
    """Sets the weights in place; after it, the output differs from an input in 0..1 by about one level of 255."""
    knots, slopes = piecewise_logit()
    ramps, phases = _Layer(student.encoder[0]), _Layer(student.encoder[2])
    spread, last = _Layer(student.decoder[0]), _Layer(student.decoder[2])
    second = _Layer(student.resblock.block[2])
    second.weight.mul_(0.01)
    second.bias.zero_()
    for colour in range(3):
        mine = slice(colour * KNOTS, (colour + 1) * KNOTS)
        ramps.weight[mine] = 0
        ramps.weight[mine, colour, 1, 1] = 1
        ramps.bias[mine] = -knots
        spread.weight[:, colour] *= 0.01
        spread.weight[:12, colour] = 0
        spread.bias[colour] = 0
        last.weight[colour] *= 0.01
        last.weight[colour, :3] = 0
        last.weight[colour, colour, 1, 1] = 1
        last.bias[colour] = -REACH
        for phase in range(4):
            channel, row, col = 4 * colour + phase, phase // 2, phase % 2
            phases.weight[channel] = 0
            phases.weight[channel, mine, 1 + row, 1 + col] = slopes
            phases.bias[channel] = 0
            spread.weight[channel, colour, row + 1, col + 1] = 1


class _Layer:
    """A convolution's own tensors, by the names they have there."""

    def __init__(self, layer: nn.Module) -> None:
        self.weight = layer.get_parameter("weight")
        self.bias = layer.get_parameter("bias")


def piecewise_logit() -> tuple[Tensor, Tensor]:
    """(knots, slopes), float32 [KNOTS] each: Σ slope · max(0, x − knot) is nearly logit(x) + REACH on 0..1.

    Knots lie at sin² of equal angles, which spreads the error left after the Sigmoid evenly; the slopes are a
    weighted least-squares fit.
    """
    knots = torch.sin(torch.linspace(0, 1, KNOTS + 1)[:-1] * torch.pi / 2) ** 2
    x = torch.linspace(0, 1, 2001)
    wanted = torch.logit(x, eps=0.0067).clamp(-REACH, REACH) + REACH
    weight = (torch.sigmoid(wanted - REACH) * torch.sigmoid(REACH - wanted)).clamp_min(0.005)
    ramps = (x[:, None] - knots).clamp_min(0)
    fit = torch.linalg.lstsq((ramps * weight[:, None]).double(), (wanted * weight)[:, None].double())
    return knots, fit.solution[:, 0].float()
