"""The C library restores chroma as torch does; all instruction sets, windows and threads give the same bits."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.models.cpu.restore_chroma import luma_on_chroma_grid
from vidsharp.models.errors import ModelError
from vidsharp.models.fused import blend_library
from vidsharp.models.fused.blend_packing import packed_chroma
from vidsharp.models.fused.fused_chroma import FusedChroma, luma_guide
from vidsharp.models.fused.fused_net import FusedNet, Plane, whole
from vidsharp.models.nets.catalogue import CHROMA_WEIGHTS
from vidsharp.models.nets.chroma import ChromaStudent, load_chroma
from vidsharp.models.nets.chroma_weights import ChromaWeights, read_chroma_weights
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence.cover import Box
from vidsharp.pipeline.sharpen import plane_arrays

from tests.support import media
from tests.support.plain_students import plain_chroma_student
from tests.support.students import random_chroma_student

SETS = blend_library.instruction_sets()
needs_library = pytest.mark.skipif(not SETS, reason="needs the C library")
needs_vectors = pytest.mark.skipif(
    blend_library.fastest_set() is None, reason="needs the C library and a processor with AVX2 or NEON"
)
LAYOUTS = {"420": (2, 2), "422": (1, 2), "444": (1, 1), "410": (4, 4), "411": (1, 4)}


def fmt_of(bits: int) -> PlaneFormat:
    return PlaneFormat(bits, full_range=False, matrix="bt709", chroma_left=True)


def picture(size: tuple[int, int], bits: int = 8, layout: str = "420", seed: int = 0) -> list[np.ndarray]:
    """[Y, Cb, Cr] of patches of colour and some noise."""
    rng, peak = np.random.default_rng(seed), 2**bits - 1

    def plane(height: int, width: int) -> np.ndarray:
        patches = np.kron(rng.random((height // 8 + 1, width // 8 + 1)), np.ones((8, 8)))[:height, :width]
        return (peak * (0.9 * patches + 0.1 * rng.random((height, width)))).astype(np.uint8 if bits == 8 else np.uint16)

    down, across = LAYOUTS[layout]
    chroma = -(-size[0] // down), -(-size[1] // across)
    return [plane(*size), plane(*chroma), plane(*chroma)]


def by_torch(net: ChromaStudent, planes: list[np.ndarray], bits: int, strength: float) -> np.ndarray:
    """The values before they are rounded, float [2, H, W]."""
    peak, grey = 2**bits - 1, 2 ** (bits - 1)
    luma, *colour = (torch.from_numpy(plane.astype(np.float64)).float() for plane in planes)
    factors = tuple(-(-one // other) for one, other in zip(planes[0].shape, planes[1].shape, strict=True))
    chroma = (torch.stack(colour)[None] - grey) / peak
    guide = luma_on_chroma_grid(luma[None, None], (factors[0], factors[1]))[..., : chroma.shape[-2], : chroma.shape[-1]]
    with torch.inference_mode():
        change = net(chroma, guide / peak) - chroma
    return ((chroma + strength * change)[0] * peak + grey).numpy()


@needs_library
@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize(("bits", "strength"), [(8, 1.0), (10, 0.6), (12, 1.5), (16, 1.0)])
@pytest.mark.parametrize(
    ("size", "layout"), [((2, 2), "420"), ((122, 166), "420"), ((62, 308), "422"), ((90, 70), "444")]
)
def test_gives_what_torch_gives(
    size: tuple[int, int], layout: str, bits: int, strength: float, instructions: str
) -> None:
    planes = picture(size, bits, layout)
    before = [plane.copy() for plane in planes]
    for net in (load_chroma(), random_chroma_student(), random_chroma_student(bands=3, radii=(8, 2), width=12)):
        wanted = by_torch(net, planes, bits, strength)
        fused = FusedChroma(net.as_arrays(), strength, 2, instructions)
        floats = np.stack(fused.planes(planes, fmt_of(bits), rounded=False))
        change = np.sqrt(np.square(wanted - np.stack(planes[1:])).mean())
        code = 2 ** (bits - 8) * (1 if bits <= 10 else 8)  # guided filters see 10 bits of luma
        np.testing.assert_allclose(floats, wanted, atol=0.05 * change + code / 4, rtol=0)
        assert np.sqrt(np.square(floats - wanted).mean()) <= 0.01 * change + code / 64
        made = fused.planes(planes, fmt_of(bits))
        assert [plane.dtype for plane in made] == [plane.dtype for plane in planes[1:]]
        codes = np.clip(np.floor(floats + np.float32(0.5)), 0, 2**bits - 1)
        np.testing.assert_array_equal(np.stack(made), codes.astype(planes[1].dtype))
    for plane, copy in zip(planes, before, strict=True):
        np.testing.assert_array_equal(plane, copy)


@needs_vectors
def test_the_student_that_ships_differs_from_torch_by_one_code_and_seldom() -> None:
    planes = list(plane_arrays(media.picture(0, (480, 272), "yuv420p")))
    weights = read_chroma_weights(CHROMA_WEIGHTS)
    assert weights is not None
    for seen in (planes, picture((272, 480))):
        made = np.stack(FusedChroma(weights, 1.0).planes(seen, fmt_of(8))).astype(int)
        wanted = np.clip(np.floor(by_torch(load_chroma(), seen, 8, 1.0) + 0.5), 0, 255)
        assert np.abs(made - wanted).max() <= 1
        assert (made != wanted).mean() < 0.01
        assert (made != np.stack(seen[1:])).any()


@needs_library
@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_grey_stays_grey_and_flat_colour_as_it_is(instructions: str, bits: int) -> None:
    luma, net = picture((61, 83), bits)[0], load_chroma().as_arrays()
    for colour in (2 ** (bits - 1), 2 ** (bits - 2) + 3, 2**bits - 1, 0):
        flat = np.full((31, 42), colour, luma.dtype)
        for made in FusedChroma(net, 1.5, 1, instructions).planes([luma, flat, flat], fmt_of(bits)):
            error = np.abs(made.astype(int) - colour).max()
            assert error <= (bits > 12) * 2 ** (bits - 12), "of 16 bits, guided filters see 12"
            assert error == 0 or colour != 2 ** (bits - 1)


@needs_library
@settings(max_examples=60, deadline=None)
@given(
    instructions=st.sampled_from(SETS or ("",)),
    size=st.tuples(st.integers(1, 200), st.integers(1, 400)),
    cuts=st.tuples(st.integers(0, 49), st.integers(1, 50), st.integers(0, 99), st.integers(1, 100)),
    threads=st.integers(1, 3),
    radii=st.sampled_from([(2, 4, 8), (8, 2), (4,), ()]),
    rounded=st.booleans(),
)
def test_boxes_get_the_planes_bits_and_nothing_else_is_written(
    instructions: str,
    size: tuple[int, int],
    cuts: tuple[int, int, int, int],
    threads: int,
    radii: tuple[int, ...],
    rounded: bool,
) -> None:
    rng = np.random.default_rng(0)
    codes, guide = rng.integers(0, 256, size, np.uint8), rng.integers(0, 1024, size, np.uint16)
    net = FusedNet(packed_chroma(plain_chroma_student(radii=radii), 8, 1.0), instructions)
    kind = np.uint8 if rounded else np.float32
    full, made, wanted = (np.full(size, 77, kind) for _ in range(3))
    net.make([Plane(full, codes, guide)], [whole(size)])
    _, _, bottom, right = whole(size)
    top, left = min(cuts[0], bottom - 1), min(cuts[2], right - 1)
    box = Box(top, left, min(top + cuts[1], bottom), min(left + cuts[3], right))
    place = slice(4 * box.top, 4 * box.bottom), slice(4 * box.left, 4 * box.right)
    wanted[place] = full[place]
    net.make([Plane(made, codes, guide)], [box], threads)
    np.testing.assert_array_equal(made, wanted)


@needs_library
@pytest.mark.parametrize("radius", [2, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (2, 7), (19, 45), (40, 33)])
def test_offers_are_those_of_a_guided_filter(radius: int, size: tuple[int, int]) -> None:
    """By its definition, in float64: window means of the products, edges repeated."""
    planes = picture(size, 8, "444", seed=3)
    made = FusedChroma(only_guided(radius), 1.0, 1, SETS[0]).planes(planes, fmt_of(8), rounded=False)
    guide = planes[0].astype(float) * 4 - 512
    for plane, ours in zip(planes[1:], made, strict=True):
        p = (plane.astype(float) - 128) * 16
        mean_i, mean_p = mean(guide, radius), mean(p, radius)
        slope = (mean(guide * p, radius) - mean_i * mean_p) / (mean(guide**2, radius) - mean_i**2 + 64)
        offer = (mean(slope, radius) * guide + mean(mean_p - slope * mean_i, radius) - p) / 16
        np.testing.assert_allclose(ours, plane + offer, atol=0.05, rtol=0)


def only_guided(radius: int) -> ChromaWeights:
    """A student that takes all that one guided filter offers."""
    student = plain_chroma_student(bands=0, radii=(radius,))
    weight, bias = student.head
    return ChromaWeights(**{**vars(student), "head": (0 * weight, np.full_like(bias, 1 / 4))})  # 4: `GAIN`


def mean(x: np.ndarray, radius: int) -> np.ndarray:
    padded = np.pad(x, radius, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1,) * 2).mean(axis=(2, 3))


@pytest.mark.parametrize(("bits", "layout"), list(product([8, 10, 16], LAYOUTS)))
def test_the_guide_is_luma_on_chromas_grid(bits: int, layout: str) -> None:
    for size in [(16, 16), (24, 32), (17, 33), (1, 1)]:
        luma, chroma, _ = picture(size, bits, layout)
        guide = luma_guide(luma, chroma.shape, LAYOUTS[layout], bits)
        assert guide.shape == chroma.shape
        down, across = LAYOUTS[layout]
        padded = np.pad(luma, ((0, -size[0] % down), (0, -size[1] % across)), mode="edge").astype(float)
        means = padded.reshape(chroma.shape[0], down, chroma.shape[1], across).mean(axis=(1, 3))
        np.testing.assert_array_equal(guide, np.floor(means * 2.0 ** (10 - bits) + 0.5))
        np.testing.assert_array_equal(guide, luma_guide(np.asfortranarray(luma), chroma.shape, LAYOUTS[layout], bits))
    raw = np.full((8, 8), 65535, np.uint16)
    assert luma_guide(raw, (4, 4), (2, 2), 10).max() == 1023, "codes above the peak count as the peak"


@needs_library
def test_no_guided_filter_that_cannot_be_is_begun() -> None:
    codes, guide = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint16)
    net, made = FusedNet(packed_chroma(plain_chroma_student(), 8, 1.0), SETS[0]), np.full_like(codes, 77)
    odd = np.array([3, 2], np.int32)
    changes = [
        {"guide": None}, {"guided": 4}, {"guided": -1}, {"radii": odd.ctypes.data}, {"grain": 0.0},
        {"grain": float("nan")}, {"shift": 5}, {"shift": -5}, {"grey": -1}, {"grey": 4096}, {"shift": 4, "grey": 0},
    ]  # fmt: skip
    for change in changes:
        job = net._job(Plane(made, codes, guide), whole(codes.shape))
        for name, value in change.items():
            setattr(job, name, value)
        with pytest.raises(ModelError, match="guided filters"):
            blend_library.run(job, SETS[0])
        assert (made == 77).all(), change


def test_students_that_the_library_has_no_room_for_are_left_to_torch() -> None:
    assert FusedChroma.takes(plain_chroma_student()) == (blend_library.fastest_set() is not None)
    assert not FusedChroma.takes(plain_chroma_student(radii=(16,)))
    assert not FusedChroma.takes(plain_chroma_student(radii=(2, 4, 8, 8)))
    assert not FusedChroma.takes(plain_chroma_student(dilations=(17,)))


def test_weights_of_others_are_none(tmp_path: Path) -> None:
    weights = {name: value.numpy() for name, value in load_chroma().state_dict().items()}
    assert ChromaWeights.of(weights) is not None
    assert ChromaWeights.of({name: value for name, value in weights.items() if name != "head.bias"}) is None
    assert ChromaWeights.of({**weights, "more": weights["head.bias"]}) is None
    assert ChromaWeights.of({**weights, "head.bias": weights["head.bias"][:16]}) is None
    (tmp_path / "none.safetensors").write_bytes(b"none")
    assert read_chroma_weights(tmp_path / "none.safetensors") is None


@needs_vectors
def test_torch_is_not_imported() -> None:
    program = (
        "import sys\n"
        "import numpy as np\n"
        "from vidsharp.models.enhance import Enhancer\n"
        "from vidsharp.models.planes.plane_format import PlaneFormat\n"
        "noise = np.random.default_rng(0)\n"
        "planes = [noise.integers(0, 256, size, dtype=np.uint8) for size in ((8, 8), (4, 4), (4, 4))]\n"
        "made = Enhancer('fast', chroma='restore').planes(planes, PlaneFormat(8, False, 'bt709', True))\n"
        "assert all(plane is not None for plane in made) and 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
