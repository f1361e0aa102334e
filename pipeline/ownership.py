"""Ownership of files and folders: no command replaces or removes one that it did not make, unless it was told to.

A mark is a JSON object `made` in a file that lies with what it speaks of: `MARK` in a folder, or the record beside a
simulated clip. For each file it names the command, what the file was made of, and what it held when it was written.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .atomic import make_folder, write_atomically
from .errors import OutputError, disk_sentence
from .file_ends import hash_ends

MARK = ".vidsharp-made.json"
"""Hidden, since it tells people nothing."""
_FOLDER = "."
"""The name under which a folder's mark speaks of the folder itself."""


class NotOursError(OutputError):
    """A file or folder is in the way that this command did not make."""


@dataclass(frozen=True)
class Made:
    """A mark's entry for one file."""

    by: str
    """The command, such as `simulate`."""
    of: str | None = None
    """Tells its source from others, as `content_key` does; None where any source may be in its place."""
    contents: tuple[str, ...] | None = None
    """Keys of the contents that the command gave it, before and after the last step; None where they are not followed,
    as in logs that grow."""


def content_key(content: Path | bytes) -> str:
    """A key that tells a file from another, whatever its name and times: its size and both its ends, hashed.

    Raises:
        OSError: it cannot be read.
    """
    if isinstance(content, bytes):
        return _key(io.BytesIO(content), len(content))
    with content.open("rb") as file:
        return _key(file, os.fstat(file.fileno()).st_size)


def _key(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256(f"{size} ".encode())
    hash_ends(digest, file, size)
    return digest.hexdigest()[:32]


def refuse_others(
    mark: Path,
    names: Iterable[str],
    by: str,
    of: str | None = None,
    *,
    overwrite: bool = False,
    remedy: str = "choose another --out, or add --overwrite to replace it",
) -> None:
    """Checks that a command may write files: they are not there, or are as it left them.

    Args:
        mark: the file with the mark; a file of that name without one is another's, too.
        names: of files and folders beside the mark, or relative paths below its folder.
        by: the command.
        of: what the files are made of now; made of something else, they are not to be replaced.
        remedy: the error's last words.

    Raises:
        NotOursError: a name is taken.
    """
    if overwrite:
        return
    said = read_made(mark)
    if said is None and os.path.lexists(mark):
        raise NotOursError(f"{mark} is there already, and vidsharp {by} did not make it; {remedy}", mark)
    for name in names:
        path = mark.parent / name
        reason = os.path.lexists(path) and _reason(path, (said or {}).get(name), by, of)
        if reason:
            raise NotOursError(f"{path} {reason}; {remedy}", path)


def _reason(path: Path, made: Made | None, by: str, of: str | None) -> str | None:
    """Why a file that is there is not the command's to replace; None where it is."""
    if made is None or made.by != by or path.is_symlink():
        return f"is there already, and vidsharp {by} did not make it"
    if made.of != of:
        return f"was made by vidsharp {by} of something else"
    if made.contents is None:
        return None
    try:
        changed = content_key(path) not in made.contents
    except OSError:  # a folder, or a file that we cannot read and so did not write
        changed = True
    return f"is no longer what vidsharp {by} made" if changed else None


def mark_made(
    mark: Path,
    by: str,
    files: Mapping[str, Path | bytes | None],
    of: str | None = None,
    record: Mapping[str, Any] | None = None,
) -> None:
    """Says in the mark that the command makes files. Called before they get their names, so that a command that is
    killed in between knows them again.

    Args:
        files: by name as in `refuse_others`, what each will hold; None where its content is not followed.
        record: what else the mark's file is to hold.

    Raises:
        OutputError: the mark cannot be written.
    """
    try:
        made = {name: Made(by, of, _contents(mark.parent / name, content)) for name, content in files.items()}
    except OSError as error:
        raise OutputError(disk_sentence(error, mark), mark) from error
    entries = {name: asdict(entry) for name, entry in ((read_made(mark) or {}) | made).items()}
    write_atomically(mark, (json.dumps({**(record or {}), "made": entries}, indent=2) + "\n").encode())


def _contents(path: Path, content: Path | bytes | None) -> tuple[str, ...] | None:
    if content is None:
        return None
    before = {content_key(path)} if path.is_file() else set[str]()
    return tuple(sorted(before | {content_key(content)}))


def read_made(mark: Path) -> dict[str, Made] | None:
    """The entries of a mark, by name; None where there is no mark."""
    try:
        said = json.loads(mark.read_bytes())["made"]
        return {str(name): _made(entry) for name, entry in said.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _made(entry: Mapping[str, Any]) -> Made:
    contents = entry["contents"]
    return Made(entry["by"], entry["of"], None if contents is None else tuple(contents))


# --- Whole folders ----------------------------------------------------------------------------------------------------


def claim_folder(folder: Path, by: str) -> None:
    """Makes a folder that its command may remove later, with all that is in it.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(folder)
    mark_made(folder / MARK, by, {_FOLDER: None})


def refuse_folder(folder: Path, by: str) -> None:
    """Checks that `remove_folder` may remove a folder: it is not there, is empty, or carries the command's mark.

    Raises:
        NotOursError: it holds something else.
    """
    if not os.path.lexists(folder):
        return
    made = (read_made(folder / MARK) or {}).get(_FOLDER)
    ours = made is not None and made.by == by
    if folder.is_symlink() or not folder.is_dir() or not (ours or next(folder.iterdir(), None) is None):
        raise NotOursError(
            f"{folder} is there already, and vidsharp {by} did not make it; move it away, or choose another --out",
            folder,
        )


def remove_folder(folder: Path, by: str) -> None:
    """Removes a folder that the command claimed, its mark last: what a killed command leaves is known again.

    Raises:
        NotOursError: as `refuse_folder`.
        OutputError: something of it cannot be removed.
    """
    refuse_folder(folder, by)
    if not folder.exists():
        return
    try:
        for inner in folder.iterdir():
            if inner.is_dir() and not inner.is_symlink():
                shutil.rmtree(inner)
            elif inner.name != MARK:
                inner.unlink()
        (folder / MARK).unlink(missing_ok=True)
        folder.rmdir()
    except OSError as error:
        raise OutputError(f"{folder} cannot be removed: {error.strerror or error}", folder) from error
