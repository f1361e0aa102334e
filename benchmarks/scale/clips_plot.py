"""Draws what clips cost the driver as their number grows: an SVG of what `benchmarks.speed.many_clips` has printed.

    python -m benchmarks.scale.clips_plot docs/clips-growth.svg 1000.json 10000.json 100000.json 1000000.json

They should be of one machine and one commit.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.speed.bar_chart import Bar, bar_chart


def drawn(results: list[dict[str, Any]]) -> str:
    """The SVG: a group of bars for each figure, a bar for each number of clips."""
    groups: dict[str, list[Bar]] = {
        "driver's CPU time for each clip, without imports and the page": [],
        "the same command again, for each clip": [],
        "most memory of the driver, before that": [],
    }
    for result in results:
        name, each_ms = f"{result['clips']:,} clips", result["driver_ms_per_clip"]
        again_ms = 1000 * result["again"]["cpu_s"] / result["clips"]
        mib = result["memory_mib"]["peak"]
        bars = [(each_ms, f"{each_ms:.2f} ms"), (again_ms, f"{again_ms:.2f} ms"), (mib, f"{mib} MiB")]
        for group, (value, text) in zip(groups.values(), bars, strict=True):
            group.append(Bar(name, value, 0.0, text, ours=True))
    return bar_chart("What a clip costs the driver", "one chunk and 11 measured frames each", groups, own_scales=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("results", type=Path, nargs="+")
    said = parser.parse_args()
    said.out.write_text(drawn([json.loads(file.read_text()) for file in said.results]))


if __name__ == "__main__":
    main()
