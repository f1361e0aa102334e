"""On a real S3 server, not a mock of one: drivers that share a bucket are killed, and nothing is published twice."""

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.files.bucket_lease import put_if
from vidsharp.jobs.files.object_place import Place

from tests.support import runs
from tests.support.kill_points import Runner
from tests.support.local_pool import use_no_ray
from tests.support.seaweed import Bucket, SeaweedServer
from tests.support.shards import frames, killed_shards, small_calls

pytestmark = pytest.mark.slow

SHARDS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")
    with SeaweedServer(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def real_bucket(server: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    import s3fs

    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()  # which keeps file systems of the server that the environment named before
    yield Bucket("calls")
    s3fs.S3FileSystem.clear_instance_cache()


def test_of_many_that_would_make_an_object_one_does(real_bucket: Bucket) -> None:
    def make(number: int) -> Any:
        return put_if(Place.of(f"s3://{real_bucket.name}/one-{number // 8}"), b"%d" % number, mode="create")

    with ThreadPoolExecutor(8) as pool:
        tags = [*pool.map(make, range(24))]
    assert [sum(tag is not None for tag in tags[start : start + 8]) for start in (0, 8, 16)] == [1, 1, 1]


def test_four_shards_at_once_are_killed_before_any_requests(
    server: SeaweedServer, real_bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = small_calls(tmp_path / "calls", 8)
    with pytest.MonkeyPatch.context() as patch:
        use_no_ray(patch)
        process(runs.config(tmp_path / "calls", tmp_path / "undisturbed", chunk_seconds=0.2))
    real_bucket.upload(tmp_path / "calls", "in")
    runners = [Runner() for _ in range(SHARDS)]
    machines = [tmp_path / "machine", tmp_path / "other machine"]
    source, out = Path(f"s3://{real_bucket.name}/in"), Path(f"s3://{real_bucket.name}/out")
    ended = killed_shards(runners, source, out, kills=3, seed=7, staging=machines)
    for runner in runners:
        runner.close()
    assert sum(run.killed for run in chain(*ended)) >= 2 * SHARDS, "hardly any was killed"
    statuses = {name: status for of_shard in ended for name, status in of_shard[-1].statuses.items()}
    assert statuses.keys() == set(names)
    assert set(statuses.values()) <= {"done", "resumed", "skipped"}
    made = real_bucket.times_made()
    assert {name: made[f"out/{name}"] for name in names} == dict.fromkeys(names, 1)
    real_bucket.download("out", tmp_path / "fetched")
    left = {path.relative_to(tmp_path / "fetched").as_posix() for path in (tmp_path / "fetched").rglob("*.*")}
    assert {name for name in left if not name.startswith("report/")} == set(names), "no mark and no lease is left"
    assert frames(tmp_path / "fetched", names) == frames(tmp_path / "undisturbed", names)


@pytest.mark.timeout(900)
def test_a_driver_whose_nodes_share_no_disk_is_killed_before_requests_for_its_work(
    server: SeaweedServer, real_bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is left of its machine: another one goes on, with a cluster or alone."""
    runs.clip(tmp_path / "calls" / "a.mp4", frames=45)
    with pytest.MonkeyPatch.context() as patch:
        use_no_ray(patch)
        process(runs.config(tmp_path / "calls", tmp_path / "undisturbed"))
    real_bucket.upload(tmp_path / "calls", "apart")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runner, rng, source = Runner(), random.Random(7), Path(f"s3://{real_bucket.name}/apart")
    whole = runner.run(source, Path(f"s3://{real_bucket.name}/whole"), address="auto")
    requests = [number for number, step in enumerate(whole.steps) if ".vidsharp/work/" in step]
    assert len(requests) == 2 * (1 + 3 + 4), "plan and chunks are sent and removed"
    removed = [number for number in requests if whole.steps[number].startswith("delete")]
    reused = 0
    for number in (requests[rng.randrange(4, 8)], removed[0], removed[rng.randrange(2, 8)]):
        name = f"killed-{number}"
        out = Path(f"s3://{real_bucket.name}/{name}")
        assert runner.run(source, out, number, address="auto").killed
        shutil.rmtree(tmp_path / "cache")
        ended = runner.run(source, out, address=None if number == removed[0] else "auto")
        assert ended.statuses["a.mp4"] in {"done", "resumed", "skipped"}
        reused += ended.statuses["a.mp4"] == "resumed"
        real_bucket.download(name, tmp_path / name)
        left = {path.relative_to(tmp_path / name).as_posix() for path in (tmp_path / name).rglob("*.*")}
        assert {path for path in left if not path.startswith("report/")} == {"a.mp4"}, whole.steps[number]
        assert frames(tmp_path / name, ["a.mp4"]) == frames(tmp_path / "undisturbed", ["a.mp4"])
        assert real_bucket.times_made()[f"{name}/a.mp4"] == 1
    runner.close()
    assert reused, "no chunk counted"
