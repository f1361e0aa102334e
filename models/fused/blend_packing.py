"""A blend student's weights as the C library reads them: integers of 16 bits, and what scales their sums.

A float32 holds 24 bits, more than an answer in codes can show; integers of 16 bits are multiplied at twice the speed,
and their sums are exact in whatever order. Weights get a scale for each output channel, features one for all layers,
both as fine as sums of 32 bits allow.
"""

from typing import NamedTuple

import numpy as np

from ..nets.blend_weights import (
    CONTRAST,
    FACTOR,
    FLOOR,
    LOUDNESS_BIAS,
    LOUDNESS_SCALE,
    PHASES,
    SLOPE,
    TAPS,
    BlendWeights,
)
from .blend_library import PACK

_MOST = 2**15 - 1
"""The largest integer of 16 bits."""
_ROOM = 4
"""How many times a trial's largest feature fits into 16 bits. The library cuts off what lies beyond."""


class _Integers(NamedTuple):
    """Weights ≈ integers / scale."""

    integers: np.ndarray
    """int64, the weights' shape, ±32,767."""
    scale: np.ndarray
    """float64, one for each output channel."""


def packed(student: BlendWeights, peak: int, strength: float) -> dict[str, np.ndarray]:
    """The arrays of `blend_library.Job`, with all constant factors folded in: float32 and int32.

    Channels are filled up to whole packs with zeros: what these carry is 0, and nothing looks at it.

    Args:
        peak: the largest code value; the library sees codes, the student was trained on codes / peak.
        strength: S in codes + S · peak · change.
    """
    unit, codes = _feature_unit(student), min(peak, 2**15)
    contrast, enter, offset = _contrast(student), _enter(student), len(student.filters) * PHASES
    spectrum = _integers(contrast / peak, codes, flat_is_nothing=True)
    taps = _integers(student.filters - student.filters.mean(axis=(1, 2), keepdims=True), codes, flat_is_nothing=True)
    layers = [(_integers(_filled(weight, 2), _MOST), _filled(bias)) for weight, bias in student.layers]
    # The offset goes first, and into codes; the weights meet sums of filters' integers.
    order = np.r_[offset : offset + PHASES, 0:offset]
    factor = strength * np.r_[np.full(PHASES, peak), np.repeat(1 / taps.scale, PHASES)]
    head, bias = _integers(_filled(student.head[0][order], 2), _MOST), student.head[1][order]
    floats = {
        "spectrum_scale": 1 / spectrum.scale,
        "spectrum_bias": student.spectrum[1],
        "enter": _pack(unit * enter[0]),
        "enter_bias": unit * _filled(enter[1]),
        "layers_scale": np.concatenate([1 / weight.scale for weight, _ in layers]),
        "layers_bias": unit * np.concatenate([bias for _, bias in layers]),
        "head_scale": factor / head.scale / unit,
        "head_bias": factor * bias,
    }
    integers = {
        "spectrum": _pack_pairs(spectrum.integers),
        "layers": np.concatenate([_pack_pairs(weight.integers) for weight, _ in layers]),
        "head": _pack_pairs(head.integers),
        "taps": _pair_taps(taps.integers),
        "dilations": np.array(student.dilations),
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in floats.items()} | {
        name: np.ascontiguousarray(array, np.int32) for name, array in integers.items()
    }


def _contrast(student: BlendWeights) -> np.ndarray:
    """The spectrum's weights, as in `BlendStudent._guide`."""
    weight = student.spectrum[0]
    return (weight - weight.mean(axis=1, keepdims=True)) * CONTRAST


