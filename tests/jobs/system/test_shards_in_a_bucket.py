"""Drivers that share a bucket, a shard each: killed at any time, every object is whole, and none is published twice."""

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process

from tests.support import media, runs
from tests.support.local_pool import use_no_ray
from tests.support.s3_server import AtomicServer
from tests.support.shards import small_calls

pytestmark = pytest.mark.slow

SHARDS = 4


def test_four_commands_at_once_are_killed_at_any_time(
    s3: AtomicServer, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them go on where the driver was, half on another machine, as far as they can tell."""
    names = small_calls(tmp_path / "calls", 16)
    for name in names:
        bucket.put_file(str(tmp_path / "calls" / name), f"calls/in/{name}")
    use_no_ray(monkeypatch)
    process(runs.config(tmp_path / "calls", tmp_path / "undisturbed", chunk_seconds=0.2))

    def run(number: int) -> int:
        def command(staging: str) -> list[str]:
            work = ["--engine", "local", "--workers", "1", "--encoder", "libx264", "--preset", "ultrafast", "-q"]
            where = ["--out", "s3://calls/out", "--staging", str(tmp_path / staging), "--chunk-seconds", "0.2"]
            return ["process", "s3://calls/in", *where, *work, "--shard", f"{number}/{SHARDS}"]

        running = runs.start(*command("staging"))
        time.sleep(random.Random(number).uniform(4, 14))
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
        again = runs.start(*command("staging" if number % 2 else "another machine"))
        _, errors = again.communicate(timeout=300)
        assert again.returncode == 0, errors
        return running.returncode

    before = +s3.made
    with ThreadPoolExecutor(SHARDS) as pool:
        ended = [*pool.map(run, range(SHARDS))]
    assert set(ended) <= {-signal.SIGKILL, 0}
    assert {name: (s3.made - before)[f"/calls/out/{name}"] for name in names} == dict.fromkeys(names, 1)
    found = {name.removeprefix("calls/out/") for name in bucket.find("calls/out")}
    assert {name for name in found if not name.startswith("report/")} == set(names), "no mark and no lease is left"
    bucket.get("calls/out", str(tmp_path / "fetched"), recursive=True)
    for name in names:
        assert media.frame_hashes(tmp_path / "fetched" / name) == media.frame_hashes(tmp_path / "undisturbed" / name)
    where = {"staging": tmp_path / "last", "chunk_seconds": 0.2}
    result = process(runs.config(Path("s3://calls/in"), Path("s3://calls/out"), **where))
    assert result.counts == {"skipped": len(names)}
    assert result.page is not None
