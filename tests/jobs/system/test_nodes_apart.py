"""Nodes that share no disk: what one makes and another needs goes through the bucket, and nothing stays there."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.files.object_place import Place
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.pipeline.workspace import file_stem

from tests.support import media, runs
from tests.support.local_pool import use_no_ray
from tests.support.own_disks import NODES, OwnDisks, use_own_disks
from tests.support.s3_server import AtomicServer

pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")
pytest.importorskip("moto.server", reason="the tests' S3 server is moto's: pip install 'moto[server]'")

CHUNKS = 6
WORK = "/calls/out/.vidsharp/work/"


@pytest.fixture
def undisturbed(tmp_path: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The frames that one machine makes of the recording, which is in the bucket."""
    call = runs.clip(tmp_path / "in" / "a.mp4", frames=15 * CHUNKS).path
    bucket.put_file(str(call), "calls/in/a.mp4")
    with monkeypatch.context() as patch:
        use_no_ray(patch)
        process(runs.config(call, tmp_path / "local"))
    return media.frame_hashes(tmp_path / "local" / "a.mp4")


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnDisks:
    """The machines of a run's cluster."""
    return use_own_disks(monkeypatch, tmp_path / "cache")


def config(**more: Any) -> Any:
    return runs.config(Path("s3://calls/in"), Path("s3://calls/out"), **{"address": "auto", "workers": 2, **more})


def below_work(counted: Counter[str]) -> Counter[str]:
    """Of requests by path, those for chunks on their way, by object."""
    return Counter({path: count for path, count in counted.items() if path.startswith(WORK) and "/chunk-" in path})


def assert_whole(bucket: Any, tmp_path: Path, undisturbed: list[str]) -> Any:
    """The result is what one machine makes, and nothing else is left. Returns the table of chunks."""
    found = {name.removeprefix("calls/out/") for name in bucket.find("calls/out")}
    assert {name for name in found if not name.startswith("report/")} == {"a.mp4"}, "neither work nor marks are left"
    bucket.get("calls/out", str(tmp_path / "fetched"), recursive=True)
    assert media.frame_hashes(tmp_path / "fetched" / "a.mp4") == undisturbed
    disks = [tmp_path / "cache", *(tmp_path / f"cache of {node}" for node in NODES)]
    assert not [path for disk in disks for path in disk.rglob("*") if path.is_file()], "nor is anything on disks"
    return runs.table(tmp_path / "fetched", "chunks")


