"""A student's weights as the C library reads them: integers of 16 bits, and what scales their sums.

A float32 holds 24 bits, more than an answer in codes can show; integers of 16 bits are multiplied at twice the speed,
and their sums are exact in whatever order. Weights get a scale for each output channel, features one for all layers,
both as fine as sums of 32 bits allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..nets import blend_weights, chroma_weights
from ..nets.blend_weights import CONTRAST, FACTOR, FLOOR, PHASES, SLOPE, TAPS, BlendWeights, Convolution
from ..nets.chroma_weights import GAIN, NOISE, ChromaWeights
from .blend_library import GUIDE_BITS, MOST_GUIDE, PACK, SAMPLE_BITS

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


@dataclass(frozen=True)
class Packed:
    """A student, ready for the library."""

    arrays: dict[str, np.ndarray]
    """Those of `blend_library.Job`, with all constant factors folded in: float32 and int32. Channels are filled up to
    whole packs with zeros: what these carry is 0, and nothing looks at it."""
    settings: dict[str, Any]
    """The numbers of `Job` that are the student's or the codes'."""
    halo: int
    """Of the student, in cells."""
    dilations: tuple[int, ...]


class _Guide(NamedTuple):
    """The net that says how much of each offer to take, and the planes that it sees."""

    peaks: tuple[float, ...]
    """Of each plane: the code that is a 1 for the student."""
    most: tuple[int, ...]
    """The largest code that it may hold, above what is taken off."""
    spectra: tuple[Convolution, ...]
    """Of each plane, with their contrast."""
    enter: Convolution
    """For bands and the logarithms of their magnitudes, plane after plane."""
    layers: tuple[Convolution, ...]
    dilations: tuple[int, ...]


def packed(student: BlendWeights, peak: int, strength: float) -> Packed:
    """A blend student, for a plane of luma.

    Args:
        peak: the largest code value; the library sees codes, the student was trained on codes / peak.
        strength: S in codes + S · peak · change.
    """
    guide = _guide_of(student, peak)
    taps = _taps(student.filters, peak)
    offset = len(student.filters) * PHASES
    # The offset goes first, and into codes; the weights meet sums of filters' integers.
    order = np.r_[offset : offset + PHASES, 0:offset]
    factor = strength * np.r_[np.full(PHASES, peak), np.repeat(1 / taps.scale, PHASES)]
    arrays = _arrays(guide, taps, (student.head[0][order], student.head[1][order]), factor, ())
    settings = {**_settings(arrays, peak), "bands": len(student.filters), "between": int(student.between is not None)}
    return Packed(arrays, settings, student.halo_px // FACTOR, student.dilations)


def packed_chroma(student: ChromaWeights, bit_depth: int, strength: float) -> Packed:
    """A chroma student, for a plane of chroma beside luma as `luma_guide` brings it to its grid.

    Args:
        bit_depth: of both.
        strength: as for `packed`.
    """
    peak, shift = 2**bit_depth - 1, SAMPLE_BITS - bit_depth
    guide_peak = peak * 2.0 ** (GUIDE_BITS - bit_depth)
    guide = _guide_of_chroma(student, peak, guide_peak)
    taps = _taps(student.filters, peak)
    nothing = np.zeros((PHASES, student.head[0].shape[1], 1, 1)), np.zeros(PHASES)  # it has no offset
    head = tuple(np.concatenate(pair) for pair in zip(nothing, student.head, strict=True))
    of_offers = np.r_[1 / taps.scale, np.full(len(student.radii), 2.0**-shift)]
    factor = strength * GAIN * np.r_[np.zeros(PHASES), np.repeat(of_offers, PHASES)]
    arrays = _arrays(guide, taps, (head[0], head[1]), factor, student.radii)
    settings = {
        **_settings(arrays, peak),
        "bands": len(student.filters),
        "guided": len(student.radii),
        "grey": 2 ** (bit_depth - 1),
        "shift": shift,
        "grain": NOISE * guide_peak**2,
    }
    return Packed(arrays, settings, -(-student.halo_samples // FACTOR), student.dilations)


def _guide_of(student: BlendWeights, peak: int) -> _Guide:
    scale, bias = blend_weights.LOUDNESS_SCALE, blend_weights.LOUDNESS_BIAS
    enter = _enter(student.enter, scale, bias)
    spectra = [spectrum for spectrum in (student.spectrum, student.between) if spectrum is not None]
    peaks, most = (peak,) * len(spectra), (_most(peak),) * len(spectra)
    return _Guide(peaks, most, tuple(map(_contrast, spectra)), enter, student.layers, student.dilations)


def _guide_of_chroma(student: ChromaWeights, peak: int, guide_peak: float) -> _Guide:
    scale = chroma_weights.LOUDNESS_SCALE
    enter = _enter(student.enter, scale, scale * chroma_weights.LOUDNESS_BIAS)
    spectra = tuple(map(_contrast, student.spectra))
    return _Guide((peak, guide_peak), (_most(peak), MOST_GUIDE), spectra, enter, student.layers, student.dilations)


def _most(peak: int) -> int:
    """The largest code in 16 bits."""
    return min(peak, 2**15)


def _taps(filters: np.ndarray, peak: int) -> _Integers:
    return _integers(filters - filters.mean(axis=(1, 2), keepdims=True), _most(peak), flat_is_nothing=True)


def _settings(arrays: dict[str, np.ndarray], peak: int) -> dict[str, Any]:
    return {
        "channels": arrays["enter_bias"].size,
        "depth": arrays["dilations"].size,
        "peak": peak,
        "zero": 2**15 if peak >= 2**15 else 0,
    }


def _arrays(
    guide: _Guide, taps: _Integers, head: Convolution, factor: np.ndarray, radii: Sequence[int]
) -> dict[str, np.ndarray]:
    """As `Packed.arrays`.

    Args:
        head: the offset first, then a weight for each pixel of a cell and each offer.
        factor: what makes codes of each of its answers.
    """
    unit = _feature_unit(guide)
    spectra = [
        _integers(weight / peak, most, flat_is_nothing=True)
        for (weight, _), peak, most in zip(guide.spectra, guide.peaks, guide.most, strict=True)
    ]
    layers = [(_integers(_filled(weight, 2), _MOST), _filled(bias)) for weight, bias in guide.layers]
    weights = _integers(_filled(head[0], 2), _MOST)
    floats = {
        "spectrum_scale": np.concatenate([1 / spectrum.scale for spectrum in spectra]),
        "spectrum_bias": np.concatenate([bias for _, bias in guide.spectra]),
        "enter": _pack(unit * guide.enter[0]),
        "enter_bias": unit * _filled(guide.enter[1]),
        "layers_scale": np.concatenate([1 / weight.scale for weight, _ in layers]),
        "layers_bias": unit * np.concatenate([bias for _, bias in layers]),
        "head_scale": factor / weights.scale / unit,
        "head_bias": factor * head[1],
    }
    integers = {
        "spectrum": np.concatenate([_pack_pairs(spectrum.integers) for spectrum in spectra]),
        "layers": np.concatenate([_pack_pairs(weight.integers) for weight, _ in layers]),
        "head": _pack_pairs(weights.integers),
        "taps": _pair_taps(taps.integers),
        "dilations": np.array(guide.dilations),
        "radii": np.array(radii),
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in floats.items()} | {
        name: np.ascontiguousarray(array, np.int32) for name, array in integers.items()
    }


def _contrast(spectrum: Convolution) -> Convolution:
    """A spectrum that is blind to the mean, as in the students' guides."""
    weight, bias = spectrum
    return (weight - weight.mean(axis=1, keepdims=True)) * CONTRAST, bias


