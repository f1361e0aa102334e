"""Cards are read as they were written; what was not measured is not there, and what is broken is said."""

import json
from pathlib import Path
from typing import Any

import pytest
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.card import Card, Gain, read_card
from vidsharp.models.nets.catalogue import student_names

WRITTEN: dict[str, Any] = {
    "parameters": 25990,
    "gflop_1080p": 10.5,
    "ms_1080p": 108.0,
    "gains": {"light": [2.29, 0.0144], "calls": [1.09, 0.0107]},
    "trained_on": "123 sources",
    "licence": "Apache-2.0",
}


def test_a_card_is_read(tmp_path: Path) -> None:
    (tmp_path / "fast.json").write_text(json.dumps(WRITTEN))
    gains = {"light": Gain(2.29, 0.0144), "calls": Gain(1.09, 0.0107)}
    assert read_card("fast", tmp_path) == Card("fast", 25990, 10.5, 108.0, gains, "123 sources", "Apache-2.0")


def test_no_file_is_an_empty_card(tmp_path: Path) -> None:
    card = read_card("fast", tmp_path)
    assert (card, card.parameters, dict(card.gains)) == (Card("fast"), None, {})


@pytest.mark.parametrize("change", [{"gains": {"light": [1]}}, {"gains": []}, {"parameters": "many"}, None])
def test_what_is_no_card_is_one_sentence(tmp_path: Path, change: dict[str, Any] | None) -> None:
    (tmp_path / "fast.json").write_text("{" if change is None else json.dumps({**WRITTEN, **change}))
    with pytest.raises(ModelError, match=r"The model card '.*fast\.json'"):
        read_card("fast", tmp_path)


@pytest.mark.parametrize("name", student_names())
def test_cards_that_ship_can_be_read(name: str) -> None:
    assert read_card(name).name == name
