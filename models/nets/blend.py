"""The luma students `fast` and `balanced`: learned linear filters, blended per pixel by a small net at quarter size.

A small net at quarter size cannot carry a sharpening filter through its few channels, so the linear part has a path
of its own: K filters of 9×9 taps whose taps sum to zero (a flat area stays flat). On planes unshuffled by 4, each is
exactly one 3×3 convolution 16 → 16, so all run as one dense convolution, at a sixteenth of the positions.

The net that blends them must tell soft from sharp at any contrast, so it sees a learned spectrum of each 4×4 cell (it
starts as the cosine transform) both as it is and as log-magnitude, where a ratio of two bands is a difference. What
changes from one cell to the next shows in neither: a student may see the spectrum of what lies between cells, too.

The last layer of that net may be there twice: `head` makes the natural look, `crisp` the crisper one. All before it is
shared, and what comes after is linear in it, so a blend of the two layers' weights is a student with a look between.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blend_weights import (
    CONTRAST,
    FACTOR,
    FLOOR,
    LOUDNESS_BIAS,
    LOUDNESS_SCALE,
    PHASES,
    SLOPE,
    BlendWeights,
    blended,
)
from .cells import between_cells, cell_weights, cells_with_rim, first_filters, start_as_cosines, tap_index
from .half import cast_weights, exactly
from .look import chosen_look
from .protocol import Domain


@dataclass(frozen=True)
class _Derived:
    """What the layers are given in place of the parameters that it is made from: few numbers, many small steps."""

    cells: Tensor
    """The filters as weights [16·K, 16, 3, 3] of one convolution between unshuffled planes."""
    contrast: Tensor
    """Of the spectrum, of each cell to its mean, [16, 16, 1, 1]; where the guide looks between cells, also of what lies
    there, [32, 16, 2, 2]."""
    offset: Tensor
    signed: Tensor
    magnitudes: Tensor
    bias: Tensor
    """Of the guide's first layer, for the spectrum as it is and for its logarithm."""


