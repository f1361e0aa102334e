"""Chroma beside a luma student: what changes and what does not, by strength, format and way; reuse changes no bit."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vidsharp.models.cpu import restore_chroma as restore_file
from vidsharp.models.cpu.chroma_path import ChromaPath
from vidsharp.models.cpu.restore_chroma import restore_chroma
from vidsharp.models.enhance import Enhancer
from vidsharp.models.errors import ModelError
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.nets.catalogue import chroma_digest
from vidsharp.models.nets.chroma import load_chroma
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence.reuse import Reuse

from tests.models.sequence.test_reuse import CHROMA, EIGHT, TEN, Planes, assert_equal, edit, noise, student
from tests.support.students import random_chroma_student

FORMATS = [(fmt, chroma) for fmt in (EIGHT, TEN) for chroma in sorted(CHROMA)]


def enhancer_of(strength: float = 1.0, *, plain: bool = False, threads: int | None = None) -> Enhancer:
    """A luma student and a chroma student, untrained, with no zero weights."""
    enhancer = Enhancer(student("fast"), strength=strength, plain=plain, threads=threads, chroma="restore")
    if enhancer.chroma_path is not None:
        enhancer.chroma_path = ChromaPath(strength, random_chroma_student(), threads, plain=plain)
    return enhancer


@pytest.mark.parametrize(("fmt", "chroma"), FORMATS)
@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_restore_changes_all_planes_and_keep_luma_alone(fmt: PlaneFormat, chroma: str, name: str) -> None:
    planes = noise(np.random.default_rng(0), (61, 82), fmt, chroma)
    before = [plane.copy() for plane in planes]
    kept, restored = (Enhancer(name, chroma=choice).planes(planes, fmt) for choice in ("keep", "restore"))
    assert kept[0] is not None
    assert kept[1:] == [None, None]
    assert_equal(kept[:1], restored[:1])
    for made, plane in zip(restored, planes, strict=True):
        assert made is not None
        assert (made.dtype, made.shape) == (plane.dtype, plane.shape)
        assert (made != plane).any()
    assert_equal(restored[1:], list(ChromaPath(1.0).planes(planes, fmt)))
    assert all(map(np.array_equal, planes, before))


@pytest.mark.parametrize("plain", [True, False])
def test_chroma_is_guided_by_luma_as_it_came_whatever_sharpens_it(plain: bool) -> None:
    planes = noise(np.random.default_rng(1), (40, 50))
    expected = ChromaPath(1.0, random_chroma_student(), plain=plain).planes(planes, EIGHT)
    assert_equal(enhancer_of(plain=plain).planes(planes, EIGHT)[1:], [*expected])
    by_torch = restore_chroma(planes, EIGHT, random_chroma_student())
    if plain:
        assert_equal([*expected], [*by_torch])
    assert np.abs(np.stack(expected).astype(int) - np.stack(by_torch)).max() <= 1


@pytest.mark.parametrize(("fmt", "chroma"), FORMATS)
def test_strength_scales_what_is_done_to_chroma(fmt: PlaneFormat, chroma: str) -> None:
    planes, net = noise(np.random.default_rng(2), (44, 60), fmt, chroma), load_chroma()
    assert Enhancer("fast", strength=0, chroma="restore").planes(planes, fmt) == [None, None, None]
    assert_equal([*restore_chroma(planes, fmt, net, 0.0)], [*planes[1:]])
    full = ChromaPath(1.0).planes(planes, fmt)
    for strength in (0.5, 1.0, 1.5):
        made = Enhancer("fast", strength=strength, chroma="restore").planes(planes, fmt)[1:]
        for plane, whole, ours in zip(planes[1:], full, made, strict=True):
            assert ours is not None
            inside = (whole > 0) & (whole < fmt.peak)
            wanted = np.clip(plane + strength * (whole.astype(float) - plane), 0, fmt.peak)
            assert np.abs(ours - wanted)[inside].max() <= 0.5 + 0.5 * strength + 1e-3


@pytest.mark.parametrize("planes", [1, 2])
def test_monochrome_pictures_have_no_chroma_to_restore(planes: int) -> None:
    given = noise(np.random.default_rng(3), (30, 40), chroma="444")[:planes]
    enhancer = enhancer_of()
    for made in (enhancer.planes(given, EIGHT), Reuse(enhancer).planes(given, EIGHT)):
        assert made[0] is not None
        assert made[1:] == [None] * (planes - 1)


def test_alpha_is_let_be() -> None:
    planes, enhancer = noise(np.random.default_rng(3), (30, 40)), enhancer_of()
    made = enhancer.planes([*planes, planes[0]], EIGHT)
    assert_equal(made, [*enhancer.planes(planes, EIGHT), None])
    assert_equal(Reuse(enhancer).planes([*planes, planes[0]], EIGHT), made)


def test_rgb_students_and_chroma_of_no_subsampling_are_refused() -> None:
    with pytest.raises(ModelError, match="'reference' makes colour itself"):
        Enhancer("reference", chroma="restore")
    assert Enhancer("reference").chroma is None
    luma, cb, cr = noise(np.random.default_rng(0), (16, 16))
    with pytest.raises(ModelError, match="fit no subsampling"):
        enhancer_of().planes([luma, cb[:5], cr[:5]], EIGHT)


def test_what_made_the_bits_is_told_where_chroma_is_restored() -> None:
    kept, restored = (Enhancer("fast", chroma=choice).provenance(EIGHT) for choice in ("keep", "restore"))
    assert kept.items() < restored.items()
    assert restored["chroma"] == f"sha256:{chroma_digest()}"
    assert Enhancer("fast").provenance(EIGHT) == kept


def test_bits_do_not_depend_on_threads() -> None:
    planes, before = noise(np.random.default_rng(4), (150, 200)), torch.get_num_threads()
    try:
        one, three = (enhancer_of(0.7, threads=threads).planes(planes, EIGHT) for threads in (1, 3))
    finally:
        torch.set_num_threads(before)
    assert_equal(one, three)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 6, 13, 14, 243])
def test_a_field_whose_chroma_has_fewer_rows_is_restored(rows: int) -> None:
    """The second field of a frame of 2·rows: chroma's rows are rounded down there."""
    woven = noise(np.random.default_rng(5), (2 * rows, 44))
    second = [plane[1::2] for plane in woven]
    assert second[1].shape[0] == rows // 2
    enhancer = enhancer_of()
    made, reuse = enhancer.planes(second, EIGHT), Reuse(enhancer)
    assert [None if plane is None else plane.shape for plane in made] == [plane.shape for plane in second]
    assert_equal(reuse.planes(second, EIGHT), made)
    second[0][0, :5] ^= 1
    assert_equal(reuse.planes(second, EIGHT), enhancer.planes(second, EIGHT))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 330), st.integers(1, 400)),
    fmt=st.sampled_from([EIGHT, TEN]),
    chroma=st.sampled_from(["420", "422", "444", "411", "410"]),
    strength=st.sampled_from([1.0, 0.6, 1.5]),
    touched=st.sampled_from([(0,), (1, 2), (0, 1, 2)]),
    plain=st.booleans(),
)
def test_reuse_equals_the_whole_frame(
    seed: int,
    size: tuple[int, int],
    fmt: PlaneFormat,
    chroma: str,
    strength: float,
    touched: tuple[int, ...],
    plain: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where luma alone changes, or chroma alone."""
    monkeypatch.setattr(restore_file, "STRIP_SAMPLES", 1 << 13)  # several strips in frames of this size, too
    monkeypatch.setitem(CHROMA, "411", (1, 4))
    monkeypatch.setitem(CHROMA, "410", (4, 4))
    rng, enhancer = np.random.default_rng(seed), enhancer_of(strength, plain=plain)
    reuse, planes = Reuse(enhancer), noise(rng, size, fmt, chroma)
    for _ in range(4):
        assert_equal(reuse.planes(planes, fmt), enhancer.planes(planes, fmt))
        edit(rng, [planes[index] for index in touched], fmt)
    assert_equal(reuse.planes(planes, fmt), enhancer.planes(planes, fmt))


def spot_changes(chroma: str) -> tuple[list[Planes], list[Planes]]:
    """A still picture with a spot that changes in luma, then another in Cb; what reuse and whole frames make of it."""
    rng, enhancer = np.random.default_rng(6), enhancer_of()
    reuse, planes = Reuse(enhancer), noise(rng, (600, 700), EIGHT, chroma)
    reused, whole = [], []
    for plane in (None, 0, 1, 2):
        if plane is not None:
            planes[plane][200:203, 300:303] ^= 1
        reused.append([made.copy() for made in reuse.planes(planes, EIGHT) if made is not None])
        whole.append([made for made in enhancer.planes(planes, EIGHT) if made is not None])
    return reused, whole


@pytest.mark.parametrize("chroma", sorted(CHROMA))
def test_a_spot_of_luma_alone_or_of_chroma_alone_changes_chroma_around_it(chroma: str) -> None:
    reused, whole = spot_changes(chroma)
    for ours, theirs in zip(reused, whole, strict=True):
        assert_equal(list(ours), list(theirs))
    for (before, after), changed in zip(pairwise(whole), [(0, 1, 2), (1,), (2,)], strict=True):
        differs = [index for index, pair in enumerate(zip(before, after, strict=True)) if (pair[0] != pair[1]).any()]
        assert tuple(differs) == changed


def test_a_spot_is_computed_and_the_rest_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    path = ChromaPath(1.0, random_chroma_student())

    def counting(self: ChromaPath, planes: Planes, fmt: PlaneFormat) -> list[np.ndarray]:
        computed.append(planes[0].size)
        return path._way.planes(planes, fmt)

    monkeypatch.setattr(ChromaPath, "planes", counting)
    reuse, planes = Reuse(enhancer_of()), noise(np.random.default_rng(7), (600, 700))
    reuse.planes(planes, EIGHT)
    assert computed == [600 * 700]
    reuse.planes(planes, EIGHT)
    assert len(computed) == 1, "what stands still is not computed"
    planes[0][200, 300] ^= 1
    reuse.planes(planes, EIGHT)
    assert sum(computed[1:]) < 600 * 700 / 4


def test_on_a_gpus_way_chroma_is_the_cpus_own() -> None:
    here = Enhancer(student("fast"), strength=0.8, chroma="restore")
    there = Enhancer(student("fast"), strength=0.8, chroma="restore", gpu=GpuSettings(batch=2))
    assert there.provenance(EIGHT)["chroma"] == here.provenance(EIGHT)["chroma"]
    rng, ahead = np.random.default_rng(8), Reuse(there)
    pictures = [noise(rng, (40, 64)) for _ in range(3)]
    begun = [ahead.begin(planes, EIGHT) for planes in [*pictures, pictures[2]]]
    for planes, later in zip([*pictures, pictures[2]], begun, strict=True):
        assert_equal(later()[1:], here.planes(planes, EIGHT)[1:])
        assert all(one is other for one, other in zip(later(), later(), strict=True))
    still = Enhancer(student("fast"), strength=0, chroma="restore", gpu=GpuSettings())
    assert still.begin(pictures[0], EIGHT)() == [None, None, None]
