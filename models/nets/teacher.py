"""SwinIR as a teacher: the official network on RGB, or a smaller one on luma that works at a half or a quarter size.

The official restoration networks attend at full size, 11 million multiply-adds per pixel in the report's configuration.
A luma teacher sees the picture unshuffled by 2 or 4, so each token stands for 4 or 16 pixels: what a CPU can train.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import CheckpointError
from .protocol import Domain
from .swinir import SwinIR, SwinIRConfig

FACTORS = {1: 1, 4: 2, 16: 4}
"""The factor of unshuffling that a luma teacher of so many input channels works at."""


class SwinIRTeacher(SwinIR):
    """SwinIR with the official names and shapes; `in_chans` 3 is RGB; 1, 4, 16 are luma, unshuffled by 1, 2, 4."""

    halo_px = 32
    """Tiles overlap by this. Attention reaches farther in principle; what lies beyond weighs next to nothing."""
    sees_beyond_halo = True
    """So no part of a frame can be computed alone and equal the frame: only whole frames are reused."""
    looks = 1
    radius = 0
    far_neighbours = ()
    feature_layer = "conv_after_body"

    def __init__(self, config: SwinIRConfig) -> None:
        super().__init__(config)
        self.domain: Domain = "rgb" if config.in_chans == 3 else "luma"
        if config.in_chans not in (3, *FACTORS):
            raise CheckpointError(
                f"A SwinIR of {config.in_chans} input channels is not known; accepted are 1, 3, 4, 16."
            )
        self.factor = FACTORS.get(config.in_chans, 1)
        self.align_px = config.window_size * self.factor
        """Tiles must start at whole windows."""

    @classmethod
    def of(cls, **config: object) -> "SwinIRTeacher":
        """An untrained teacher; it starts as the identity, unlike the official release."""
        settings = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
        teacher = cls(SwinIRConfig(**settings))  # type: ignore[arg-type]
        for parameter in teacher.conv_last.parameters():
            nn.init.zeros_(parameter)
        return teacher

    @classmethod
    def like(cls, state: Mapping[str, Tensor]) -> "SwinIRTeacher":
        """An untrained teacher of the configuration that a state dict was saved from.

        Raises:
            CheckpointError: the names or shapes belong to no SwinIR without upsampling.
        """
        try:
            return cls(config_of(state))
        except (KeyError, ValueError, ZeroDivisionError) as error:
            raise CheckpointError(
                f"The checkpoint is no SwinIR for restoration at the input's size: {error}."
            ) from error

    def forward(self, x: Tensor) -> Tensor:
        """Restores float [N, 3 or 1, H, W] in 0..1, any size; not clamped."""
        if self.factor == 1:
            return super().forward(x)
        height, width = x.shape[-2:]
        x = F.pad(x, (0, -width % self.factor, 0, -height % self.factor), mode="replicate")
        return F.pixel_shuffle(super().forward(F.pixel_unshuffle(x, self.factor)), self.factor)[..., :height, :width]


def config_of(state: Mapping[str, Tensor]) -> SwinIRConfig:
    """Reads the configuration off the shapes of a state dict with the official names.

    Raises:
        KeyError: a name is missing.
    """
    depths: dict[int, int] = {}
    for name in state:
        place = re.match(r"layers\.(\d+)\.residual_group\.blocks\.(\d+)\.norm1\.weight", name)
        if place:
            depths[int(place[1])] = max(depths.get(int(place[1]), 0), int(place[2]) + 1)
    blocks = "layers.{}.residual_group.blocks.0."
    tables = [state[blocks.format(i) + "attn.relative_position_bias_table"] for i in range(len(depths))]
    embed_dim, in_chans = state["conv_first.weight"].shape[:2]
    window = (round(tables[0].shape[0] ** 0.5) + 1) // 2
    config = SwinIRConfig(
        in_chans=in_chans,
        embed_dim=embed_dim,
        depths=tuple(depths[i] for i in range(len(depths))),
        num_heads=tuple(table.shape[1] for table in tables),
        window_size=window,
        img_size=window,
        mlp_ratio=state[blocks.format(0) + "mlp.fc1.weight"].shape[0] / embed_dim,
    )
    mask = next((value for name, value in state.items() if name.endswith(".attn_mask")), None)
    return config if mask is None else replace(config, img_size=round(mask.shape[0] ** 0.5) * window)