def _enter(enter: Convolution, scale: float, bias: float) -> Convolution:
    """Weights and biases for bands and the logarithms of their magnitudes, where the student was trained on
    scale · logarithm + bias."""
    weight, own = enter
    of_planes = weight.reshape(len(weight), -1, 2, PHASES)
    loud = bias * of_planes[:, :, 1].sum(axis=(1, 2))
    return (of_planes * np.array([1, scale])[:, None]).reshape(weight.shape), own + loud


def _integers(weight: np.ndarray, largest_input: int, *, flat_is_nothing: bool = False) -> _Integers:
    """Weights [O, …] as integers so large that no sum of products with inputs of ±`largest_input` leaves 32 bits.

    Args:
        flat_is_nothing: the weights of an output sum to zero, and shall go on doing so.
    """
    flat = weight.reshape(len(weight), int(np.prod(weight.shape[1:])))
    terms, most = flat.shape[1], np.abs(flat).max(axis=1)
    # Rounding adds at most a half to each weight, and what brings their sum back to zero as much to one of them.
    sums = ((2**31 - 1) / largest_input - terms) / np.abs(flat).sum(axis=1).clip(1e-30)
    scale = np.where(most > 0, np.minimum((_MOST - terms) / most.clip(1e-30), sums), 1.0)
    whole = np.rint(flat * scale[:, None]).astype(np.int64)
    if flat_is_nothing:
        largest = np.abs(whole).argmax(axis=1)
        whole[np.arange(len(whole)), largest] -= whole.sum(axis=1)
    return _Integers(whole.reshape(weight.shape), scale)


def _feature_unit(guide: _Guide) -> float:
    """What a feature of 1 is as an integer: the largest power of two that leaves `_ROOM`."""
    planes = [_trial(), _trial()[::-1, ::-1]][: len(guide.spectra)]
    largest = max(np.abs(features).max() for features in _features(guide, planes))
    return 2.0 ** np.floor(np.log2(_MOST / (_ROOM * max(largest, 2.0**-4))))


def _features(guide: _Guide, planes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What each layer and the head are given, [C, h, w], for planes [4·h, 4·w] whose codes span 1."""
    seen: list[np.ndarray] = []
    for plane, spectrum in zip(planes, guide.spectra, strict=True):
        height, width = plane.shape[0] // FACTOR, plane.shape[1] // FACTOR
        cells = plane.reshape(height, FACTOR, width, FACTOR).transpose(1, 3, 0, 2).reshape(PHASES, height, width)
        bands = _convolve(cells, *spectrum)
        seen += [bands, np.log(np.abs(bands) + FLOOR)]
    x = _leaky(_convolve(np.concatenate(seen), *guide.enter))
    made = [x]
    for (weight, bias), far in zip(guide.layers, guide.dilations, strict=True):
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
