"""Marks: what a command made it knows again, also when it was killed; all else is another's."""

from pathlib import Path

import pytest
from vidsharp.pipeline import ownership
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.file_ends import ENDS_BYTES
from vidsharp.pipeline.ownership import (
    MARK,
    NotOursError,
    claim_folder,
    content_key,
    mark_made,
    read_made,
    refuse_folder,
    refuse_others,
    remove_folder,
)


def refused(mark: Path, *names: str, by: str = "a", of: str | None = None) -> bool:
    try:
        refuse_others(mark, names, by, of)
    except NotOursError as error:
        return "--overwrite" in str(error)
    return False


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / MARK


def test_free_names_are_free_and_taken_ones_are_not(mark: Path) -> None:
    assert not refused(mark, "x", "y")
    (mark.parent / "x").touch()
    assert refused(mark, "x")
    assert not refused(mark, "y")
    refuse_others(mark, ("x",), "a", overwrite=True)
    (mark.parent / "y").symlink_to(mark.parent / "nowhere")
    assert refused(mark, "y"), "a link that leads nowhere is somebody's, too"


def test_only_the_maker_may_replace_and_only_of_the_same(mark: Path) -> None:
    mark_made(mark, "a", {"x": b"one"}, of="monday")
    assert not refused(mark, "x", of="tuesday"), "it is not there yet"
    (mark.parent / "x").write_bytes(b"one")
    assert not refused(mark, "x", of="monday")
    assert refused(mark, "x", of="tuesday")
    assert refused(mark, "x", by="b", of="monday")
    (mark.parent / "x").write_bytes(b"two")
    assert refused(mark, "x", of="monday")


@pytest.mark.parametrize("there", [b"one", b"two"])
def test_killed_between_mark_and_file_it_is_known_again(mark: Path, there: bytes) -> None:
    (mark.parent / "x").write_bytes(b"one")
    mark_made(mark, "a", {"x": b"one"})
    mark_made(mark, "a", {"x": b"two"})
    (mark.parent / "x").write_bytes(there)
    assert not refused(mark, "x")


def test_marks_of_several_commands_share_a_folder(mark: Path) -> None:
    mark_made(mark, "a", {"x": None})
    mark_made(mark, "b", {"y": None})
    for name in "xy":
        (mark.parent / name).write_bytes(b"anything")
    assert not refused(mark, "x", by="a")
    assert not refused(mark, "y", by="b")
    assert refused(mark, "x", by="b")


@pytest.mark.parametrize(
    "text", ["", "mine", "[]", '{"made": 3}', '{"made": {"x": {}}}', '{"made": {"x": null}}', "\xff"]
)
def test_a_file_in_the_place_of_the_mark_is_no_mark(mark: Path, text: str) -> None:
    mark.write_bytes(text.encode("latin-1"))
    assert read_made(mark) is None
    assert refused(mark, "x")


def test_a_content_is_known_by_its_size_and_ends(tmp_path: Path) -> None:
    whole = bytes(3 * ENDS_BYTES)
    keys = {content_key(whole)}
    for at in (0, ENDS_BYTES - 1, 2 * ENDS_BYTES, 3 * ENDS_BYTES - 1):
        keys.add(content_key(whole[:at] + b"x" + whole[at + 1 :]))
    keys.add(content_key(whole + b"\0"))
    assert len(keys) == 6
    for content in (b"", b"x", whole):
        (tmp_path / "file").write_bytes(content)
        assert content_key(tmp_path / "file") == content_key(content)


def test_what_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        mark_made(tmp_path / "nowhere" / MARK, "a", {"x": None})


# --- Folders ----------------------------------------------------------------------------------------------------------


def test_a_claimed_folder_is_removed_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    remove_folder(folder, "a")
    claim_folder(folder, "a")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "file").touch()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(NotOursError, match="vidsharp b did not make it"):
        remove_folder(folder, "b")
    remove_folder(folder, "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["other", "link", "file", "marked file"])
def test_what_is_not_claimed_stays(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "job"
    if kind == "file":
        folder.write_text("mine")
    elif kind == "link":
        claim_folder(tmp_path / "elsewhere", "a")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        (folder / "mine").write_text("mine")
        if kind == "marked file":
            mark_made(folder / MARK, "a", {"mine": None})
    before = sorted(path.name for path in tmp_path.rglob("*"))
    for refuse in (refuse_folder, remove_folder):
        with pytest.raises(NotOursError):
            refuse(folder, "a")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_an_empty_folder_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    refuse_folder(tmp_path / "job", "a")
    remove_folder(tmp_path / "job", "a")


def test_removing_that_was_cut_short_can_be_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "job"
    claim_folder(folder, "a")
    for name in "xyz":
        (folder / name).mkdir()
    removed: list[Path] = []
    real = ownership.shutil.rmtree

    def one(path: Path) -> None:
        if removed:
            raise PermissionError(13, "Permission denied")
        removed.append(path)
        real(path)

    monkeypatch.setattr(ownership.shutil, "rmtree", one)
    with pytest.raises(OutputError, match="cannot be removed: Permission denied"):
        remove_folder(folder, "a")
    monkeypatch.undo()
    assert len(list(folder.iterdir())) == 3
    remove_folder(folder, "a")
    assert not folder.exists()