class BlendStudent(nn.Module):
    """out = luma + Σ weightₖ · (filterₖ ∗ luma) + offset; weights and offset come from the guide net, one per pixel.

    Args:
        bands: number K of linear filters.
        width: channels of the guide net.
        depth: 3×3 convolutions in a row in the guide net, at least 1, each added to what it was given.
        dilations: of these convolutions, one for each; None: all 1. Whether a picture is soft shows better in a larger
            neighbourhood, and a dilated convolution costs no more.
        looks: 2 where the student has a crisp look beside the natural one, else 1.
        between: whether the guide net also sees cells that lie half a cell down and to the right.

    A fresh student is the identity: the guide's last layers start at zero.

    Raises:
        ValueError: another number of looks.
    """

    domain: Domain = "luma"
    sees_beyond_halo = False
    radius = 0
    far_neighbours = ()
    align_px = FACTOR
    """A tile must start at a multiple of this, or the unshuffled grid moves."""
    feature_layer = "features"

    def __init__(
        self,
        bands: int = 3,
        width: int = 16,
        depth: int = 3,
        dilations: Sequence[int] | None = None,
        looks: Literal[1, 2] = 1,
        between: bool = False,
    ) -> None:
        super().__init__()
        if looks not in (1, 2):
            raise ValueError(f"looks are 1 or 2, not {looks}")
        self.bands, self.looks = bands, looks
        if dilations is None:
            dilations = [1] * depth
        else:  # weights do not show them, so they lie beside these in a checkpoint
            self.register_buffer("dilations", torch.tensor(dilations))
        self.halo_px = FACTOR * (sum(dilations) + between)
        """An output pixel depends on no pixel farther from its aligned 4×4 cell than this."""
        self.filters = nn.Parameter(first_filters(bands))
        self.register_buffer("_tap_index", tap_index(), persistent=False)
        self.spectrum = nn.Conv2d(PHASES, PHASES, 1)
        start_as_cosines(self.spectrum)
        self.between = nn.Conv2d(PHASES, PHASES, 1) if between else None
        if self.between is not None:
            start_as_cosines(self.between)
        self.enter = nn.Conv2d(2 * PHASES * (1 + between), width, 1)
        self.layers = nn.ModuleList(nn.Conv2d(width, width, 3, padding=d, dilation=d) for d in dilations)
        self.features = nn.Identity()
        self._kept: _Derived | None = None
        self.head = nn.Conv2d(width, PHASES * (bands + 1), 1)
        self.crisp = nn.Conv2d(width, PHASES * (bands + 1), 1) if looks == 2 else None
        for head in (self.head, self.crisp):
            for parameter in () if head is None else head.parameters():
                nn.init.zeros_(parameter)

    @classmethod
    def of(cls, **size: Any) -> "BlendStudent":
        """An untrained student; the constructor says of what size."""
        return cls(**size)

    @classmethod
    def like(cls, state: Mapping[str, Tensor]) -> "BlendStudent":
        """An untrained student of the size that a state dict was saved from.

        Raises:
            KeyError: a name is missing.
        """
        depth = sum(name.startswith("layers.") and name.endswith(".weight") for name in state)
        dilations = state["dilations"].tolist() if "dilations" in state else None
        looks = 2 if "crisp.weight" in state else 1
        bands, width = state["filters"].shape[0], state["enter.weight"].shape[0]
        return cls(bands, width, depth, dilations, looks, "between.weight" in state)

    @torch.no_grad()
    def with_look(self, look: float) -> "BlendStudent":
        """A student of its own with one head, between `head`, at 0, and `crisp`, at 1; this one stays as it is.

        Raises:
            ModelError: the look is out of range, or not 0 where there is one head.
        """
        at = chosen_look(look, self.looks, "blend") or 0.0
        state = {name: value for name, value in self.state_dict().items() if not name.startswith("crisp.")}
        if self.crisp is not None:
            for name, crisp in self.crisp.named_parameters(prefix="head"):
                state[name] = blended(state[name].double(), crisp.double(), at).to(crisp.dtype)
        with torch.random.fork_rng(devices=[]):  # a fresh student draws weights, which nobody shall notice
            plain = BlendStudent.like(state)
        plain.load_state_dict(state)
        return plain.to(self.filters.device).train(self.training)

    def as_arrays(self) -> BlendWeights:
        """The weights, as the C library is given them: of the natural look, as `forward`."""
        weights = BlendWeights.of({name: value.detach().cpu().numpy() for name, value in self.state_dict().items()})
        assert weights is not None, "these are its names and shapes"
        return weights

    def forward(self, luma: Tensor) -> Tensor:
        """Sharpens luma.

        Args:
            luma: float [N, 1, H, W], code value / (2^depth − 1); any H, W ≥ 1 (edges are repeated inside).

        Returns:
            Float [N, 1, H, W] in the same scale, not clamped; of two looks, the natural one.
        """
        return _changed(luma, self._change(cells_with_rim(luma)))

    def both(self, luma: Tensor) -> tuple[Tensor, Tensor]:
        """The natural look, as `forward` gives it, and the crisp one, in one pass: all but the last layer is shared.

        Args:
            luma: as `forward` takes it.
        """
        assert self.crisp is not None, "a student with one look has no other"
        bands, features = self._seen(cells_with_rim(luma))
        natural, crisp = (self._blend(head(features), bands) for head in (self.head, self.crisp))
        return _changed(luma, natural), _changed(luma, crisp)

    @torch.inference_mode()
    def sharpen_codes(self, codes: Tensor, peak: int, strength: float, strip_pixels: int) -> Tensor:
        """The plane that `forward` makes of one, without leaving integers for longer than a strip: codes in, codes out.

        Args:
            codes: uint8 or int32 [H, W], 0..peak.
            strength: S in codes + S · peak · change.
            strip_pixels: how many pixels are worked on at a time.

        Returns:
            The same dtype and shape, rounded half up and clipped to 0..peak. Equal to rounding `forward`'s answer, but
            for values that lie within a float's error of a half.
        """
        height, width = codes.shape
        cells = _cells_of_codes(codes)
        h, w = cells.shape[-2] - 2, cells.shape[-1] - 2
        out = torch.empty((1, h, w, PHASES), dtype=codes.dtype, device=codes.device).movedim(-1, 1)
        for top, end, first, last in self._strips(h, w, strip_pixels):
            exact = cells[..., first : last + 2, :].float()
            change = self._change(exact / peak)[..., top - first : end - first, :]
            inner = exact[..., 1 + top - first : 1 + end - first, 1:-1]
            # Half up: what follows is positive, and conversion cuts off.
            out[..., top:end, :] = inner.add(change, alpha=strength * peak).add_(0.5).clamp_(0, peak)
        return _codes_of_cells(out)[:height, :width]

    def strip_shapes(self, height: int, width: int, strip_pixels: int) -> set[tuple[int, int]]:
        """The shapes in pixels, whole cells, of the windows that `sharpen_codes` computes a plane in."""
        h, w = -(-height // FACTOR), -(-width // FACTOR)
        return {(FACTOR * (last - first), FACTOR * w) for _, _, first, last in self._strips(h, w, strip_pixels)}

    def _strips(self, h: int, w: int, strip_pixels: int) -> Iterator[tuple[int, int, int, int]]:
        """For each strip of h × w cells: its rows from..to, and those that it is computed from, with the halo."""
        halo = self.halo_px // FACTOR
        rows = max(strip_pixels // (w * PHASES), 2 * halo)
        for top in range(0, h, rows):
            yield top, min(top + rows, h), max(top - halo, 0), min(top + rows + halo, h)

    def _change(self, cells: Tensor) -> Tensor:
        """What is to be added, [N, 16, h, w], for cells with a rim of one, [N, 16, h + 2, w + 2]."""
        bands, features = self._seen(cells)
        return self._blend(self.head(features), bands)

    def _seen(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """What the filters make of such cells, [N, 16·K, h, w], and the guide's features, [N, width, h, w]."""
        derived = self._kept or self._derived()
        return F.conv2d(cells, derived.cells), self._guide(cells, derived)

    def _blend(self, blend: Tensor, bands: Tensor) -> Tensor:
        """The change, [N, 16, h, w], for weights and offsets [N, 16·(K + 1), h, w]."""
        change = blend[:, self.bands * PHASES :]
        for k in range(self.bands):
            mine = slice(k * PHASES, (k + 1) * PHASES)
            change = torch.addcmul(change, blend[:, mine], bands[:, mine])
        return change

    def _guide(self, cells: Tensor, derived: _Derived) -> Tensor:
        """Features [N, width, h, w] of cells with a rim of one, [N, 16, h + 2, w + 2].

        What is linear before and after the logarithm is folded into the 1×1 convolutions, whose weights are few: fewer
        passes over whole pictures. The second one is done in two halves: oneDNN sums 32 input channels in an order
        that depends on the picture's size, 16 in one that does not; so with a width of 16, a tile gives the whole
        frame's result to the last bit, unless it looks between its cells.
        """
        seen = cells[..., 1:-1, 1:-1] if self.between is None else cells[..., 1:, 1:]
        with exactly(cells):  # rounded weights would find contrast in flat cells, and the logarithm would show it
            spectrum = F.conv2d(seen, derived.contrast, derived.offset)
            loudness = spectrum.abs().add_(FLOOR).log_()
        x = F.conv2d(spectrum, derived.signed, derived.bias)
        x = x + F.conv2d(loudness, derived.magnitudes)
        x = F.leaky_relu_(x, SLOPE)
        for layer in self.layers:
            added = F.leaky_relu_(layer(x), SLOPE)
            x = x + added if torch.is_grad_enabled() else x.add_(added)  # autograd still needs the x that was
        return self.features(x)

    def _cell_weights(self) -> Tensor:
        return cell_weights(self.filters, self.get_buffer("_tap_index"))

    def _derived(self) -> _Derived:
        transforms = [self.spectrum] if self.between is None else [self.spectrum, self.between]
        contrasts = [(each.weight - each.weight.mean(dim=1, keepdim=True)) * CONTRAST for each in transforms]
        if self.between is not None:
            contrasts = [F.pad(contrasts[0], (0, 1, 0, 1)), between_cells(contrasts[1])]
        entered = self.enter.weight.split(PHASES, dim=1)
        signed, magnitudes = torch.cat(entered[::2], dim=1), torch.cat(entered[1::2], dim=1)
        return _Derived(
            cells=self._cell_weights(),
            contrast=torch.cat(contrasts).contiguous(memory_format=torch.channels_last),
            offset=torch.cat([each.get_parameter("bias") for each in transforms]),
            signed=signed.contiguous(memory_format=torch.channels_last),
            magnitudes=(LOUDNESS_SCALE * magnitudes).contiguous(memory_format=torch.channels_last),
            bias=self.enter.get_parameter("bias") + LOUDNESS_BIAS * magnitudes.sum(dim=(1, 2, 3)),
        )

    @torch.no_grad()
    def with_weights_in(self, dtype: torch.dtype) -> "BlendStudent":
        """As `ReadiesWeights`. The spectrum stays in float32."""
        made, derived = deepcopy(self), self._derived()
        cast_weights(made.layers, made.head, dtype=dtype)
        ready = {name: getattr(derived, name).to(dtype) for name in ("cells", "signed", "magnitudes", "bias")}
        made._kept = replace(derived, **ready)
        return made


def _changed(luma: Tensor, change: Tensor) -> Tensor:
    """Luma [N, 1, H, W] with the change of its cells, [N, 16, ⌈H/4⌉, ⌈W/4⌉], added."""
    height, width = luma.shape[-2:]
    return luma + F.pixel_shuffle(change, FACTOR)[..., :height, :width]


def _cells_of_codes(codes: Tensor) -> Tensor:
    """`cells_with_rim` of integers [H, W], which torch does not pad and unshuffles slowly: [1, 16, h + 2, w + 2]."""
    below, right = -codes.shape[0] % FACTOR, -codes.shape[1] % FACTOR
    left_edge, right_edge = codes[:, :1].expand(-1, FACTOR), codes[:, -1:].expand(-1, FACTOR + right)
    wide = torch.cat([left_edge, codes, right_edge], dim=1)
    high = torch.cat([wide[:1].expand(FACTOR, -1), wide, wide[-1:].expand(FACTOR + below, -1)])
    quads = _quads(high).unflatten(0, (-1, FACTOR)).transpose(1, 2).contiguous()  # [h + 2, w + 2, 4, …]
    return quads.view(codes.dtype).view(*quads.shape[:2], PHASES).movedim(-1, 0)[None]


def _codes_of_cells(cells: Tensor) -> Tensor:
    """The inverse, without a rim: integers [1, 16, h, w], channels last, to [4·h, 4·w]."""
    rows = cells[0].movedim(0, -1).unflatten(-1, (FACTOR, FACTOR))  # [h, w, 4, 4]
    lines = _quads(rows).view(*rows.shape[:3], -1).transpose(1, 2).contiguous()  # [h, 4, w, …]
    return lines.view(cells.dtype).view(rows.shape[0] * FACTOR, -1)


def _quads(codes: Tensor) -> Tensor:
    """Four uint8 seen as one int32 (int32 as it is): they move together, in a quarter of the steps."""
    return codes.view(torch.int32) if codes.dtype == torch.uint8 else codes.unflatten(-1, (-1, FACTOR))
