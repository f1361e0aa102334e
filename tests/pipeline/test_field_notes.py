"""No mark of a field changes in silence, and nothing is said where none did."""

from dataclasses import replace
from pathlib import Path

import pytest
from vidsharp.pipeline.field_notes import field_notes
from vidsharp.pipeline.probe import ClipInfo, probe

from tests.support import media
from tests.support.records import chunk_record


@pytest.fixture(scope="module")
def progressive(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    folder: Path = tmp_path_factory.mktemp("clip")
    return probe(media.call(folder / "a.mp4", frames=2, size=(64, 48), audio=0).path)


@pytest.mark.parametrize(
    ("was", "now", "interlaced", "said"),
    [
        (False, False, (0, 0), ""),
        (True, True, (2, 3), ""),
        (True, True, (2, 1), "2 of 5 pictures are progressive, and are marked as interlaced"),
        (True, True, (0, 0), "5 of 5 pictures are progressive, and are marked as interlaced"),
        (True, False, (2, 3), "its fields are kept, but not marked as fields: the encoder cannot say so"),
        (False, False, (0, 1), "1 of 5 pictures are interlaced; their fields are kept, but not marked"),
        (True, True, (2, None), ""),  # of an earlier version, nobody knows
    ],
)
def test_what_is_said(
    was: bool, now: bool, interlaced: tuple[int | None, int | None], said: str, progressive: ClipInfo
) -> None:
    records = [chunk_record(range(n), interlaced=count) for n, count in zip((2, 3), interlaced, strict=True)]
    source, made = replace(progressive, interlaced=was), replace(progressive, interlaced=now)
    notes = field_notes(source, made, records)
    assert [said in note for note in notes] == [True] if said else notes == ()
    assert field_notes(source, replace(made, codec="ffv1"), records) == (), "its pictures say it themselves"
