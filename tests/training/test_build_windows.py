"""The cache of windows: sources stay on one side, soft and sharp show the same place at the same time."""

import json
import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from skimage import data, io
from vidsharp.training.benchmark.sources import benchmark_sources, is_set_aside
from vidsharp.training.build_windows import (
    build,
    draw_centres,
    draw_far,
    faces_of,
    is_validation,
    plan_sequences,
    source_of,
)
from vidsharp.training.data.pair_set import Window
from vidsharp.training.data.sharp_sequences import SequencePlan, sharp_sequence
from vidsharp.training.data.window_cache import CROP, NEAR, RADIUS, WindowCache, open_window_cache
from vidsharp.training.errors import SimulationError

from tests.training.simulate.test_clip import write_clip


def folder_of(tmp_path: Path, *names: str) -> Path:
    (tmp_path / "data" / "photos").mkdir(parents=True)
    for name in names:
        io.imsave(tmp_path / "data" / "photos" / f"{name}.jpg", data.astronaut()[100:400, 100:400])
    return tmp_path / "data"


def on_side(validation: bool, count: int = 1) -> list[str]:
    return [n for n in (f"p{i}" for i in range(99)) if is_validation(n, "photo") == validation][:count]


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[WindowCache, WindowCache]:
    folder = folder_of(tmp_path_factory.mktemp("windows"), *on_side(False, 3), *on_side(True))
    (folder / "clips").mkdir()
    write_clip(folder / "clips" / "mine.mkv", (160, 128), sound=False)  # smaller than a window: gives none
    (folder / "clips" / "broken.mkv").write_bytes(b"no film")  # gives none, too
    build(folder, folder.parent / "cache", 1, 0, 1, quiet, screens=0)
    return open_window_cache(folder.parent / "cache", "train"), open_window_cache(folder.parent / "cache", "val")


def test_all_takes_of_a_person_are_one_source() -> None:
    assert source_of(Path("asl_A_yes.mkv")) == source_of(Path("asl_A_no.mkv")) == "asl_A"
    assert source_of(Path("whitehouse_1.mp4")) == source_of(Path("whitehouse_5.mp4")) == "whitehouse"
    assert source_of(Path("kodim01.jpg")) == "kodim01"
    assert is_validation("asl_C", "clip")
    assert not is_validation("asl_A", "clip")


def test_no_source_lies_on_both_sides(built: tuple[WindowCache, WindowCache]) -> None:
    train, val = built
    assert set(train.sources) == set(on_side(False, 3))
    assert set(val.sources) == set(on_side(True))
    assert len(train.levels) == len(train.sources) == train.ends[-1]


def test_soft_and_sharp_show_the_same_place_at_the_same_time(built: tuple[WindowCache, WindowCache]) -> None:
    for cache in built:
        for index in range(0, len(cache.levels), 5):
            soft, sharp = (planes.astype(np.float64) for planes in cache.planes(index))
            for t in range(NEAR):
                assert np.corrcoef(soft[t].ravel(), sharp[t].ravel())[0, 1] > 0.7, (cache.levels[index], t)


def test_ages_beyond_the_first_second_are_seen(built: tuple[WindowCache, WindowCache]) -> None:
    ages = [age for cache in built for part in cache.parts for age in part.ages]
    assert min(ages) >= 0
    assert max(ages) > 30


