"""A key stands for an input's state and the settings: it changes with either, and only then."""

import os
from pathlib import Path

import av
import pytest
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.file_ends import ENDS_BYTES
from vidsharp.pipeline.fingerprint import clip_key, result_key, source_of

SETTINGS = {"model": "fast", "strength": 1.0, "encoder": {"crf": None}}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(range(256)) * (3 * ENDS_BYTES // 256))
    os.utime(path, ns=(10**18, 10**18))
    return path


def _patch(path: Path, place: int) -> None:
    """Changes one byte and nothing else."""
    state = path.stat()
    with path.open("r+b") as file:
        file.seek(place)
        (old,) = file.read(1)
        file.seek(place)
        file.write(bytes([old ^ 1]))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_the_same_input_and_settings_have_the_same_key(clip: Path, tmp_path: Path) -> None:
    key = clip_key(clip, SETTINGS)
    assert clip_key(clip, dict(reversed(SETTINGS.items()))) == key, "the order of settings does not count"
    moved = clip.rename(tmp_path / "moved.mp4")
    assert clip_key(moved, SETTINGS) == key, "nor does the name"


@pytest.mark.parametrize("place", [0, ENDS_BYTES - 1, -ENDS_BYTES, -1])
def test_other_content_has_another_key(place: int, clip: Path) -> None:
    key = clip_key(clip, SETTINGS)
    _patch(clip, place % clip.stat().st_size)
    assert clip_key(clip, SETTINGS) != key


def test_another_time_of_modification_has_another_key(clip: Path) -> None:
    key = clip_key(clip, SETTINGS)
    os.utime(clip, ns=(10**18, 10**18 + 1))
    assert clip_key(clip, SETTINGS) != key


def test_another_size_has_another_key(tmp_path: Path) -> None:
    path = tmp_path / "a"
    keys = set()
    for size in (0, 1, ENDS_BYTES, 3 * ENDS_BYTES, 3 * ENDS_BYTES + 1):
        path.write_bytes(bytes(size))
        os.utime(path, ns=(10**18, 10**18))
        keys.add(clip_key(path, SETTINGS))
    assert len(keys) == 5


@pytest.mark.parametrize("change", [{"model": "reference"}, {"strength": 0.5}, {"encoder": {"crf": 18}}, {"more": 1}])
def test_other_settings_have_another_key(change: dict, clip: Path) -> None:
    assert clip_key(clip, {**SETTINGS, **change}) != clip_key(clip, SETTINGS)


def test_another_encoder_library_has_another_key(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = clip_key(clip, SETTINGS)
    monkeypatch.setattr(av, "library_versions", {**av.library_versions, "libavcodec": (1, 2, 3)})
    assert clip_key(clip, SETTINGS) != key


@pytest.mark.parametrize("kind", ["absent", "folder"])
def test_what_cannot_be_read_is_a_media_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "absent.mp4"
    with pytest.raises(MediaError, match="cannot be read") as caught:
        clip_key(path, SETTINGS)
    assert caught.value.path == path


def test_a_source_is_known_by_its_content_wherever_and_whenever_it_was_written(clip: Path, tmp_path: Path) -> None:
    source = source_of(clip, "here")
    os.utime(clip, ns=(10**18, 10**18 + 1))
    assert source_of(clip.rename(tmp_path / "moved.mp4"), "there").content == source.content


@pytest.mark.parametrize("place", [0, ENDS_BYTES, 3 * ENDS_BYTES // 2, -1])
def test_a_source_with_other_content_is_another(place: int, clip: Path) -> None:
    """The middle is looked at in blocks: a change of half of it is seen."""
    source, state = source_of(clip, "here"), clip.stat()
    data = bytearray(clip.read_bytes())
    start = place % state.st_size
    data[start : start + state.st_size // 4] = bytes(len(data[start : start + state.st_size // 4]))
    data[start] ^= 1
    clip.write_bytes(data)
    assert source_of(clip, "here").content != source.content


def test_a_recording_that_grows_begins_as_before(clip: Path) -> None:
    source = source_of(clip, "here")
    before = source.beginning(ENDS_BYTES)
    with clip.open("ab") as file:
        file.write(b"more")
    grown = source_of(clip, "here")
    assert grown.content != source.content
    assert (grown.beginning(ENDS_BYTES), grown.bytes) == (before, source.bytes + 4)
    _patch(clip, 5)
    assert grown.beginning(ENDS_BYTES) != before


def test_results_do_not_depend_on_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    key = result_key("content", SETTINGS)
    monkeypatch.setattr(av, "library_versions", {**av.library_versions, "libavcodec": (1, 2, 3)})
    assert result_key("content", SETTINGS) == key
    assert result_key("other", SETTINGS) != key
    assert result_key("content", {**SETTINGS, "strength": 0.5}) != key
