"""Batches: the same for the same step, however loaded and shared; soft, sharp and taught always show the same place."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from vidsharp.training.data.batches import Batch, Batches, level_odds, load_batches, scaled_down_and_up
from vidsharp.training.data.crop_cache import CropCache, TaughtCrops
from vidsharp.training.data.pair_set import Domain, Window
from vidsharp.training.errors import DataError, RecipeError
from vidsharp.training.recipe import Recipe

from tests.support import crops
from tests.support.crops import BLEND, REFERENCE, Filmed, Unequal

MIXED = replace(BLEND, mix={"light": 3, "heavy": 1})
SCALED = replace(REFERENCE, scale_down_and_up=True, all_turns=False)
EPOCHS = replace(BLEND, steps=0, epochs=2, patch_px=0)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> CropCache:
    return crops.open_both(crops.write_cache(tmp_path_factory.mktemp("cache")))[0]


def same(one: Batch, two: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one[:2], two[:2], strict=True))


@pytest.mark.parametrize("recipe", [BLEND, MIXED, SCALED, EPOCHS], ids=["blend", "mixed", "scaled", "epochs"])
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_step_has_one_batch_whoever_loads_it(pairs: CropCache, recipe: Recipe, workers: int) -> None:
    batches = Batches(pairs, recipe.domain, recipe)
    loaded = list(load_batches(batches, 2, 6, workers))
    assert len(loaded) == 4
    assert all(same(batch, batches[step]) for step, batch in enumerate(loaded, 2))
    assert not same(loaded[0], loaded[1])
    other = Batches(pairs, recipe.domain, replace(recipe, seed=1))
    assert not same(batches[2], other[2])


@pytest.mark.parametrize("workers", [0, 1])
def test_loading_leaves_the_trainings_dice_alone(pairs: CropCache, workers: int) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    list(load_batches(Batches(pairs, "luma", BLEND), 0, 2, workers))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("recipe", [replace(BLEND, batch=6), replace(MIXED, batch=6)], ids=["order", "mix"])
@pytest.mark.parametrize("world", [2, 3, 6])
def test_shares_together_are_the_batch(pairs: CropCache, recipe: Recipe, world: int) -> None:
    for step in (0, 5):
        whole = Batches(pairs, "luma", recipe)[step]
        shares = [Batches(pairs, "luma", recipe, rank=rank, world=world)[step] for rank in range(world)]
        assert torch.equal(whole.soft, torch.cat([share.soft for share in shares]))
        assert torch.equal(whole.sharp, torch.cat([share.sharp for share in shares]))


def test_a_batch_that_cannot_be_shared_is_refused(pairs: CropCache) -> None:
    with pytest.raises(RecipeError, match="A batch of 2 cannot be shared by 3 workers in equal parts"):
        Batches(pairs, "luma", BLEND, world=3)


@pytest.mark.parametrize("batch", [1, 2, 4, 6, 7])
def test_an_epoch_visits_each_pair_once(pairs: CropCache, batch: int) -> None:
    """Also where a batch reaches over the end of an epoch, or holds more than one."""
    count = len(pairs.levels)
    batches = Batches(pairs, "luma", replace(EPOCHS, batch=batch))
    picks = np.concatenate([batches._picks(step) for step in range(3 * count)])
    epochs = picks[: 3 * count].reshape(3, count)
    assert [sorted(epoch) for epoch in epochs] == [list(range(count))] * 3
    assert len({tuple(epoch) for epoch in epochs}) > 1, "each epoch has an order of its own"


def test_a_mix_has_the_shares_it_names() -> None:
    levels = ["light"] * 2 + ["heavy"] * 10 + ["never"] * 3
    odds = level_odds(levels, {"light": 3, "heavy": 1, "absent": 0})
    assert odds.tolist() == pytest.approx([0.375] * 2 + [0.025] * 10 + [0] * 3)
    pairs = Unequal(*[(20, 20)] * len(levels))
    pairs.levels = levels
    batches = Batches(pairs, "luma", replace(MIXED, patch_px=16, batch=50))
    drawn = Counter(levels[pick] for step in range(40) for pick in batches._picks(step))
    # 2000 draws: the share of `light` has a standard deviation of 0.01.
    assert drawn["light"] / 2000 == pytest.approx(0.75, abs=0.05)
    assert drawn["never"] == 0


def test_a_mix_of_other_levels_is_refused_before_any_work(pairs: CropCache) -> None:
    with pytest.raises(DataError, match=r"mix \(medium\) asks for levels that these pairs do not have"):
        Batches(pairs, "luma", replace(BLEND, mix={"medium": 1}))


@pytest.mark.parametrize("domain", ["luma", "rgb"])
@pytest.mark.parametrize("patch_px", [0, 16, 31])
def test_the_teachers_part_is_of_the_same_place_and_turned_alike(
    pairs: CropCache, domain: Domain, patch_px: int
) -> None:
    """A teacher that gives its input back: what is left is how windows are cut and turned."""
    whole = Window(0, 0, 256, 256)
    taught = np.stack([pairs.patch(i, domain, whole)[0].numpy() for i in range(len(pairs.levels))])
    for step in range(6):
        batch = Batches(pairs, domain, replace(BLEND, patch_px=patch_px, batch=4), TaughtCrops(taught))[step]
        assert batch.taught is not None
        assert torch.equal(batch.taught, batch.soft)
        assert not torch.equal(batch.soft, batch.sharp)


def test_the_untouched_share_of_patches_is_sharp_on_both_sides(pairs: CropCache) -> None:
    taught = np.zeros((len(pairs.levels), 1, 256, 256), np.float16)
    batches = Batches(pairs, "luma", replace(BLEND, patch_px=128, batch=50, untouched=0.3), TaughtCrops(taught))
    same = []
    for step in range(8):
        batch = batches[step]
        assert batch.taught is not None
        for soft, sharp, of_teacher in zip(batch.soft, batch.sharp, batch.taught, strict=True):
            same.append(torch.equal(soft, sharp))
            assert torch.equal(of_teacher, sharp) == same[-1], "a teacher has nothing to say about what is good"
    # 400 draws: the share has a standard deviation of 0.023.
    assert np.mean(same) == pytest.approx(0.3, abs=0.1)


def test_a_shaken_patch_is_the_sharp_one_blurred_and_no_screen(pairs: CropCache) -> None:
    recipe = replace(BLEND, patch_px=64, batch=12)
    nobody_knows = TaughtSome({i: np.full((1, 256, 256), 0.5, np.float32) for i in range(len(pairs.levels))})
    some = Batches(Filmed(pairs, {0, 2}), "luma", replace(recipe, shaken=1.0), nobody_knows)
    picks = some._picks(0)
    plain, shaken = Batches(pairs, "luma", recipe)[0], some[0]
    assert torch.equal(shaken.answered == 1, torch.from_numpy(np.isin(picks, [0, 2]))), "a teacher saw no shaken one"
    assert shaken.taught is not None
    for pick, soft, sharp, taught in zip(picks, shaken.soft, shaken.sharp, shaken.taught, strict=True):
        if pick in (0, 2):
            continue
        assert torch.equal(taught, sharp)
        inner = (slice(None), slice(16, -16), slice(16, -16))
        assert float((soft - sharp)[inner].std()) > 0.001
        assert float((soft - sharp)[inner].mean().abs()) < 0.02, "in place"
        assert np.abs(np.diff(soft)).mean() < np.abs(np.diff(sharp)).mean()
    assert {int(pick) for pick in picks} & {0, 2}
    assert set(map(int, picks)) - {0, 2}
    assert not torch.equal(plain.soft, shaken.soft)


@pytest.mark.parametrize(("all_turns", "turns"), [(True, 8), (False, 2)])
def test_all_turns_that_the_recipe_allows_come_up(pairs: CropCache, all_turns: bool, turns: int) -> None:
    batches = Batches(pairs, "luma", replace(BLEND, all_turns=all_turns))
    rng = np.random.default_rng(0)
    windows = [batches._window(256, 256, rng) for _ in range(200)]
    assert len({(w.mirrored, w.upended, w.transposed) for w in windows}) == turns
    tops, lefts = {w.top for w in windows}, {w.left for w in windows}
    assert min(tops | lefts) >= 0
    assert max(tops | lefts) <= 256 - 32
    assert len(tops) > 50


def test_turning_is_undone_by_turning_back() -> None:
    picture = torch.arange(6.0).view(1, 2, 3)
    for mirrored in (False, True):
        for upended in (False, True):
            turned = Window(0, 0, 2, 3, mirrored, upended, transposed=True).turn(picture)
            assert turned.shape == (1, 3, 2)
            assert torch.equal(Window(0, 0, 2, 3, mirrored, upended).turn(turned.mT), picture)


def test_whole_pictures_that_are_not_square_are_not_transposed() -> None:
    batches = Batches(Unequal((20, 24), (20, 24)), "luma", replace(BLEND, patch_px=0))
    assert {batches[step].soft.shape for step in range(8)} == {(2, 1, 20, 24)}


def test_pictures_that_do_not_fit_the_patch_are_refused_before_any_work() -> None:
    with pytest.raises(DataError, match="A picture of 40×20 is smaller than the recipe's patch_px 32"):
        Batches(Unequal((64, 64), (20, 40)), "luma", BLEND)
    with pytest.raises(DataError, match="several sizes do not make a batch; give the recipe a patch_px"):
        Batches(Unequal((64, 64), (20, 40)), "luma", replace(BLEND, patch_px=0))
    Batches(Unequal((64, 64), (33, 40)), "luma", BLEND)


class Unreadable(Unequal):
    def patch(self, index: int, domain: str, window: object) -> tuple[torch.Tensor, torch.Tensor]:
        raise DataError("'x.png' cannot be read as a picture; replace it.")


@pytest.mark.parametrize("workers", [0, 1])
def test_an_unreadable_picture_is_one_sentence_from_any_process(workers: int) -> None:
    batches = Batches(Unreadable((64, 64)), "luma", BLEND)
    with pytest.raises(DataError, match=r"^'x.png' cannot be read as a picture; replace it\.$"):
        list(load_batches(batches, 0, 1, workers))


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
def test_scaled_down_and_up_softens_and_keeps_the_place(pairs: CropCache, mode: str) -> None:
    _, sharp = pairs.patch(0, "rgb", Window(40, 60, 65, 64))
    soft = scaled_down_and_up(sharp, mode)
    assert soft.shape == sharp.shape
    assert 0 <= float(soft.min()) <= float(soft.max()) <= 1
    flat = torch.full((3, 8, 8), 0.25)
    torch.testing.assert_close(scaled_down_and_up(flat, mode), flat, atol=1e-6, rtol=0)  # weights are rounded
    assert float(soft.diff(dim=2).abs().mean()) < 0.8 * float(sharp.diff(dim=2).abs().mean())
    errors = {shift: float((soft.roll(shift, 2) - sharp)[..., 4:-4].abs().mean()) for shift in (-1, 0, 1)}
    assert min(errors, key=errors.__getitem__) == 0


def test_scaling_down_and_up_changes_the_soft_side_alone(pairs: CropCache) -> None:
    plain, scaled = Batches(pairs, "rgb", replace(SCALED, scale_down_and_up=False))[1], Batches(pairs, "rgb", SCALED)[1]
    assert torch.equal(plain.sharp, scaled.sharp)
    kinds = [scaled_down_and_up(plain.soft[0], mode) for mode in ("bicubic", "bilinear")]
    assert any(torch.equal(scaled.soft[0], kind) for kind in kinds)


def test_so_many_patches_show_what_the_teacher_was_asked_about(pairs: CropCache) -> None:
    asked = TaughtSome({1: np.full((1, 256, 256), 0.5, np.float32), 4: np.zeros((1, 256, 256), np.float32)})
    recipe = replace(BLEND, batch=200, mix={"light": 1, "heavy": 1}, labels="some", answered=0.5)
    batch = Batches(pairs, "luma", recipe, asked)[0]
    assert batch.taught is not None
    assert batch.answered is not None
    by_chance = 2 / len(pairs.levels)
    assert float(batch.answered.mean()) == pytest.approx(0.5 + 0.5 * by_chance, abs=0.12)
    for sharp, taught, answered in zip(batch.sharp, batch.taught, batch.answered, strict=True):
        assert torch.equal(taught, sharp) != bool(answered)
        assert not answered or float(taught[0, 0, 0]) in (0.0, 0.5)


def test_answers_do_not_change_what_else_is_drawn(pairs: CropCache) -> None:
    recipe = replace(BLEND, batch=8, mix={"light": 1, "heavy": 1})
    with_answers = Batches(pairs, "luma", recipe, TaughtSome({1: np.zeros((1, 256, 256), np.float32)}))[3]
    assert torch.equal(with_answers.soft, Batches(pairs, "luma", recipe)[3].soft)


def test_so_many_answers_count_as_without_an_original(pairs: CropCache) -> None:
    asked = TaughtSome({1: np.full((1, 256, 256), 0.25, np.float32)})
    mix = {"light": 1.0, "heavy": 1.0}
    recipe = replace(BLEND, batch=200, mix=mix, labels="some", answered=1.0, unlabelled=0.3, untouched=0.2)
    batch = Batches(pairs, "luma", recipe, asked)[0]
    assert batch.taught is not None
    assert batch.known is not None
    assert batch.answered is not None
    assert float(batch.known.mean()) == pytest.approx(1 - 0.8 * 0.3, abs=0.1)
    for taught, known, answered in zip(batch.taught, batch.known, batch.answered, strict=True):
        assert not answered or float(taught[0, 0, 0]) == (0.25 if known else 0.75)
        assert known or answered, "a patch with neither original nor answer teaches nothing"


class TaughtSome:
    """Answers to some pairs."""

    def __init__(self, pictures: dict[int, np.ndarray]) -> None:
        self.pictures = pictures

    @property
    def answered(self) -> list[int]:
        return list(self.pictures)

    def picture(self, index: int, known: bool = True) -> np.ndarray:
        return self.pictures[index] if known else 1 - self.pictures[index]


def test_a_bar_is_drawn_alike_in_all_pictures_of_a_bordered_patch(pairs: CropCache) -> None:
    taught = np.full((len(pairs.levels), 1, 256, 256), 0.5, np.float16)
    plain, bordered = (
        Batches(pairs, "luma", replace(BLEND, patch_px=96, batch=24, bordered=share), TaughtCrops(taught))[0]
        for share in (0.0, 1.0)
    )
    for before, after in ((plain.soft, bordered.soft), (plain.sharp, bordered.sharp)):
        assert (before != after).flatten(1).any(1).all()
    where = (bordered.soft == bordered.sharp).float().mean()
    assert where > (plain.soft == plain.sharp).float().mean()
