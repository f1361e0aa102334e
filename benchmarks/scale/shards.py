"""Four drivers with a shard each, side by side, killed again and again: all is done, whole, and nothing twice.

    python -m benchmarks.scale.shards --kills 25 --clips 160

Each driver is a process that kills itself (SIGKILL) before a step that changes the disk, drawn at random, and is
started again, until it has been killed so often; then it is let end. Prints JSON: how often each was killed, how often
each result was given its name, and whether all frames are those of a run that nobody disturbed. Ends with exit code 1
where anything is not as it should be.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.processing.report_job import ReportConfig, report

from tests.support import runs
from tests.support.kill_points import Runner
from tests.support.local_pool import use_no_ray
from tests.support.shards import frames, killed_shards, published, small_calls


def main() -> None:
    parser = argparse.ArgumentParser(description="Shards that are killed again and again")
    parser.add_argument("--kills", type=int, default=25, help="of each driver")
    parser.add_argument("--clips", type=int, default=160)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), said.kills, said.clips, said.shards, said.seed)
    print(json.dumps(found, indent=2))
    sys.exit(0 if found["as_undisturbed"] and found["published"] == {"1": said.clips} else 1)


def measure(folder: Path, kills: int, clips: int, shards: int, seed: int) -> dict[str, object]:
    """Kills drivers, and looks at what they have made."""
    names, calls, out = small_calls(folder / "calls", clips), folder / "calls", folder / "out"
    runners = [Runner() for _ in range(shards)]
    with pytest.MonkeyPatch.context() as patch:
        use_no_ray(patch)
        process(runs.config(calls, folder / "undisturbed", chunk_seconds=0.2))
    ended = killed_shards(runners, calls, out, kills, seed)
    for runner in runners:
        runner.close()
    made = report(ReportConfig(out, "json", compact=True))
    return {
        "killed": [sum(run.killed for run in of_shard) for of_shard in ended],
        "statuses": Counter(status for of_shard in ended for status in of_shard[-1].statuses.values()),
        "published": {str(times): count for times, count in Counter(published(chain(*ended)).values()).items()},
        "as_undisturbed": frames(out, names) == frames(folder / "undisturbed", names),
        "clips in the report": len(json.loads(made.text or "{}")["clips"]),
        "left over": [str(path.relative_to(out)) for path in out.rglob("*") if ".vidsharp" in path.parts],
    }


if __name__ == "__main__":
    main()
