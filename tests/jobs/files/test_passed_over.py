"""What is said of files that were not taken as recordings."""

import pytest
from vidsharp.jobs.files.passed_over import passed_over_sentence


@pytest.mark.parametrize(
    ("by_ending", "said"),
    [
        ({}, None),
        ({".srt": 1}, "1 file was not taken as a recording: 1 .srt"),
        ({".txt": 2, "": 1, ".srt": 1200}, "1,203 files were not taken as recordings: 1,200 .srt, 2 .txt, 1 without"),
        ({f".{n:02}": 20 - n for n in range(12)}, "1 .11"),
    ],
)
def test_what_was_passed_over_is_one_sentence(by_ending: dict[str, int], said: str | None) -> None:
    sentence = passed_over_sentence(by_ending)
    if said is None or sentence is None:
        assert sentence == said
    elif len(by_ending) < 10:
        assert sentence.startswith(said)
    else:
        assert "20 .00, 19 .01" in sentence
        assert ", 42 of 4 other endings (-v lists them" in sentence
