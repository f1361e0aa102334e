"""The publication of results in a bucket: each once, and known as ours from its first moment.

A mark is made before the result's object. It says by which token that can be told, and has the clip's rows: where the
driver dies between the object and the tables, any other one takes them over.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...pipeline.atomic import make_folder, write_atomically
from ...pipeline.errors import OutputError
from ...pipeline.workspace import Workspace
from ..processing.run_record import without_secrets
from .bucket_lease import unmet
from .object_place import Place, StorageError, Ticker, reading, writing

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
        """The mark that an object is.

        Raises:
            FileNotFoundError: there is none.
        """
        data = place.fs.cat_file(place.path)
        with suppress(ValueError, TypeError, AttributeError):
            return cls(**json.loads(data))
        return cls(data.decode("utf-8", "surrogateescape"))

    @property
    def clip(self) -> str:
        """The name of its clip, empty where that is not said."""
        return str(self.rows["clip"]["clip"]) if self.rows else ""

    def write(self, place: Place) -> None:
        """Makes an object of it."""
        place.fs.pipe_file(place.path, json.dumps(asdict(self)).encode())

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


@dataclass(frozen=True)
class HeldLease:
    """A driver's lease, as others see it: the object, below the output, and the first word of what it holds."""

    name: str
    owner: str

    def check(self, out: Place) -> None:
        """
        Raises:
            StorageError: another driver has it, or none.
        """
        if _owner(out / self.name) != self.owner:
            raise StorageError(f"{out.url} has been taken over by another vidsharp; run the same command again")


@dataclass(frozen=True)
class ReachedOutput:
    """A driver's lease, as what a node has to reach: see `Needed`."""

    out: str = field(repr=False)
    """The URL of the output."""
    lease: HeldLease

    def __str__(self) -> str:
        return f"{without_secrets(self.out.rstrip('/'))}/{self.lease.name}"

    def exists(self) -> bool:
        """Whether it is there.

        Raises:
            StorageError: the storage does not answer, or lets nobody in from here.
        """
        place = Place.of(self.out, patient=True) / self.lease.name
        with reading(place.url):
            return _owner(place) == self.lease.owner


@dataclass(frozen=True)
class Upload:
    """A clip's result on its way into the bucket, which the worker takes that has joined it. A second attempt, after a
    process that died at the first, comes to the same.
    """

    out: str = field(repr=False)
    """The URL of the output."""
    name: str
    """Of the result's object, below it; of that of its mark, the next one."""
    mark: str
    token: str
    """What tells this driver's result of the clip from any other."""
    replaces: bool
    """Whether an object of that name may be replaced. One that has come there since the run began is left."""
    lease: HeldLease | None = None
    """The driver's; where another one has it meanwhile, nothing is uploaded."""

    def __call__(self, temporary: Path, on_part: Callable[[], None] = lambda: None) -> None:
        """Uploads a result. Afterwards the workspace has the rows that tell of what is there.

        Args:
            temporary: the file, in the clip's workspace, which has its rows.
            on_part: called for each part that is there, by which the worker is seen to get on.

        Raises:
            OutputError: there is such an object, it came out shorter, or it cannot be written.
            StorageError: the driver has lost its lease.
        """
        out = Place.of(self.out, patient=True)
        with writing((out / self.name).url):
            if self.lease is not None:
                self.lease.check(out)
            self._upload(out, temporary, on_part)

    def published(self) -> Mapping[str, Any] | None:
        """The rows of this driver's result, where a process that died afterwards has published it.

        Raises:
            StorageError: the storage does not answer.
        """
        out = Place.of(self.out, patient=True)
        with reading((out / self.mark).url), suppress(FileNotFoundError):
            mark = Mark.read(out / self.mark)
            if mark.token == self.token and mark.published(out):
                return mark.rows
        return None

    def _upload(self, out: Place, temporary: Path, on_part: Callable[[], None]) -> None:
        target, mark = out / self.name, out / self.mark
        token, options, before = None, dict[str, Any](), None
        if target.is_s3:
            token = self.token
            options = {"Metadata": {TOKEN: token}, **({} if self.replaces else {"mode": "create"})}
            with suppress(FileNotFoundError):
                before = Mark.read(mark)
        rows = json.loads((temporary.parent / ROWS).read_bytes()) if token else None
        Mark(self.name, token, rows).write(mark)
        try:
            target.fs.put_file(str(temporary), target.path, callback=Ticker(on_part), **options)
        except OSError as error:
            if not unmet(error):
                raise
            found = _token(target)
            if before is not None and before.token == found:
                # A worker of an earlier driver, which outlived it for a moment, was the first.
                before.write(mark)
                write_atomically(temporary.parent / ROWS, json.dumps(before.rows).encode())
                return
            # An upload whose answer was lost, and that was sent again, meets itself.
            if found != token:
                mark.fs.rm_file(mark.path)
                raise OutputError(
                    f"{target.url} has come to be there since this run began, and is not replaced; run the same "
                    "command again"
                ) from error
        if target.fs.info(target.path)["size"] != temporary.stat().st_size:
            raise OutputError(f"{target.url} came out shorter than it is; run the same command again")


def _token(place: Place) -> str | None:
    with suppress(FileNotFoundError):
        return place.fs.metadata(place.path, refresh=True).get(TOKEN)
    return None


def _owner(lease: Place) -> str:
    """The first word of a lease; empty where it is gone."""
    with suppress(FileNotFoundError):
        return lease.fs.cat_file(lease.path).decode(errors="replace").partition(" ")[0]
    return ""
