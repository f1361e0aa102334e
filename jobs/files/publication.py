"""The publication of results in a bucket: each once, and known as ours from its first moment.

A mark is made before the result's object. It says by which token that can be told, and has the clip's rows: where the
driver dies between the object and the tables, any other one takes them over.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...pipeline.atomic import make_folder, write_atomically
from ...pipeline.errors import OutputError
from ...pipeline.workspace import Workspace
from .bucket_lease import conditional, unmet
from .object_place import Place

TOKEN = "vidsharp"
"""The name of the token among an object's metadata."""
ROWS = "done.json"
"""As `keep_rows` calls them."""


@dataclass(frozen=True)
class Mark:
    """What says that a result is ours while no table does."""

    out: str
    """The name of the result's object, below the output."""
    token: str | None = None
    """None where the storage keeps no metadata, or an earlier version wrote the mark."""
    rows: Mapping[str, Any] | None = None
    """The clip's, as `keep_rows` has them."""

    @classmethod
    def read(cls, place: Place) -> "Mark":
        """The mark that an object is."""
        data = place.fs.cat_file(place.path)
        with suppress(ValueError, TypeError, AttributeError):
            return cls(**json.loads(data))
        return cls(data.decode("utf-8", "surrogateescape"))

    @property
    def clip(self) -> str:
        """The name of its clip, empty where that is not said."""
        return str(self.rows["clip"]["clip"]) if self.rows else ""

    def published(self, out: Place) -> bool:
        """Whether its result is there, below `out`."""
        return self.token is not None and _token(out / self.out) == self.token

    def hand_rows_on(self, workspace: Path) -> None:
        """Has the rows of a result that is published count, in the clip's workspace on this machine.

        Raises:
            OutputError: it cannot be written.
        """
        make_folder(workspace)
        for left in Workspace(workspace, "").joined_files():
            left.unlink(missing_ok=True)
        write_atomically(workspace / ROWS, json.dumps(self.rows).encode())


def publish_object(temporary: Path, out: Place, name: str, mark: Place, *, replaces: bool) -> None:
    """Uploads a result.

    Args:
        temporary: the file, in the clip's workspace, which has its rows.
        replaces: whether an object of that name may be replaced. One that has come there since the run began is left.

    Raises:
        OutputError: there is such a one, or it came out shorter.
    """
    target, token, options = out / name, None, dict[str, Any]()
    if conditional(target):
        token = secrets.token_hex(8)
        options = {"Metadata": {TOKEN: token}, **({} if replaces else {"mode": "create"})}
    rows = json.loads((temporary.parent / ROWS).read_bytes()) if token else None
    mark.fs.pipe_file(mark.path, json.dumps(asdict(Mark(name, token, rows))).encode())
    try:
        target.fs.put_file(str(temporary), target.path, **options)
    except OSError as error:
        if not unmet(error):
            raise
        # An upload whose answer was lost, and that was sent again, meets itself.
        if _token(target) != token:
            mark.fs.rm_file(mark.path)
            raise OutputError(
                f"{target.url} has come to be there since this run began, and is not replaced; run the same command "
                "again"
            ) from error
    if target.fs.info(target.path)["size"] != temporary.stat().st_size:
        raise OutputError(f"{target.url} came out shorter than it is; run the same command again")


def _token(place: Place) -> str | None:
    with suppress(FileNotFoundError):
        return place.fs.metadata(place.path, refresh=True).get(TOKEN)
    return None