def test_neighbours_stand_around_the_centre(built: tuple[WindowCache, WindowCache]) -> None:
    cache, window = built[0], Window(4, 6, 32, 48, mirrored=True)
    soft, sharp = cache.neighbours(7, "luma", window, RADIUS, far=2)
    assert soft.shape == (NEAR + 2, 1, 32, 48)
    assert sharp.shape == (NEAR, 1, 32, 48)
    centre_soft, centre_sharp = cache.patch(7, "luma", window)
    assert (soft[RADIUS] == centre_soft).all()
    assert (sharp[RADIUS] == centre_sharp).all()
    alone, _ = cache.neighbours(7, "rgb", window, 0)
    assert alone.shape == (1, 3, 32, 48)
    assert cache.centre(7).shape == (CROP * 3 // 2, CROP)


def test_the_same_seed_makes_the_same_windows_and_another_makes_others(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *on_side(False), *on_side(True))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        build(folder, tmp_path / name, 1, seed, 1, quiet, screens=0)
    parts = {name: sorted((tmp_path / name / "parts").glob("*.npy")) for name in "abc"}
    assert [p.read_bytes() for p in parts["a"]] == [p.read_bytes() for p in parts["b"]]
    assert [p.read_bytes() for p in parts["a"]] != [p.read_bytes() for p in parts["c"]]


def test_other_lines_make_other_windows_in_the_same_place(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *on_side(False, 2), *on_side(True))
    cache = tmp_path / "cache"
    build(folder, cache, 1, 0, 1, quiet, screens=0)
    trained = {p.name: p.read_bytes() for p in (cache / "parts").glob("*.npy")}
    build(folder, cache, 1, 0, 1, quiet, screens=0, lines="held_out")
    held_out = {p.name: p.read_bytes() for p in (cache / "parts").glob("*.npy")}
    assert trained.keys() == held_out.keys()
    assert trained != held_out


def test_an_interrupted_build_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *on_side(False), *on_side(True))
    build(folder, tmp_path / "cache", 1, 0, 1, quiet, screens=0)
    kept, lost = sorted((tmp_path / "cache" / "parts").glob("*.npy"))
    index, content = (tmp_path / "cache" / "windows.json").read_bytes(), lost.read_bytes()
    before = kept.stat().st_mtime_ns
    lost.unlink()
    lost.with_suffix(".json").unlink()
    (tmp_path / "cache" / "windows.json").unlink()
    build(folder, tmp_path / "cache", 1, 0, 1, quiet, screens=0)
    assert kept.stat().st_mtime_ns == before
    assert lost.read_bytes() == content
    assert (tmp_path / "cache" / "windows.json").read_bytes() == index


def test_a_part_that_lost_its_file_is_made_again(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *on_side(False), *on_side(True))
    build(folder, tmp_path / "cache", 1, 0, 1, quiet, screens=0)
    gone, cut = sorted((tmp_path / "cache" / "parts").glob("*.npy"))
    contents = gone.read_bytes(), cut.read_bytes()
    gone.unlink()
    cut.write_bytes(contents[1][:-1])
    build(folder, tmp_path / "cache", 1, 0, 1, quiet, screens=0)
    assert (gone.read_bytes(), cut.read_bytes()) == contents


@pytest.mark.parametrize("length", [5, 6, 51, 200])
def test_centres_reach_from_the_first_to_the_last_that_has_neighbours(length: int) -> None:
    centres = [t for seed in range(40) for t in draw_centres(length, random.Random(seed))]
    assert min(centres) == RADIUS
    assert max(centres) == length - 1 - RADIUS
    assert len(set(centres)) == length - 2 * RADIUS


def test_far_pictures_are_about_as_far_as_they_should_be_and_lie_in_the_sequence() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        length, reach = rng.randint(5, 90), rng.choice((8, 30))
        t = rng.randrange(RADIUS, length - RADIUS)
        far = draw_far(t, reach, length, rng)
        assert 0 <= far < length
        nearest, farthest = 0.74 * reach, 1.26 * reach
        assert nearest <= abs(far - t) <= farthest or abs(far - t) == max(t, length - 1 - t) < farthest


def test_no_face_that_is_validated_on_stands_on_a_screen(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "p1")
    (folder / "clips").mkdir()
    for name in ("asl_A_yes.mkv", "asl_C_book.mkv", "marimo_outputs.webm"):
        (folder / "clips" / name).touch()
    assert [face.name for face in faces_of(plan_sequences(folder, 2, 0))] == ["asl_A_yes.mkv"]


