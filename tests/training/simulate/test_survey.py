"""The survey has a line for each level and each encoder that is there."""

from pathlib import Path

import pytest
from vidsharp.training.simulate import survey
from vidsharp.training.simulate.encoders import ENCODERS, here

from tests.training.simulate.test_clip import write_clip


def test_every_level_and_encoder_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    monkeypatch.setattr(survey, "LEVELS", ("light", "heavy"))
    monkeypatch.setattr(survey, "SIZE", (160, 96))
    lines = [line.split("|")[1:-1] for line in survey.survey([tmp_path / "a.mkv"], frames=8, seeds=1)]
    rows = [[cell.strip() for cell in line] for line in lines[2:]]
    assert [row[:2] for row in rows] == [["light", "–"], *(["heavy", name] for name in here(ENCODERS))]
    for row in rows:
        assert 10 < float(row[2]) < 60
        assert 0 < float(row[3]) < 1
    assert rows[0][4:6] == ["–", "–"]
    assert all(float(row[5]) > 0 for row in rows[1:])
