"""A clip's work in progress on object storage, where the nodes of a run share no disk.

Each node then has a workspace of its own for the clip, and the bucket has what others need of it: the plan, and an
object for each finished chunk (`chunk_parcel.py`), whose name says which chunk of which plan that is. Wherever a run
goes on, these chunks count. All of it is below the output's `.vidsharp/work/`, in a folder for each clip.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...pipeline.atomic import make_folder, temporary_name, write_atomically
from ...pipeline.errors import OutputError, disk_sentence
from ...pipeline.plan import Chunk
from ...pipeline.workspace import Workspace
from ..processing.run_record import without_secrets
from .chunk_parcel import check, pack, unpack
from .clips import WORK_FOLDER
from .far_recording import Removal, remove_earlier_runs
from .object_place import PARTS, Place, StorageError, reading, writing
from .publication import HeldLease
from .transfers import FULL, DamagedError, bring, put_once

FOLDER = f"{WORK_FOLDER}/work"
"""The folder of all clips' work, below the output."""
PLAN = "plan.json"


@dataclass(frozen=True)
class FarWork:
    """What a worker has to know of a clip's work on object storage.

    Raises (all methods but `clear`):
        StorageError: the storage does not answer, or the driver has lost its lease.
        OutputError: this node's disk cannot be written.
    """

    out: str = field(repr=False)
    """The URL of the output."""
    workspace: str
    """The name of the clip's."""
    scratch: Path
    """The run's folder on each node."""
    keeps: bool = True
    """Whether what this run makes is kept there. Else all nodes share a disk, and what a run has left that was on nodes
    without one is brought to it."""
    lease: HeldLease | None = None
    """The driver's."""
    gone: tuple[Path, ...] = ()
    """Workspaces on this node whose clips have ended: they make room."""

    def __str__(self) -> str:
        return f"{without_secrets(self.out.rstrip('/'))}/{FOLDER}/{self.workspace}"

    @property
    def removal(self) -> Removal:
        """The work that removes all that the run has on a node."""
        return Removal(self.scratch)

    def make_room(self) -> None:
        """Removes from this node's disk what nobody needs any more."""
        for left in self.gone:
            shutil.rmtree(left, ignore_errors=True)
        remove_earlier_runs(self.scratch)

    def bring_plan(self, here: Workspace) -> None:
        """Has the plan be here that was made last, where there is one."""
        if not self.keeps and here.load() is not None:
            return  # this disk's
        place = self._place() / PLAN
        with reading(place.url):
            try:
                data = place.fs.cat_file(place.path)
            except FileNotFoundError:
                return
        make_folder(here.folder)
        write_atomically(here.plan_file, data)

    def keep_plan(self, here: Workspace) -> None:
        """Has others find the plan that is here."""
        place = self._place() / PLAN
        if self.keeps:
            with writing(place.url, StorageError):
                self._check_lease()
                place.fs.pipe_file(place.path, here.plan_file.read_bytes())

    def bring_chunks(self, here: Workspace, chunks: Sequence[Chunk], on_part: Callable[[], None]) -> list[Chunk]:
        """Has chunks of a plan be here that are done. Returns those that are here alone."""
        place = self._place()
        with reading(place.url):
            there = dict(place.below())
            missing = [chunk for chunk in chunks if here.load_record(chunk) is None]
            wanted = [chunk for chunk in missing if name_of(here, chunk) in there]
            if wanted:
                make_folder(here.folder)
                with ThreadPoolExecutor(PARTS) as pool:
                    for _ in pool.map(lambda chunk: self._bring(place, here, chunk, on_part), wanted):
                        pass
        return [chunk for chunk in chunks if chunk not in missing and name_of(here, chunk) not in there]

    def share_chunks(self, here: Workspace, chunks: Sequence[Chunk], on_part: Callable[[], None]) -> None:
        """Has each chunk that is done here or there be done here and there."""
        for chunk in self.bring_chunks(here, chunks, on_part):
            self.keep_chunk(here, chunk, on_part)

    def _bring(self, place: Place, here: Workspace, chunk: Chunk, on_part: Callable[[], None]) -> None:
        place, parcel = place / name_of(here, chunk), temporary_name(here.folder / f"{chunk.name}.parcel")
        try:
            bring(place, parcel, lambda: check(parcel), on_part)
            unpack(parcel, here, chunk.name)
        except FileNotFoundError:
            pass  # it has gone since it was listed
        except DamagedError:
            place.fs.rm_file(place.path)  # it is made again
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise OutputError(disk_sentence(error, parcel), parcel) from error
        finally:
            parcel.unlink(missing_ok=True)

    def keep_chunk(self, here: Workspace, chunk: Chunk, on_part: Callable[[], None]) -> None:
        """Has others find a chunk that is done here. One that somebody else has made meanwhile stays."""
        if not self.keeps:
            return
        place, parcel = self._place() / name_of(here, chunk), temporary_name(here.folder / f"{chunk.name}.parcel")
        try:
            pack(here, chunk.name, parcel)
            with writing(place.url, StorageError):
                self._check_lease()
                put_once(place, parcel, on_part)
        finally:
            parcel.unlink(missing_ok=True)

    def clear(self, *, patient: bool = True) -> None:
        """Removes it, as the clip is finished. What cannot be removed is left to the next run."""
        with suppress(Exception):
            place = self._place(patient=patient)
            with ThreadPoolExecutor(PARTS) as pool:
                for _ in pool.map(lambda found: place.fs.rm_file((place / found[0]).path), place.below()):
                    pass

    def _place(self, *, patient: bool = True) -> Place:
        return Place.of(self.out, patient=patient) / f"{FOLDER}/{self.workspace}"

    def _check_lease(self) -> None:
        if self.lease is not None:
            self.lease.check(Place.of(self.out, patient=True))


def name_of(here: Workspace, chunk: Chunk) -> str:
    """The name of a chunk's object: that of the same range, made with the same settings by the same student and
    encoder, and of no other."""
    made = [here.key, here.provenance_digest, asdict(chunk)]
    return f"{chunk.name}-{hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]}"


def work_left(names: Sequence[str]) -> set[str]:
    """The workspaces whose clips have work there, by the names of objects below the output."""
    inside = (name.removeprefix(f"{FOLDER}/") for name in names if name.startswith(f"{FOLDER}/"))
    return {name.partition("/")[0] for name in inside}