def test_chunks_of_all_nodes_are_joined_on_one(
    s3: AtomicServer, bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    made, got = +s3.made, +s3.got
    (row,) = process(config()).rows
    assert (row["status"], row["chunks"]) == ("done", CHUNKS)
    chunks = assert_whole(bucket, tmp_path, undisturbed)
    assert set(chunks["node"]) == set(NODES)
    assert sorted(below_work(s3.made - made).values()) == [1] * CHUNKS, "each chunk is sent once"
    (joiner,) = [node for node, method in nodes.calls if method == "do"][:1]
    fetched = below_work(s3.got - got)
    assert sorted(fetched.values()) == [1] * int((chunks["node"] != joiner).sum()), "and fetched by who has it not"
    assert b"data:image/" in bucket.cat_file("calls/out/report/index.html"), "the preview has come to the driver"


def test_a_shared_folder_that_is_named_takes_no_way_round(
    s3: AtomicServer, bucket: Any, undisturbed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch, cores=2)
    made = +s3.made
    assert process(config(staging=tmp_path / "shared")).counts == {"done": 1}
    assert not below_work(s3.made - made)
    assert not [path for path in (tmp_path / "shared").rglob("*") if path.is_file()]


def test_a_lost_node_costs_what_it_was_working_on(
    s3: AtomicServer, bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    def lose(node: str, method: str) -> None:
        if nodes.calls.count((node, "sharpen")) == 2 and node == "two":
            nodes.before = lambda *_: None
            nodes.lose(node)

    nodes.before = lose
    made = +s3.made
    (row,) = process(config()).rows
    assert (row["status"], row["retries"]) == ("done", 1)
    chunks = assert_whole(bucket, tmp_path, undisturbed)
    assert "two" in set(chunks["node"]), "what it had finished counts"
    assert sorted(below_work(s3.made - made).values()) == [1] * CHUNKS


def test_a_node_lost_behind_the_end_of_a_clip_has_not_to_do_it_again(
    bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    """Its chunks are gone by then, and its rows were on its disk."""

    def lose(node: str, method: str) -> None:
        if method == "do":
            nodes.after = lambda *_: None
            nodes.lose(node)

    nodes.after = lose
    assert process(config()).counts == {"done": 1}
    assert_whole(bucket, tmp_path, undisturbed)
    assert [method for _, method in nodes.calls].count("sharpen") == CHUNKS


def test_a_chunk_that_could_not_be_sent_is_not_made_again(
    bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the node that has made it gets it again."""
    fs, failed = Place.of("s3://calls", patient=True).fs, [1]
    put_file = fs.put_file

    def put_late(file: str, path: str, **options: Any) -> None:
        if "/chunk-" in path and failed:
            failed.pop()
            raise PermissionError("Access Denied")
        put_file(file, path, **options)

    monkeypatch.setattr(fs, "put_file", put_late)
    (row,) = process(config(workers=1)).rows
    assert (row["status"], row["retries"]) == ("done", 1)
    chunks = assert_whole(bucket, tmp_path, undisturbed)
    assert chunks["retries"].sum() == 0


def test_a_file_that_waits_for_its_name_on_another_node_is_made_again(
    bucket: Any, nodes: OwnDisks, tmp_path: Path
) -> None:
    call = media.webm(tmp_path / "b.webm", size=runs.SIZE, frames=15, gop=15).path
    bucket.put_file(str(call), "calls/in/b.webm")

    def wipe(node: str, method: str) -> None:
        if method == "do":
            nodes.after = lambda *_: None
            assert list((tmp_path / "cache").rglob("joined*"))
            shutil.rmtree(tmp_path / "cache")

    nodes.after = wipe
    (row,) = process(config()).rows
    assert (row["status"], row["out"]) == ("done", "b.mkv")
    bucket.get_file("calls/out/b.mkv", str(tmp_path / "b.mkv"))
    assert media.frame_indices(tmp_path / "b.mkv") == list(range(15))


class StopsAfter(NoWatcher):
    """The driver is killed when so many frames are done."""

    def __init__(self, frames: int) -> None:
        self._frames = frames

    def clip_moved(self, clip: str, done: int) -> None:
        if done >= self._frames:
            raise KeyboardInterrupt


@pytest.mark.parametrize("on_a_cluster", [True, False])
def test_unfinished_work_counts_wherever_the_next_run_is(
    s3: AtomicServer,
    bucket: Any,
    nodes: OwnDisks,
    undisturbed: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    on_a_cluster: bool,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        process(config(), StopsAfter(30))
    done = len([name for name in bucket.find("calls/out/.vidsharp/work") if "/chunk-" in name])
    assert 2 <= done < CHUNKS
    for disk in (tmp_path / "cache", *map(nodes.disk, NODES)):
        shutil.rmtree(disk, ignore_errors=True)
    if not on_a_cluster:
        use_no_ray(monkeypatch)
    made = +s3.made
    (row,) = process(config() if on_a_cluster else config(address=None)).rows
    assert row["status"] == "resumed"
    assert assert_whole(bucket, tmp_path, undisturbed)["reused"].sum() == done
    assert len(below_work(s3.made - made)) == (CHUNKS - done if on_a_cluster else 0)


def test_work_of_a_run_with_other_settings_neither_counts_nor_stays(
    bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        process(config(strength=0.3), StopsAfter(30))
    (row,) = process(config()).rows
    assert row["status"] == "done"
    assert_whole(bucket, tmp_path, undisturbed)


def test_work_of_a_clip_that_is_finished_goes(
    bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    """As where a driver is killed behind the tables, or a straggler has come too late."""
    process(config())
    (row,) = process(config()).rows
    assert row["status"] == "skipped"
    name = f"calls/out/.vidsharp/work/{file_stem('a.mp4')}/chunk-00000-0123456789abcdef"
    bucket.pipe_file(name, b"late")
    bucket.pipe_file("calls/out/.vidsharp/work/somebodys/thing", b"not ours to touch")
    process(config())
    left = {name.removeprefix("calls/out/") for name in bucket.find("calls/out/.vidsharp")}
    assert left == {".vidsharp/work/somebodys/thing"}


def test_a_bucket_that_fails_for_a_while_is_waited_for(
    s3: AtomicServer, bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    failed: Counter[str] = Counter()

    def hold(path: str) -> bool:
        failed[path] += path.startswith(WORK)
        return not 0 < failed[path] <= 2

    s3.hold = hold
    try:
        assert process(config()).counts == {"done": 1}
    finally:
        s3.hold = None
    assert sorted(below_work(failed).values()) == [3] * CHUNKS
    assert_whole(bucket, tmp_path, undisturbed)


def test_a_recording_that_was_replaced_is_told_without_the_output_folder(
    bucket: Any, nodes: OwnDisks, undisturbed: list[str], tmp_path: Path
) -> None:
    """Which only the driver sees: a worker has to read the recording to tell whose the result is."""
    process(config())
    bucket.put_file(str(runs.clip(tmp_path / "other.mp4", frames=32).path), "calls/in/a.mp4")
    (row,) = process(config()).rows
    assert row["error"].startswith("s3://calls/out/a.mp4 was made of another recording")
