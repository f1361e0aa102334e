"""A clip's work on object storage: it comes whole, is made once, and nobody else's objects are touched."""

import errno
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.workspace import Workspace

pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")
pytest.importorskip("moto.server", reason="the tests' S3 server is moto's: pip install 'moto[server]'")

from vidsharp.jobs.files.far_work import FarWork, name_of, work_left
from vidsharp.jobs.files.object_place import Place, StorageError
from vidsharp.jobs.files.publication import HeldLease, ReachedOutput

from tests.jobs.files.test_chunk_parcel import CHUNK, content, done
from tests.support.s3_server import AtomicServer

OUT = "s3://calls/out"
LOCK = ".vidsharp/lock"
FOLDER = "calls/out/.vidsharp/work/abc"


@pytest.fixture
def work(bucket: Any, tmp_path: Path) -> FarWork:
    """Of a clip, under its driver's lease."""
    bucket.pipe_file(f"{OUT}/{LOCK}", b"me 17")
    return FarWork(OUT, "abc", tmp_path / "run", lease=HeldLease(LOCK, "me"))


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    """The workspace of a node that has done the chunk."""
    return done(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Workspace:
    """That of another one."""
    return Workspace(tmp_path / "there", "key", "made by")


def nothing() -> None: ...


def objects(bucket: Any) -> set[str]:
    return {name.removeprefix(f"{FOLDER}/") for name in bucket.find(FOLDER)}


def test_another_node_has_the_chunk_as_it_was_made(
    bucket: Any, work: FarWork, here: Workspace, there: Workspace
) -> None:
    work.keep_chunk(here, CHUNK, nothing)
    assert objects(bucket) == {name_of(here, CHUNK)}
    assert work.bring_chunks(there, [CHUNK], nothing) == []
    assert content(there.folder) == content(here.folder)


def test_a_chunk_that_somebody_else_has_made_stays(bucket: Any, s3: AtomicServer, work: FarWork, here: Any) -> None:
    work.keep_chunk(here, CHUNK, nothing)
    path = f"/{FOLDER}/{name_of(here, CHUNK)}"
    first, before = bucket.cat_file(path), s3.made[path]
    here.preview_file(CHUNK.name).write_bytes(b"another one")
    work.keep_chunk(here, CHUNK, nothing)
    assert bucket.cat_file(path) == first
    assert s3.made[path] == before


def test_chunks_of_other_plans_are_others(here: Workspace) -> None:
    others = [
        (Workspace(here.folder, "other key", "made by"), CHUNK),
        (Workspace(here.folder, "key", "made otherwise"), CHUNK),
        (here, replace(CHUNK, end_pts=91)),
    ]
    assert len({name_of(*each) for each in [(here, CHUNK), *others]}) == 4


def test_what_is_damaged_there_counts_no_more(bucket: Any, work: FarWork, here: Workspace, there: Workspace) -> None:
    work.keep_chunk(here, CHUNK, nothing)
    path = f"{FOLDER}/{name_of(here, CHUNK)}"
    data = bucket.cat_file(path)
    bucket.pipe_file(path, data[:-1] + bytes([data[-1] ^ 1]))
    work.bring_chunks(there, [CHUNK], nothing)
    assert there.load_record(CHUNK) is None
    assert not list(there.folder.iterdir())
    assert objects(bucket) == set()
    work.share_chunks(here, [CHUNK], nothing)
    work.bring_chunks(there, [CHUNK], nothing)
    assert there.load_record(CHUNK) is not None, "who has it has sent it again"


def test_what_comes_damaged_is_brought_again(
    s3: AtomicServer, bucket: Any, work: FarWork, here: Workspace, there: Workspace
) -> None:
    work.keep_chunk(here, CHUNK, nothing)
    s3.damaged[f"/{FOLDER}/{name_of(here, CHUNK)}"] = 1
    work.bring_chunks(there, [CHUNK], nothing)
    assert content(there.folder) == content(here.folder)
    assert objects(bucket)


def test_a_storage_that_is_busy_for_a_while_is_waited_for(
    s3: AtomicServer, work: FarWork, here: Workspace, there: Workspace
) -> None:
    path = f"/{FOLDER}/{name_of(here, CHUNK)}"
    s3.busy[path] = 3
    work.keep_chunk(here, CHUNK, nothing)
    s3.busy[path] = 3
    work.bring_chunks(there, [CHUNK], nothing)
    assert content(there.folder) == content(here.folder)


def test_the_last_plan_is_the_one_that_counts(work: FarWork, here: Workspace, there: Workspace) -> None:
    work.bring_plan(there)
    assert there.load() is None, "there is none yet"
    for chunks in ([], [CHUNK]):
        here.begin("a.mp4", chunks)
        work.keep_plan(here)
        work.bring_plan(there)
        assert there.load_plan() == tuple(chunks)


def test_where_nodes_share_a_disk_nothing_is_sent_and_its_plan_counts(
    bucket: Any, work: FarWork, here: Workspace, there: Workspace
) -> None:
    shared = replace(work, keeps=False)
    shared.keep_chunk(here, CHUNK, nothing)
    here.begin("a.mp4", [])
    shared.keep_plan(here)
    assert objects(bucket) == set()
    here.begin("a.mp4", [CHUNK])
    work.keep_plan(here)
    there.begin("a.mp4", [])
    shared.bring_plan(there)
    assert there.load_plan() == ()


def test_nobody_elses_objects_are_removed(bucket: Any, work: FarWork, here: Workspace) -> None:
    others = {f"{FOLDER}d/thing", f"{FOLDER}", "calls/out/a.mp4", "calls/in/abc"}
    for name in others:
        bucket.pipe_file(name, b"somebody's")
    here.begin("a.mp4", [CHUNK])
    work.keep_plan(here)
    work.keep_chunk(done(here.folder.with_name("more")), CHUNK, nothing)
    assert {"plan.json", name_of(here, CHUNK)} <= objects(bucket)
    work.clear()
    work.clear()
    assert set(bucket.find("calls")) == {*others, f"calls/out/{LOCK}"}


def test_who_has_lost_the_lease_sends_nothing(bucket: Any, work: FarWork, here: Workspace) -> None:
    here_and_there = ReachedOutput(OUT, HeldLease(LOCK, "me"))
    assert here_and_there.exists()
    assert str(here_and_there) == f"{OUT}/{LOCK}"
    bucket.pipe_file(f"{OUT}/{LOCK}", b"another 1")
    assert not here_and_there.exists()
    for send in (lambda: work.keep_chunk(here, CHUNK, nothing), lambda: work.keep_plan(here)):
        with pytest.raises(StorageError, match="taken over by another vidsharp"):
            send()
    assert objects(bucket) == set()
    assert not list(here.folder.glob("*.parcel"))


def test_a_full_disk_is_one_sentence(
    work: FarWork, here: Workspace, there: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(place: str, file: str, **options: Any) -> None:
        Path(file).write_bytes(b"as far as it went")
        raise OSError(errno.ENOSPC, "No space left on device")

    work.keep_chunk(here, CHUNK, nothing)
    monkeypatch.setattr(Place.of(OUT, patient=True).fs, "get_file", full)
    with pytest.raises(OutputError, match="no space is left on the disk that holds"):
        work.bring_chunks(there, [CHUNK], nothing)
    assert not list(there.folder.iterdir())


def test_what_clips_and_earlier_runs_have_left_on_a_node_goes(work: FarWork, tmp_path: Path) -> None:
    ended, earlier = work.scratch / "ended", tmp_path / "earlier run"
    for folder in (ended, earlier):
        folder.mkdir(parents=True)
    replace(work, gone=(ended, tmp_path / "never there")).make_room()
    assert not ended.exists()
    assert not earlier.exists()


def test_it_travels_to_workers(work: FarWork) -> None:
    assert pickle.loads(pickle.dumps(work)) == work


def test_workspaces_are_told_by_the_names_of_objects() -> None:
    names = [".vidsharp/work/abc/plan.json", ".vidsharp/work/abc/chunk-00000-1", ".vidsharp/work/d/x", ".vidsharp/e"]
    assert work_left(names) == {"abc", "d"}


def test_what_is_secret_of_an_address_is_not_shown(tmp_path: Path) -> None:
    work = FarWork("sftp://me:hunter2@host/out", "abc", tmp_path)
    reached = ReachedOutput(work.out, HeldLease(LOCK, "me"))
    assert "hunter2" not in f"{work!r} {work} {reached!r} {reached}"
