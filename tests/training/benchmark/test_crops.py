"""Crops that people look at: the committed list keeps to its rule, which draws by detail within its boxes."""

import json
import random
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from vidsharp.training.benchmark import crops as module
from vidsharp.training.benchmark.crops import (
    KINDS,
    LEVELS,
    SIDE_PX,
    STEP_PX,
    Crop,
    crops,
    crops_toml,
    draw_crops,
    sources_of,
)
from vidsharp.training.benchmark.sources import INPUTS, benchmark_sources
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Position

from tests.training.benchmark import toy


def test_the_committed_list_keeps_to_its_rule() -> None:
    found, sizes = crops(), {source.name: source.size for source in benchmark_sources()}
    first = json.loads(INPUTS.read_text(encoding="utf-8"))
    assert [crop.kind for crop in found] == list(KINDS)
    assert Counter(crop.level for crop in found) == dict.fromkeys(LEVELS, 6)
    assert len({crop.source for crop in found}) == len(found) == 12
    for crop in found:
        assert crop.source in KINDS[crop.kind]
        assert crop.inputs == first[crop.source][f"{crop.level}/0"]
        width, height = sizes[crop.source]
        assert 0 <= crop.left <= width - SIDE_PX
        assert 0 <= crop.top <= height - SIDE_PX
        assert crop.left % STEP_PX == crop.top % STEP_PX == 0
    for shown in KINDS.values():
        assert set(shown) <= set(sizes)
        assert all(0 <= a < c <= 1 and 0 <= b < d <= 1 for a, b, c, d in shown.values())


def test_the_same_seed_draws_the_same_and_the_list_reads_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "benchmark_sources", lambda: (toy.screen("one", 7001), toy.screen("two", 7002)))
    monkeypatch.setattr(module, "SIDE_PX", 96)
    boxes: Mapping[str, module.Box] = {"one": module.ANYWHERE, "two": module.ANYWHERE}
    kinds: dict[str, Mapping[str, module.Box]] = {"text": boxes, "more": boxes}
    drawn = list(draw_crops(tmp_path, 5, kinds))
    assert {crop.source for crop in drawn} == {"one", "two"}
    assert {crop.level for crop in drawn} == set(LEVELS)
    assert list(draw_crops(tmp_path, 5, kinds)) == drawn
    written = crops_toml(drawn, 5)
    assert [Crop(**entry) for entry in tomllib.loads(written)["crop"]] == drawn
    kinds["third"] = kinds["text"]
    with pytest.raises(DataError, match="No source is left for the crop of kind 'third'"):
        list(draw_crops(tmp_path, 5, kinds))


def place_of(luma: np.ndarray) -> Position:
    planes = [luma, *[np.full((luma.shape[0] // 2, luma.shape[1] // 2), 128, np.uint8)] * 2]
    return Position("0", CLIP_FORMAT, planes, planes, None)


def test_places_have_detail_and_lie_in_their_box() -> None:
    luma = np.full((480, 640), 90, np.uint8)
    luma[:240, 320:] = np.random.default_rng(0).integers(0, 255, (240, 320))
    drawn = [module._place(place_of(luma), (0, 0, 1, 1), random.Random(seed)) for seed in range(200)]
    middles = np.array(drawn) + SIDE_PX / 2
    assert (middles[:, 0] > 320).mean() > 0.8
    assert len(set(drawn)) > 50
    box = (0.1, 0.4, 0.5, 0.6)
    inside = [module._place(place_of(luma), box, random.Random(seed)) for seed in range(50)]
    for x, y in inside:
        assert 0.1 * 640 - STEP_PX <= x + SIDE_PX / 2 <= 0.5 * 640
        assert 0.4 * 480 - STEP_PX <= y + SIDE_PX / 2 <= 0.6 * 480
    assert module._place(place_of(luma), (0, 0, 0.01, 0.01), random.Random(0)) == (0, 0)  # as near as the border lets
    assert module._place(place_of(luma), (0.99, 0.99, 1, 1), random.Random(0)) == (400, 240)
    flat = np.full((SIDE_PX, SIDE_PX), 90, np.uint8)
    assert module._place(place_of(flat), (0, 0, 1, 1), random.Random(0)) == (0, 0)
    with pytest.raises(DataError, match="200x120 px is smaller than a crop"):
        module._place(place_of(flat[:120, :200]), (0, 0, 1, 1), random.Random(0))


def test_sources_are_named_once_and_must_be_known() -> None:
    chosen = crops()[:2]
    assert [source.name for source in sources_of([*chosen, chosen[0]])] == [crop.source for crop in chosen]
    with pytest.raises(DataError, match="no source 'gone'"):
        sources_of([Crop("face", "gone", "heavy", "0", 0, 0, "")])


def test_a_folder_without_the_files_is_one_sentence(tmp_path: Path) -> None:
    ended = CliRunner().invoke(module.main, [str(tmp_path), "--out", str(tmp_path / "crops.toml")])
    assert ended.exit_code == 1
    assert "of the benchmark's files" in ended.output
    assert not (tmp_path / "crops.toml").exists()
