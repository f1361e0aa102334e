"""A cluster whose nodes share no disk, in real processes: each sees a disk of its own where the others see theirs."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process

from tests.support import media, runs
from tests.support.local_pool import use_no_ray
from tests.support.ray_nodes import ray_nodes
from tests.support.s3_server import AtomicServer

pytestmark = pytest.mark.slow

CHUNKS = 20


@pytest.mark.timeout(900)
def test_a_node_that_is_lost_leaves_its_chunks_to_the_others(
    s3: AtomicServer, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=15 * CHUNKS, size=(320, 180)).path
    bucket.put_file(str(call), "calls/in/call.mp4")
    with monkeypatch.context() as patch:
        use_no_ray(patch)
        process(runs.config(call, tmp_path / "alone", **runs.SLOW))
    cache = tmp_path / "cache"
    cache.mkdir()

    def made_by(node: str) -> int:
        found = [name for name in bucket.find("calls/out/.vidsharp/work") if "/chunk-" in name]
        return sum(f'"node": "{node}"'.encode() in bucket.cat_file(name) for name in found)

    with ray_nodes() as nodes:
        nodes.environment |= {**s3.environment(), "XDG_CACHE_HOME": str(cache)}
        nodes.start_head()
        with nodes.joined("north", hide=cache), nodes.joined("south", hide=cache):
            where = ["s3://calls/in", "--out", "s3://calls/out", "--address", nodes.address]
            running = runs.start("process", *where, *runs.SLOW_OPTIONS, environment=nodes.environment)
            runs.wait_until(lambda: running.poll() is not None or made_by("south") >= 2, 300)
            assert running.poll() is None, running.communicate()
            assert not list(cache.rglob("chunk-*")), "the driver's disk has none of it"
            nodes.lose("south")
            _, errors = running.communicate(timeout=300)
    assert running.returncode == 0, errors
    assert "Traceback" not in errors
    found = {name.removeprefix("calls/out/") for name in bucket.find("calls/out")}
    assert {name for name in found if not name.startswith("report/")} == {"call.mp4"}
    bucket.get("calls/out", str(tmp_path / "fetched"), recursive=True)
    assert media.frame_hashes(tmp_path / "fetched" / "call.mp4") == media.frame_hashes(tmp_path / "alone" / "call.mp4")
    chunks = runs.table(tmp_path / "fetched", "chunks")
    assert list(chunks["chunk"]) == list(range(CHUNKS))
    assert set(chunks["node"]) == {"north", "south"}
    assert (chunks["node"] == "south").sum() >= 2, "what it had finished counts"
    assert not [path for path in cache.rglob("*") if path.is_file()]
