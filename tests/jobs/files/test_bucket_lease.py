"""One driver at a time has an output in a bucket, or a shard of it; one that was killed is replaced."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from vidsharp.jobs.files import bucket_lease
from vidsharp.jobs.files.bucket_lease import BucketLease, put_if
from vidsharp.jobs.files.object_place import Place, StorageError
from vidsharp.jobs.processing.run_lock import ALL, OutputTaken
from vidsharp.jobs.shard import Shard
from vidsharp.pipeline.owner import this_machine

from tests.support import runs


@pytest.fixture
def folder(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(bucket_lease, "LEASE_S", 2.0)
    monkeypatch.setattr(bucket_lease, "RENEW_S", 0.1)
    monkeypatch.setattr(bucket_lease, "LOOK_S", 0.05)
    return Place.of("s3://calls/out/.vidsharp")


def there(folder: Place) -> set[str]:
    return {name for name, _ in folder.below()}


def lease_of(folder: Place, owner: str, name: str = "lock") -> None:
    folder.fs.pipe_file((folder / name).path, f"{owner} 1".encode())


def ended_process() -> str:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return f".{this_machine()}.{process.pid}-0123ab.part"


def test_of_many_that_would_make_an_object_one_does(folder: Place) -> None:
    begin, tags = threading.Barrier(8), list[str]()

    def make(number: int) -> str | None:
        begin.wait()
        return put_if(folder / "one", b"%d" % number, mode="create")

    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            tags = [tag for tag in pool.map(make, range(8)) if tag is not None]
            assert len(tags) == 1
            assert put_if(folder / "one", b"other", IfMatch='"none"') is None
            assert put_if(folder / "one", b"other", IfMatch=tags[0]) is not None
            folder.fs.rm_file((folder / "one").path)
    assert put_if(folder / "one", b"other", IfMatch=tags[0]) is None, "it is gone"


def test_a_second_driver_is_refused_until_the_first_is_done(folder: Place) -> None:
    first = BucketLease(folder, ALL, "OUT")
    with pytest.raises(OutputTaken, match="another vidsharp is writing to OUT; wait for it, or choose another --out"):
        BucketLease(folder, ALL, "OUT")
    with pytest.raises(OutputTaken, match=r"another vidsharp is writing to OUT \(side by side"):
        BucketLease(folder, Shard(1, 4), "OUT")
    assert there(folder) == {"lock"}
    first.check()
    first.release()
    assert there(folder) == set()
    shards = [BucketLease(folder, Shard(index, 4), "OUT") for index in range(4)]
    with pytest.raises(OutputTaken, match="to OUT as shard 2/4; wait"):
        BucketLease(folder, Shard(2, 4), "OUT")
    for shard in shards:
        shard.release()
    assert there(folder) == set()


def test_a_driver_of_this_machine_that_was_killed_is_replaced_after_one_look(folder: Place) -> None:
    lease_of(folder, ended_process())
    lease_of(folder, ended_process(), "lock-0-of-4")
    pauses: list[float] = []
    BucketLease(folder, ALL, "OUT", pauses.append).release()
    assert len(pauses) == 1, "whether the lease that was replaced stays its own"
    assert there(folder) == set()


def test_a_lease_that_is_taken_over_while_it_is_read_is_left(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lease_of(folder, ended_process())
    read, others = folder.fs.cat_file, b".00000000.17-0123ab.part 1"

    def read_and_replaced(path: str) -> bytes:
        found = read(path)
        folder.fs.pipe_file(path, others)
        return found

    monkeypatch.setattr(folder.fs, "cat_file", read_and_replaced)
    with pytest.raises(OutputTaken):
        BucketLease(folder, ALL, "OUT")
    assert read((folder / "lock").path) == others


def test_a_driver_of_another_machine_that_does_not_renew_is_replaced(folder: Place) -> None:
    lease_of(folder, ".00000000.17-0123ab.part")
    BucketLease(folder, ALL, "OUT").release()
    assert there(folder) == set()


def test_of_two_that_replace_one_the_second_is_refused(folder: Place) -> None:
    lease_of(folder, ".00000000.17-0123ab.part")
    found: list[BucketLease | OutputTaken] = []

    def begin() -> None:
        try:
            found.append(BucketLease(folder, ALL, "OUT"))
        except OutputTaken as error:
            found.append(error)

    both = [threading.Thread(target=begin) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    (lease,) = [each for each in found if isinstance(each, BucketLease)]
    assert len(found) == 2
    lease.release()


def test_a_driver_whose_lease_was_replaced_knows_it_and_leaves_the_other_ones(folder: Place) -> None:
    lease = BucketLease(folder, ALL, "OUT")
    lease_of(folder, ".00000000.17-0123ab.part")
    runs.wait_until(lambda: lease.lost)
    with pytest.raises(StorageError, match="OUT could not be reached for 2 s, or another vidsharp has taken it over"):
        lease.check()
    lease.release()
    assert there(folder) == {"lock"}


def test_a_driver_that_does_not_reach_the_bucket_has_no_lease(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = BucketLease(folder, ALL, "OUT")

    def unreachable(*given: Any, **options: Any) -> None:
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(folder.fs, "pipe_file", unreachable)
        runs.wait_until(lambda: lease.lost)
    lease.release()


def test_a_renewal_whose_answer_is_lost_counts(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = BucketLease(folder, ALL, "OUT")
    pipe_file, sent = folder.fs.pipe_file, threading.Event()

    def sent_twice(*given: Any, **options: Any) -> Any:
        pipe_file(*given, **options)
        sent.set()
        return pipe_file(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(folder.fs, "pipe_file", sent_twice)
        assert sent.wait(30)
    held = lease._tag
    runs.wait_until(lambda: lease._tag != held)
    lease.check()
    lease.release()
    assert there(folder) == set()


def test_where_two_replace_the_same_dead_lease_one_has_it(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on storages that look whether a condition holds, and then replace."""
    both = threading.Barrier(2)

    def put_in_two_steps(place: Place, data: bytes, **condition: Any) -> str | None:
        if "IfMatch" not in condition:
            return put_if(place, data, **condition)
        if bucket_lease._tag(place) != condition["IfMatch"]:
            return None
        both.wait(10)
        return place.fs.pipe_file(place.path, data)["ETag"]

    def begin(_: int) -> BucketLease | None:
        try:
            return BucketLease(folder, ALL, "OUT")
        except OutputTaken:
            return None

    monkeypatch.setattr(bucket_lease, "RENEW_S", 60.0)
    monkeypatch.setattr(bucket_lease, "put_if", put_in_two_steps)
    lease_of(folder, ended_process())
    with ThreadPoolExecutor(2) as pool:
        held = [lease for lease in pool.map(begin, range(2)) if lease is not None]
    assert len(held) == 1
    held[0].check()
    held[0].release()
    assert there(folder) == set()
