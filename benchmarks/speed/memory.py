"""Peak memory of one chunk worker on a 1080p recording of 10 seconds and of 5 minutes: it must not grow with the clip.

    python benchmarks/speed/memory.py [--seconds 10 300] [--fps 30]

Builds the recordings from the sample call (the long one repeats the short one's packets), takes each the whole way in a
process of its own (`vidsharp bench --end-to-end`), and prints both peaks and their ratio as JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import av
from av.video.stream import VideoStream
from vidsharp.jobs.tools.sample_call import make_sample_call

LOOP_SECONDS = 5


def repeated(source: Path, target: Path, times: int) -> None:
    """Writes the pictures of `source` `times` times in a row, without encoding them again."""
    with av.open(str(target), "w") as out:
        offset = 0
        stream: VideoStream | None = None
        for _ in range(times):
            with av.open(str(source)) as clip:
                video = clip.streams.video[0]
                if stream is None:
                    stream = out.add_stream_from_template(video)
                for packet in clip.demux(video):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                        out.mux_one(packet)
                offset += video.duration or 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Peak memory of one chunk worker, short clip beside long.")
    parser.add_argument("--seconds", type=int, nargs="+", default=[10, 300])
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--model", default="fast")
    arguments = parser.parse_args()
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = make_sample_call(folder / "loop.mp4", seconds=LOOP_SECONDS, size=(1920, 1080), fps=arguments.fps)
        for seconds in arguments.seconds:
            clip = folder / f"{seconds}s.mp4"
            repeated(loop, clip, seconds // LOOP_SECONDS)
            command = [sys.executable, "-m", "vidsharp.jobs.cli", "bench", "--end-to-end", str(clip)]
            figures = json.loads(subprocess.check_output([*command, "--model", arguments.model]))
            peaks[seconds] = figures["peak_rss_mib"]
            print(json.dumps({"seconds": seconds, **figures}), flush=True)
    print(json.dumps({"peak_rss_mib": peaks, "ratio": max(peaks.values()) / min(peaks.values())}))


if __name__ == "__main__":
    main()