def test_files_that_share_a_stem_have_parts_of_their_own(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "mine")
    (folder / "clips").mkdir()
    for name in ("photos/mine.png", "photos/screen-0.jpg", "clips/mine.mkv"):
        (folder / name).touch()
    names = [plan.name for plan in plan_sequences(folder, 2, 0, screens=2)]
    assert len(set(names)) == len(names) == 10


def test_files_without_pictures_and_clips_whose_size_changes(tmp_path: Path) -> None:
    sound = tmp_path / "sound.mka"
    with av.open(str(sound), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        output.mux(stream.encode(silence()))
    assert sharp_sequence(SequencePlan("sound", "clip", sound, 0, 0), 5) == []
    grows = tmp_path / "marimo_grows.h264"
    grows.write_bytes(b"".join(h264_of(size) for size in ((256, 256), (320, 224), (256, 256))))
    frames = sharp_sequence(SequencePlan("grows", "clip", grows, 0, 0), 5)
    assert {(frame.width, frame.height) for frame in frames} == {(256, 256)}
    assert len(frames) == 8


def silence() -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
    frame.sample_rate = 8000
    return frame


def h264_of(size: tuple[int, int]) -> bytes:
    """Eight grey pictures as a raw stream."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt, context.time_base = *size, "yuv420p", Fraction(1, 30)
    context.options = {"tune": "zerolatency"}
    grey = av.VideoFrame.from_ndarray(np.full((size[1] * 3 // 2, size[0]), 128, np.uint8), format="yuv420p")
    packets = [packet for _ in range(8) for packet in context.encode(grey)]
    return b"".join(bytes(packet) for packet in (*packets, *context.encode(None)))


@pytest.mark.parametrize("side", [True, False])
def test_where_chance_puts_all_sources_on_one_side_one_changes_it(tmp_path: Path, side: bool) -> None:
    names = on_side(side, 2)
    said: list[str] = []
    build(folder_of(tmp_path, *names), tmp_path / "cache", 1, 0, 1, said.append, screens=0)
    train, val = (set(open_window_cache(tmp_path / "cache", split).sources) for split in ("train", "val"))
    assert (len(train), len(val), train | val) == (1, 1, set(names))
    assert [line.split(":")[0] for line in said] == ["train", "val"]


def test_what_is_measured_on_is_never_planned(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "p1", "house_adriano-espaillat")
    (folder / "clips").mkdir()
    for name in ("caliscope_blue_cam3.mp4", "marimo_outputs.webm"):
        (folder / "clips" / name).touch()
    assert {plan.source for plan in plan_sequences(folder, 2, 0, screens=1)} == {"p1", "marimo_outputs", "screen-0"}
    measured = [Path(s.file) for s in benchmark_sources() if s.file and s.file.startswith("train/")]
    assert measured
    assert all(is_set_aside(file) for file in measured)


def test_folders_that_give_nothing(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="no photos/ and no clips/"):
        build(tmp_path, tmp_path / "cache", 1, 0, 1, quiet)
    folder = folder_of(tmp_path, *on_side(False))
    (folder / "photos" / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(SimulationError, match="has 1 sources that windows can be cut from; at least 2"):
        build(folder, tmp_path / "cache", 1, 0, 1, quiet, screens=0)


def test_a_part_that_was_cut_short_is_said(tmp_path: Path, built: tuple[WindowCache, WindowCache]) -> None:
    from shutil import copytree

    from vidsharp.training.errors import DataError

    copytree(built[0].folder, tmp_path / "cache")
    part = tmp_path / "cache" / "parts" / built[0].parts[0].file
    part.write_bytes(part.read_bytes()[:-200])
    with pytest.raises(DataError, match="was not written whole"):
        open_window_cache(tmp_path / "cache", "train")
    (tmp_path / "cache" / "windows.json").write_text(json.dumps({"parts": []}))
    with pytest.raises(DataError, match="has no 'train' windows"):
        open_window_cache(tmp_path / "cache", "train")
