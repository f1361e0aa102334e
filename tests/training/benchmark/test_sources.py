"""The list of sources keeps to its own rules, and data that is not the list's is refused by name."""

import hashlib
import json
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from vidsharp.training.benchmark.sources import (
    GROUPS,
    INPUTS,
    LIST,
    benchmark_looks,
    benchmark_sources,
    benchmark_version,
    check_sources,
    is_set_aside,
    other_inputs,
)
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import UNCHANGED
from vidsharp.training.simulate.parameters import LEVELS

from tests.support.media import shared_data
from tests.training.benchmark import toy


def test_the_list_has_enough_of_every_group_and_few_pans() -> None:
    sources = benchmark_sources()
    assert len(sources) >= 24
    groups = Counter(source.group for source in sources)
    assert set(groups) == set(GROUPS)
    assert min(groups.values()) >= 6
    pans = Counter(source.group for source in sources if source.kind == "pan")
    for group, count in pans.items():
        assert 3 * count <= groups[group]
    assert benchmark_version() == tomllib.loads(LIST.read_text(encoding="utf-8"))["version"] >= 1


def test_entries_are_whole_and_no_two_measure_the_same() -> None:
    sources = benchmark_sources()
    assert len({source.name for source in sources}) == len(sources)
    assert len({(source.file, source.seed, source.start) for source in sources}) == len(sources)
    for source in sources:
        assert source.name == "".join(c for c in source.name if c.islower() or c.isdigit() or c == "-")  # names files
        assert source.origin.strip()
        assert min(source.size) >= 256
        assert all(side % 2 == 0 for side in source.size)
        assert source.start >= 0
        assert source.hold >= 1
        assert (source.file is None) == (source.sha256 is None) == (source.kind == "screen")
        if source.file is not None:
            assert len(source.sha256 or "") == 64
            assert not Path(source.file).is_absolute()
            assert ".." not in Path(source.file).parts
        if source.crop is not None:
            _, _, width, height = source.crop
            assert width >= source.size[0]
            assert width / height == pytest.approx(source.size[0] / source.size[1], rel=0.02)


def test_the_documents_list_every_source_in_its_group() -> None:
    text = (Path(__file__).parents[3] / "docs" / "benchmark.md").read_text(encoding="utf-8")
    listed = {}
    for section in text.split("\n### ")[1:]:
        for line in section.splitlines():
            if line.startswith("| ") and not line.startswith("| name |"):
                name, what, origin = (cell.strip() for cell in line.strip("|").split(" | "))
                listed[name] = section.splitlines()[0].lower(), what.split(", ")[1], origin
    assert listed == {s.name: (s.group, f"{s.size[0]}×{s.size[1]}", s.origin) for s in benchmark_sources()}
    assert f"{len(listed)} sources" in text
    assert f"The version ({benchmark_version()} now)" in text


def test_what_lies_in_the_training_folder_is_set_aside() -> None:
    for source in benchmark_sources():
        if source.file is not None and source.file.startswith("train/"):
            assert is_set_aside(Path(source.file))
    assert not is_set_aside(Path("train/clips/asl_A_yes.mkv"))
    assert not is_set_aside(Path("my-own-clip.mp4"))


def test_files_as_listed_are_taken(tmp_path: Path) -> None:
    check_sources(tmp_path, [toy.clip(tmp_path), toy.pan(tmp_path), toy.screen()])
    check_sources(tmp_path, [])
    for source in benchmark_sources():
        if source.kind == "screen":
            check_sources(tmp_path, [source])


def test_missing_and_changed_files_are_named(tmp_path: Path) -> None:
    source = toy.pan(tmp_path)
    with pytest.raises(DataError, match="There is no folder"):
        check_sources(tmp_path / "away", [source])
    with pytest.raises(DataError, match=r"lacks 2 of the benchmark's files, such as away\.mp4"):
        check_sources(tmp_path, [source, replace(source, file="away.mp4"), replace(source, file="sub")])
    path = tmp_path / "photo.png"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"photo\.png' is not the file that version \d+ .* its origin is tests"
    ) as caught:
        check_sources(tmp_path, [source])
    assert "\n" not in str(caught.value)
    check_sources(tmp_path, [replace(source, sha256=hashlib.sha256(content).hexdigest())])


@pytest.mark.skipif(shared_data() is None, reason="needs the recordings beside the repository")
def test_the_recordings_beside_the_repository_are_the_listed_ones() -> None:
    folder = shared_data()
    assert folder is not None
    check_sources(folder, benchmark_sources())


def test_recordings_that_are_not_those_of_the_version_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inputs.json").write_text('{"all": "x", "a": {"light/0": "1", "heavy/0": "2"}}')
    monkeypatch.setattr("vidsharp.training.benchmark.sources.INPUTS", tmp_path / "inputs.json")
    assert other_inputs({"a": {"light/0": "1", "heavy/0": "2"}}) == []
    assert other_inputs({"a": {"light/0": "1", "heavy/0": "3", "heavy/1": "4"}, "b": {"light/0": "5"}}) == ["a heavy/0"]


def test_every_source_has_its_recordings_digests() -> None:
    first = json.loads(INPUTS.read_text(encoding="utf-8"))
    levels = {f"{level}/0" for level in (*LEVELS, UNCHANGED)}
    assert {source.name: levels for source in benchmark_sources()} == {
        name: set(digests) for name, digests in first.items() if name != "all"
    }


def test_what_is_looked_at_has_a_name_of_its_own_and_is_never_measured() -> None:
    looks, sources = benchmark_looks(), benchmark_sources()
    assert len(looks) >= 6
    assert len({look.name for look in looks}) == len(looks)
    assert not {look.file for look in looks} & {source.file for source in sources}
