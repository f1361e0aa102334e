"""Previews of a report: for each clip, a small file with pictures from before and after."""

from pathlib import Path

from ...pipeline.atomic import make_folder, write_atomically
from ...pipeline.workspace import file_stem

PREVIEWS = "previews"


def preview_path(report: Path, clip: str) -> Path:
    """The place of a clip's preview in a report folder."""
    return report / PREVIEWS / f"{file_stem(clip)}.json"


def keep_preview(report: Path, clip: str, preview: str | None) -> None:
    """Puts a clip's preview in the place of an older one; None only removes that.

    Raises:
        OutputError: the folder cannot be written.
    """
    path = preview_path(report, clip)
    if preview is None:
        path.unlink(missing_ok=True)
    else:
        make_folder(path.parent)
        write_atomically(path, preview.encode())