def _enter(student: BlendWeights) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases for the spectrum and the logarithm of its magnitude, as in `BlendStudent._guide`."""
    weight, bias = student.enter
    signed, magnitudes = weight[:, :PHASES], weight[:, PHASES:]
    loud = LOUDNESS_BIAS * magnitudes.sum(axis=(1, 2, 3))
    return np.concatenate([signed, LOUDNESS_SCALE * magnitudes], axis=1), bias + loud


def _integers(weight: np.ndarray, largest_input: int, *, flat_is_nothing: bool = False) -> _Integers:
    """Weights [O, …] as integers so large that no sum of products with inputs of ±`largest_input` leaves 32 bits.

    Args:
        flat_is_nothing: the weights of an output sum to zero, and shall go on doing so.
    """
    flat = weight.reshape(len(weight), -1)
    terms, most = flat.shape[1], np.abs(flat).max(axis=1)
    # Rounding adds at most a half to each weight, and what brings their sum back to zero as much to one of them.
    sums = ((2**31 - 1) / largest_input - terms) / np.abs(flat).sum(axis=1).clip(1e-30)
    scale = np.where(most > 0, np.minimum((_MOST - terms) / most.clip(1e-30), sums), 1.0)
    whole = np.rint(flat * scale[:, None]).astype(np.int64)
    if flat_is_nothing:
        largest = np.abs(whole).argmax(axis=1)
        whole[np.arange(len(whole)), largest] -= whole.sum(axis=1)
    return _Integers(whole.reshape(weight.shape), scale)


def _feature_unit(student: BlendWeights) -> float:
    """What a feature of 1 is as an integer: the largest power of two that leaves `_ROOM`."""
    largest = max(np.abs(features).max() for features in _features(student, _trial()))
    return 2.0 ** np.floor(np.log2(_MOST / (_ROOM * max(largest, 2.0**-4))))


def _features(student: BlendWeights, luma: np.ndarray) -> list[np.ndarray]:
    """What each layer and the head are given, [C, h, w], for luma of 0..1, [4·h, 4·w]."""
    height, width = luma.shape[0] // FACTOR, luma.shape[1] // FACTOR
    cells = luma.reshape(height, FACTOR, width, FACTOR).transpose(1, 3, 0, 2).reshape(PHASES, height, width)
    bands = _convolve(cells, _contrast(student), student.spectrum[1])
    x = _leaky(_convolve(np.concatenate([bands, np.log(np.abs(bands) + FLOOR)]), *_enter(student)))
    made = [x]
    for (weight, bias), far in zip(student.layers, student.dilations, strict=True):
        x = x + _leaky(_convolve(x, weight, bias, far))
        made.append(x)
    return made


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, far: int = 1) -> np.ndarray:
    """[I, h, w] to [O, h, w], with zeros around."""
    height, width = x.shape[1:]
    reach = far * (weight.shape[2] // 2)
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach)))
    out = np.broadcast_to(bias[:, None, None], (len(bias), height, width)).copy()
    for row, column in np.ndindex(weight.shape[2:]):
        seen = padded[:, far * row : far * row + height, far * column : far * column + width]
        out += np.tensordot(weight[:, :, row, column], seen, axes=1)
    return out


def _leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, SLOPE * x)


def _trial() -> np.ndarray:
    """Luma of 0..1, [96, 64], harder than that of recordings: hard noise, noise, faint noise, edges, a ramp, flats."""
    rng, side = np.random.default_rng(0), 32
    noise, ramp = rng.random((side, side)), np.tile(np.linspace(0, 1, side), (side, 1))
    edges = (np.add.outer(np.arange(side), np.arange(side)) // 8 % 2).astype(float)
    flat = np.repeat([[0.0, 1.0, 0.5, 0.1]], side, axis=0).repeat(side // 4, axis=1)
    return np.block([[np.rint(noise), noise], [0.5 + noise / 50, edges], [ramp, flat]])


def _pack(weight: np.ndarray) -> np.ndarray:
    """[O, I, h, w] as flat [⌈O/8⌉, h·w, I, 8]."""
    out, into = weight.shape[:2]
    filled = _filled(weight.reshape(out, into, -1))
    return filled.reshape(-1, PACK, *filled.shape[1:]).transpose(0, 3, 2, 1).ravel()


def _pack_pairs(weight: np.ndarray) -> np.ndarray:
    """Integers [O, I, h, w], I even, as flat [⌈O/8⌉, h·w, I/2, 8] pairs of 16 bits."""
    packs = _pack(weight).reshape(-1, 2, PACK)
    return _pairs(packs[:, 0], packs[:, 1]).ravel()


def _pair_taps(taps: np.ndarray) -> np.ndarray:
    """Integers [K, 9, 9] as [K, 9, 6, 4]: pairs of columns from a cell's left neighbour on, for each of its own."""
    shifted = np.stack([np.pad(taps, ((0, 0), (0, 0), (c, 12 - TAPS - c))) for c in range(FACTOR)], axis=-1)
    return _pairs(shifted[:, :, 0::2], shifted[:, :, 1::2])


def _pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two integers of 16 bits as one of 32."""
    return ((first & 0xFFFF) | (second << 16)).astype(np.int32)


def _filled(array: np.ndarray, axes: int = 1) -> np.ndarray:
    """The first axes filled up with zeros to whole packs."""
    return np.pad(array, [(0, -size % PACK if axis < axes else 0) for axis, size in enumerate(array.shape)])
