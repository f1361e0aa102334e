"""SwinIR, the teacher: Liang et al. 2021, arXiv 2108.10257, for restoration at the input's size (no upsampling).

Parameter and buffer names, shapes and arithmetic are those of the official release, so that its checkpoints load
strictly and give its outputs.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ModelError


@dataclass(frozen=True)
class SwinIRConfig:
    """The constructor's arguments of the official release; the defaults are the report's teacher.

    Raises:
        ModelError: lists of other lengths, heads that do not divide the channels, or a window larger than the image.
    """

    img_size: int = 64
    """Edge in pixels for which attention masks are stored in checkpoints; other sizes are computed."""
    in_chans: int = 3
    embed_dim: int = 180
    depths: tuple[int, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: tuple[int, ...] = (6, 6, 6, 6, 6, 6)
    window_size: int = 8
    mlp_ratio: float = 2.0
    img_range: float = 1.0

    def __post_init__(self) -> None:
        if len(self.depths) != len(self.num_heads):
            raise ModelError(
                f"SwinIR has {len(self.depths)} depths and {len(self.num_heads)} num_heads; they must match."
            )
        if any(self.embed_dim % heads for heads in self.num_heads):
            raise ModelError(f"SwinIR's embed_dim {self.embed_dim} must be a multiple of each of {self.num_heads}.")
        if self.img_size < self.window_size or self.img_size % self.window_size:
            raise ModelError(f"SwinIR's img_size {self.img_size} must be a multiple of its window {self.window_size}.")


class SwinIR(nn.Module):
    """Maps RGB pictures to restored RGB pictures of the same size."""

    def __init__(self, config: SwinIRConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SwinIRConfig()
        dim = config.embed_dim
        mean = (0.4488, 0.4371, 0.4040) if config.in_chans == 3 else (0.0,) * config.in_chans
        # A buffer, so that it lies where the weights do: a copy from here in each call could not be part of a graph.
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.conv_first = nn.Conv2d(config.in_chans, dim, 3, padding=1)
        self.patch_embed = _PatchEmbed(dim)
        self.layers = nn.ModuleList(
            _ResidualGroup(config, depth, heads) for depth, heads in zip(config.depths, config.num_heads, strict=True)
        )
        self.norm = nn.LayerNorm(dim)
        self.conv_after_body = nn.Conv2d(dim, dim, 3, padding=1)
        self.conv_last = nn.Conv2d(dim, config.in_chans, 3, padding=1)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Restores pictures.

        Args:
            x: float [N, in_chans, H, W], 0..1; any H and W of at least 2: reflected to whole windows, then cropped.

        Returns:
            Float [N, in_chans, H, W], not clamped.
        """
        height, width = x.shape[-2:]
        x = _reflected(x, self.config.window_size)
        mean = self.get_buffer("mean").to(x)
        x = (x - mean) * self.config.img_range
        shallow = self.conv_first(x)
        tokens = self.patch_embed(shallow.flatten(2).transpose(1, 2))
        size = (x.shape[-2], x.shape[-1])
        for layer in self.layers:
            tokens = layer(tokens, size)
        deep = _as_image(self.norm(tokens), size)
        out = x + self.conv_last(self.conv_after_body(deep) + shallow)
        return (out / self.config.img_range + mean)[..., :height, :width]


