"""The benchmark's pictures: the same for the same seed, consecutive, each with the one before it."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from vidsharp.training.benchmark import pictures
from vidsharp.training.benchmark.pictures import MEASURED, Recording, SharpPictures, recording, sharp_pictures
from vidsharp.training.benchmark.sources import BenchmarkSource
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import UNCHANGED, frame_planes
from vidsharp.training.simulate.call import SimulatedCall
from vidsharp.training.simulate.draw import draw_parameters
from vidsharp.training.simulate.parameters import PictureFacts

from tests.support import media
from tests.training.benchmark import toy

Toy = tuple[BenchmarkSource, SharpPictures]


@pytest.fixture(scope="module")
def drift(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    folder = tmp_path_factory.mktemp("toy")
    source = toy.clip(folder)
    return source, sharp_pictures(source, folder)


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return toy.screen(), sharp_pictures(toy.screen(), Path("no folder is needed"))


def numbers(made: Recording) -> list[int]:
    return [media.frame_index(place.sharp[0]) for place in made.places]


def test_equal_seeds_are_equal_pictures_and_others_are_not(drift: Toy) -> None:
    light = recording(*drift, "light", 0)
    assert recording(*drift, "light", 0).digest == light.digest
    others = [recording(*drift, "light", 1), recording(*drift, "medium", 0), recording(*drift, UNCHANGED, 0)]
    others.append(recording(replace(drift[0], name="another"), drift[1], "light", 0))
    assert len({light.digest, *(made.digest for made in others)}) == 5


@pytest.mark.parametrize("level", ["light", "medium", UNCHANGED])
def test_places_are_consecutive_and_know_the_picture_before(drift: Toy, level: str) -> None:
    source, sharp = drift
    for seed in range(2):
        made = recording(source, sharp, level, seed)
        items = [int(place.item) for place in made.places]
        assert items == list(range(items[0], items[0] + MEASURED))
        assert items[-1] < len(sharp.frames)
        if level != "medium":  # where the line may repeat a picture
            assert numbers(made) == items
        for before, place in pairwise(made.places):
            assert place.before is not None
            assert place.before[0] is before.soft
            assert place.before[1] is before.sharp
        first = made.places[0].before
        if items[0] == 0:
            assert first is None
        elif level != "medium":
            assert first is not None
            assert media.frame_index(first[1][0]) == items[0] - 1


def test_a_recording_may_start_with_its_first_picture(drift: Toy) -> None:
    source, sharp = drift
    made = recording(source, SharpPictures(sharp.frames[:MEASURED], None), "light", 3)
    assert [place.item for place in made.places] == [str(i) for i in range(MEASURED)]
    assert made.places[0].before is None
    assert all(place.before is not None for place in made.places[1:])
    assert made.facts is not None
    assert [fact.since_keyframe for fact in made.facts] == list(range(MEASURED))


def test_sharp_pictures_are_measured_against_themselves(drift: Toy) -> None:
    made = recording(*drift, UNCHANGED, 0)
    assert (made.facts, made.parameters, made.words) == (None, None, None)
    for place in made.places:
        assert all(np.array_equal(a, b) for a, b in zip(place.soft, place.sharp, strict=True))


def test_facts_are_those_of_the_measured_pictures(drift: Toy) -> None:
    made = recording(*drift, "medium", 0)
    assert made.facts is not None
    assert len(made.facts) == len(made.places) == MEASURED
    assert made.parameters is not None
    assert made.parameters.level == "medium"


def test_a_screen_knows_the_words_of_its_last_picture(screen: Toy) -> None:
    source, sharp = screen
    assert sharp.words is not None
    for level, seed in ((UNCHANGED, 0), (UNCHANGED, 1), ("light", 0)):
        made = recording(source, sharp, level, seed)
        last = int(made.places[-1].item)
        assert made.words == sharp.words[last]
        assert np.array_equal(made.places[-1].sharp[0], frame_planes(sharp.frames[last])[0])
    for text in sharp.words[0]:
        assert 0 <= text.box.left < text.box.right <= source.size[0]
        assert 0 <= text.box.top < text.box.bottom <= source.size[1]
    assert len(sharp.words[0]) > 3


def test_words_are_those_of_the_picture_that_a_frozen_line_shows(drift: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    source, sharp = drift

    def frozen(frames: list[object], level: str, seed: int, fps: float, lines: str) -> SimulatedCall:
        facts = [PictureFacts(i, None, i >= len(frames) - 3, 64, 64) for i in range(len(frames))]
        return SimulatedCall(draw_parameters("light", 0), list(frames), list(frames), facts)  # type: ignore[arg-type]

    monkeypatch.setattr(pictures, "simulate_call", frozen)
    words = tuple((pictures.Text(str(i), pictures.Box(0, 0, 1, 1)),) for i in range(len(sharp.frames)))
    made = recording(source, SharpPictures(sharp.frames, words), "medium", 0)
    assert made.words is not None
    assert int(made.words[0].text) == int(made.places[-1].item) - 3


def test_a_pan_glides_slowly_and_stays_inside(tmp_path: Path) -> None:
    source = toy.pan(tmp_path)
    sharp = sharp_pictures(source, tmp_path)
    assert len(sharp.frames) == pictures.LONGEST_LEAD + MEASURED
    assert {(frame.width, frame.height, frame.format.name) for frame in sharp.frames} == {(*source.size, "yuv420p")}
    lumas = [frame_planes(frame)[0].astype(int) for frame in sharp.frames]
    steps = [np.abs(a - b).mean() for a, b in pairwise(lumas)]
    assert 0 < max(steps) < np.abs(lumas[0] - lumas[-1]).mean()


def test_start_crop_and_hold_say_what_is_shown(drift: Toy, tmp_path: Path) -> None:
    source = toy.clip(tmp_path)
    held = sharp_pictures(replace(source, start=3, hold=2), tmp_path)
    assert [media.frame_index(frame_planes(f)[0]) for f in held.frames[:6]] == [3, 3, 4, 4, 5, 5]
    assert len(held.frames) == 2 * 21
    crop = sharp_pictures(replace(source, crop=(64, 32, 96, 64), size=(96, 64)), tmp_path)
    whole = frame_planes(drift[1].frames[0])[0].astype(int)
    cut = frame_planes(crop.frames[0])[0].astype(int)
    assert cut.shape == (64, 96)
    assert np.abs(cut - whole[32:96, 64:160]).mean() < 3  # through RGB and back


def test_files_that_are_short_or_no_media_are_named(tmp_path: Path) -> None:
    source = toy.clip(tmp_path, frames=MEASURED - 1)
    with pytest.raises(DataError, match=f"has {MEASURED - 1} pictures; at least {MEASURED}"):
        sharp_pictures(source, tmp_path)
    (tmp_path / "drift.mp4").write_bytes(b"no video")
    with pytest.raises(DataError, match=r"drift\.mp4' does not decode"):
        sharp_pictures(source, tmp_path)
    (tmp_path / "photo.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"photo\.png' does not decode"):
        sharp_pictures(BenchmarkSource("p", "faces", "pan", toy.SIZE, "tests", "photo.png"), tmp_path)
    media.audio_only(tmp_path / "sound.mp4")
    with pytest.raises(DataError, match=r"sound\.mp4' does not decode"):
        sharp_pictures(replace(source, file="sound.mp4"), tmp_path)
