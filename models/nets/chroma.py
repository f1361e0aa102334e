"""The chroma student: cleans smear and blocks of Cb and Cr, guided by luma.

A call's line spends little on colour: it comes back in blocks, and smeared over edges that luma still shows. So each
plane is offered, at its own resolution, what learned linear filters and what guided filters (He et al., "Guided Image
Filtering", ECCV 2010) of several radii make of it, and a small net says for each sample how much of either to take.
The net is of the family of `blend.py`: it sees a learned spectrum of each 4×4 cell of the plane, and of luma, as it is
and as log-magnitude.

All that is offered vanishes where chroma is flat: what is grey stays grey, bit for bit.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import CheckpointError
from .blend_weights import CONTRAST, FACTOR, FLOOR, PHASES, SLOPE
from .catalogue import CHROMA_WEIGHTS
from .cells import cell_weights, cells_with_rim, first_filters, start_as_cosines, tap_index
from .checkpoint import load_into, read_state_dict
from .chroma_weights import GAIN, LOUDNESS_BIAS, LOUDNESS_SCALE, NOISE, ChromaWeights, halo_of


class ChromaStudent(nn.Module):
    """out = chroma + Σ weightₖ · offerₖ, one weight per sample and offer. The same weights serve Cb and Cr.

    Args:
        bands: number of learned linear filters, 9×9 taps that sum to zero.
        radii: of the guided filters, powers of two, in chroma samples; each offers its answer less the plane.
        width: channels of the guide net.
        dilations: of its 3×3 convolutions in a row, each added to what it was given.

    Raises:
        ValueError: a radius is no power of two.

    A fresh student is the identity: the guide's last layer starts at zero.
    """

    align_samples = FACTOR
    """A tile must start at a multiple of this, in chroma samples, or the cells move."""

    def __init__(
        self, bands: int = 1, radii: Sequence[int] = (2, 4, 8), width: int = 16, dilations: Sequence[int] = (1, 2, 2)
    ) -> None:
        super().__init__()
        if any(radius < 1 or radius & (radius - 1) for radius in radii):
            raise ValueError(f"Radii of {tuple(radii)} were given; each must be a power of two.")
        self.bands, self.radii = bands, tuple(radii)
        self.halo_samples = halo_of(tuple(dilations), self.radii)
        """A sample depends on none farther from its aligned 4×4 cell than this, in chroma samples."""
        # Weights do not show these two, so they lie beside them in a checkpoint.
        self.register_buffer("radii_of_guided", torch.tensor(self.radii, dtype=torch.int64))
        self.register_buffer("dilations", torch.tensor(tuple(dilations), dtype=torch.int64))
        self.chroma_filters = nn.Parameter(first_filters(bands))
        self.register_buffer("_tap_index", tap_index(), persistent=False)
        self.chroma_spectrum, self.luma_spectrum = (nn.Conv2d(PHASES, PHASES, 1) for _ in range(2))
        for spectrum in (self.chroma_spectrum, self.luma_spectrum):
            start_as_cosines(spectrum)
        # A layer for each kind of feature, and not one for all: oneDNN sums more than 16 input channels in an order
        # that depends on the picture's size, and a tile would not give the whole picture's bits.
        self.enter = nn.ModuleList(nn.Conv2d(PHASES, width, 1, bias=not i) for i in range(4))
        self.layers = nn.ModuleList(nn.Conv2d(width, width, 3, padding=d, dilation=d) for d in dilations)
        self.head = nn.Conv2d(width, PHASES * (bands + len(self.radii)), 1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    @classmethod
    def like(cls, state: Mapping[str, Tensor]) -> "ChromaStudent":
        """An untrained student of the size that a state dict was saved from.

        Raises:
            KeyError: a name is missing.
        """
        radii, dilations = state["radii_of_guided"].tolist(), state["dilations"].tolist()
        return cls(state["chroma_filters"].shape[0], radii, state["head.weight"].shape[1], dilations)

    def as_arrays(self) -> ChromaWeights:
        """The weights, for those who do without torch."""
        weights = ChromaWeights.of({name: value.detach().cpu().numpy() for name, value in self.state_dict().items()})
        assert weights is not None, "names and shapes are its own"
        return weights

    def forward(self, chroma: Tensor, luma: Tensor) -> Tensor:
        """Cleans planes of chroma.

        Args:
            chroma: float [N, P, H, W], P planes of each of N pictures: (code − grey's code) / (2^depth − 1); any
                H, W ≥ 1 (edges are repeated inside).
            luma: float [N, 1, H, W], code / (2^depth − 1), brought to chroma's grid by `luma_on_chroma_grid`.

        Returns:
            Float [N, P, H, W] in chroma's scale, not clamped.
        """
        count, planes, height, width = chroma.shape
        plane = chroma.reshape(count * planes, 1, height, width)
        cells, luma_cells = cells_with_rim(plane), cells_with_rim(luma)[..., 1:-1, 1:-1]
        weights = self.head(self._guide(cells[..., 1:-1, 1:-1], luma_cells, planes)) * GAIN
        offers = F.conv2d(cells, cell_weights(self.chroma_filters, self.get_buffer("_tap_index")))
        with torch.no_grad():  # nothing in them is learned
            guided = [cells_with_rim(offer)[..., 1:-1, 1:-1] for offer in self._guided(plane, luma, planes)]
        change = (weights * torch.cat([offers, *guided], dim=1)).unflatten(1, (-1, PHASES)).sum(dim=1)
        change = F.pixel_shuffle(change, FACTOR)[..., :height, :width]
        return chroma + change.reshape(chroma.shape)

    def _guide(self, chroma: Tensor, luma: Tensor, planes: int) -> Tensor:
        """Features [N·P, width, h, w] of cells [N·P, 16, h, w] of chroma and [N, 16, h, w] of luma."""
        of_chroma, of_luma = _spectrum(self.chroma_spectrum, chroma), _spectrum(self.luma_spectrum, luma)
        signed, loud, luma_signed, luma_loud = self.enter
        seen = (luma_signed(of_luma[0]) + luma_loud(of_luma[1])).repeat_interleave(planes, dim=0)
        x = F.leaky_relu(signed(of_chroma[0]) + loud(of_chroma[1]) + seen, SLOPE)
        for layer in self.layers:
            x = x + F.leaky_relu(layer(x), SLOPE)
        return x

    def _guided(self, plane: Tensor, luma: Tensor, planes: int) -> list[Tensor]:
        """What the guided filter of each radius would add to planes [N·P, 1, H, W], of the same shape."""
        answers: list[Tensor] = []
        luma_of_each = luma.repeat_interleave(planes, dim=0)
        for radius in self.radii:
            mean = _window_mean(luma, radius)
            variance = _window_mean(luma * luma, radius) - mean * mean
            mean, variance = (part.repeat_interleave(planes, dim=0) for part in (mean, variance))
            colour = _window_mean(plane, radius)
            slope = (_window_mean(plane * luma_of_each, radius) - colour * mean) / (variance + NOISE)
            base = colour - slope * mean
            answers.append(_window_mean(slope, radius) * luma_of_each + _window_mean(base, radius) - plane)
        return answers


def load_chroma(path: Path = CHROMA_WEIGHTS) -> ChromaStudent:
    """The chroma student that ships, or one of a checkpoint, in eval mode on the CPU.

    Raises:
        CheckpointError: the file is missing, is no checkpoint, or holds another network.
    """
    state = read_state_dict(path)
    try:
        net = ChromaStudent.like(state)
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise CheckpointError(
            f"The checkpoint '{path}' holds no chroma student; its first keys: {', '.join(list(state)[:3])}."
        ) from error
    load_into(net, state, path)
    return net.eval()


def _spectrum(transform: nn.Conv2d, cells: Tensor) -> tuple[Tensor, Tensor]:
    """A learned spectrum of cells [N, 16, h, w], without their mean: as it is, and as log-magnitude of about 0..1.5."""
    weight = transform.weight
    spectrum = F.conv2d(cells, (weight - weight.mean(dim=1, keepdim=True)) * CONTRAST, transform.bias)
    return spectrum, ((spectrum.abs() + FLOOR).log() + LOUDNESS_BIAS) * LOUDNESS_SCALE


def _window_mean(x: Tensor, radius: int) -> Tensor:
    """Means of [N, 1, H, W] over the (2·radius + 1)² samples around each, edges repeated; radius a power of two.

    Sums of 2, 4, 8 … are made of each other: few passes, and the same order of addition everywhere, so that a tile has
    the whole picture's bits.
    """
    x = F.pad(x, (radius, radius, radius, radius), mode="replicate")
    for axis in (-2, -1):
        sums, reach, length = x, 1, x.shape[axis] - 2 * radius
        while reach <= radius:
            rest = sums.shape[axis] - reach
            sums, reach = sums.narrow(axis, 0, rest) + sums.narrow(axis, reach, rest), 2 * reach
        x = sums.narrow(axis, 0, length) + x.narrow(axis, 2 * radius, length)
    return x / (2 * radius + 1) ** 2