class _PatchEmbed(nn.Module):
    """A patch is one pixel: only the normalisation is left of it."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.norm(tokens)


class _ResidualGroup(nn.Module):
    """RSTB: transformer blocks, a convolution, and the input added (resi_connection `1conv`)."""

    def __init__(self, config: SwinIRConfig, depth: int, heads: int) -> None:
        super().__init__()
        self.residual_group = _Blocks(config, depth, heads)
        self.conv = nn.Conv2d(config.embed_dim, config.embed_dim, 3, padding=1)

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        changed = self.conv(_as_image(self.residual_group(tokens, size), size))
        return tokens + changed.flatten(2).transpose(1, 2)


class _Blocks(nn.Module):
    def __init__(self, config: SwinIRConfig, depth: int, heads: int) -> None:
        super().__init__()
        # Windows do not shift where one covers the whole image.
        shift = config.window_size // 2 if config.img_size > config.window_size else 0
        self.blocks = nn.ModuleList(_Block(config, heads, shift * (place % 2)) for place in range(depth))

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        for block in self.blocks:
            tokens = block(tokens, size)
        return tokens


class _Block(nn.Module):
    """Attention within windows, every second time shifted by half a window, then a perceptron."""

    def __init__(self, config: SwinIRConfig, heads: int, shift: int) -> None:
        super().__init__()
        dim = config.embed_dim
        self.window, self.shift, self.img_size = config.window_size, shift, config.img_size
        self.norm1 = nn.LayerNorm(dim)
        self.attn = _WindowAttention(dim, config.window_size, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = _Mlp(dim, int(dim * config.mlp_ratio))
        mask = _shift_mask(config.img_size, config.img_size, self.window, shift) if shift else None
        self.register_buffer("attn_mask", None if mask is None else mask.clone())

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        batch, _, channels = tokens.shape
        image = self.norm1(tokens).view(batch, *size, channels)
        if self.shift:
            image = image.roll((-self.shift, -self.shift), (1, 2))
        attended = self.attn(_windows(image, self.window), self._mask(size, tokens))
        image = _unwindowed(attended, self.window, size)
        if self.shift:
            image = image.roll((self.shift, self.shift), (1, 2))
        tokens = tokens + image.reshape(batch, -1, channels)
        return tokens + self.mlp(self.norm2(tokens))

    def _mask(self, size: tuple[int, int], like: Tensor) -> Tensor | None:
        if not self.shift:
            return None
        if size == (self.img_size, self.img_size):
            return self.get_buffer("attn_mask")
        return _shift_mask(*size, self.window, self.shift, like.device).to(like.dtype)


class _WindowAttention(nn.Module):
    """Multi-head attention with a learned bias for each relative position in the window."""

    def __init__(self, dim: int, window: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", _relative_positions(window))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x: [N · windows, window², C]; mask: [windows, window², window²] of 0 and −100, or None."""
        count, length, channels = x.shape
        q, k, v = self.qkv(x).reshape(count, length, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        positions: Tensor = self.get_buffer("relative_position_index")
        bias = self.relative_position_bias_table[positions.flatten()].view(length, length, -1).permute(2, 0, 1)
        scores = (q * self.scale) @ k.transpose(-2, -1) + bias
        if mask is not None:
            windows = mask.shape[0]
            scores = scores.view(count // windows, windows, self.heads, length, length) + mask[:, None]
            scores = scores.view(count, self.heads, length, length)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(count, length, channels))


class _Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


def _as_image(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    return tokens.transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], *size)


def _reflected(x: Tensor, window: int) -> Tensor:
    """Padded below and to the right to whole windows, by reflection; pictures smaller than that repeat their edge."""
    below, right = -x.shape[-2] % window, -x.shape[-1] % window
    if not (below or right):
        return x
    fits = below < x.shape[-2] and right < x.shape[-1]
    return F.pad(x, (0, right, 0, below), mode="reflect" if fits else "replicate")


def _windows(image: Tensor, window: int) -> Tensor:
    """[N, H, W, C] to [N · windows, window², C]."""
    batch, height, width, channels = image.shape
    tiles = image.view(batch, height // window, window, width // window, window, channels)
    return tiles.transpose(2, 3).reshape(-1, window * window, channels)


def _unwindowed(windows: Tensor, window: int, size: tuple[int, int]) -> Tensor:
    """The inverse of `_windows`."""
    height, width = size
    tiles = windows.view(-1, height // window, width // window, window, window, windows.shape[-1])
    return tiles.transpose(2, 3).reshape(-1, height, width, windows.shape[-1])


def _shift_mask(height: int, width: int, window: int, shift: int, device: "torch.device | str" = "cpu") -> Tensor:
    """[windows, window², window²]: −100 between pixels that only the shift's rolling round brings together, else 0."""
    labels = _region_labels(height, width, window, shift, torch.device(device))
    return (labels[:, None] != labels[:, :, None]).float() * -100.0


@lru_cache(maxsize=32)
def _region_labels(height: int, width: int, window: int, shift: int, device: torch.device) -> Tensor:
    """[windows, window²]: which of the regions that the shift's rolling round brings together a pixel is of. Kept where
    it is needed: a copy from another device would wait for it, and cannot be part of a graph."""
    regions = torch.zeros(1, height, width, 1, device=device)
    edges = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
    for number, (rows, columns) in enumerate((rows, columns) for rows in edges for columns in edges):
        regions[:, rows, columns] = number
    return _windows(regions, window).squeeze(-1)


def _relative_positions(window: int) -> Tensor:
    """int64 [window², window²]: the row of the bias table for each pair of places in a window."""
    axis = torch.arange(window)
    places = torch.stack(torch.meshgrid(axis, axis, indexing="ij")).flatten(1)
    distance = places[:, :, None] - places[:, None, :] + window - 1
    return distance[0] * (2 * window - 1) + distance[1]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, _WindowAttention):
        nn.init.trunc_normal_(module.relative_position_bias_table, std=0.02)
