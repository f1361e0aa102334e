"""What cutting a long GOP inside costs: the work of decoding a picture, beside all of a picture's work.

    python -m benchmarks.speed.pre_roll --model fast --model balanced

Prints, for a recording of 720p with one keyframe by x264 and by libvpx: CPU milliseconds per picture for decoding alone
and for decoding, sharpening and encoding, and how much more work the pieces of such a GOP are than one chunk.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

from vidsharp.models.enhance import Enhancer
from vidsharp.pipeline.decode import decode_chunk
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.plan import MOST_PIECES, plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.recording import silence
from vidsharp.pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from vidsharp.pipeline.survey import read_through
from vidsharp.pipeline.workspace import Workspace

from tests.support import media


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", action="append", help="student; more than one may be given")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3, help="times that each is done; the fastest counts")
    args = parser.parse_args()
    silence()
    print(f"| recording | student | decoding, ms | all work, ms | {MOST_PIECES} pieces, % more |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, more in {"x264.mp4": {"options": {"crf": "26"}}, "libvpx.webm": {"codec": "libvpx"}}.items():
            clip = media.call(Path(scratch) / name, size=(1280, 720), frames=args.frames, gop=10**6, audio=0, **more)
            for model in args.model or ["fast"]:
                print(f"| {name} | {model} | {_row(clip.path, Enhancer(model, threads=1), args.repeats)} |", flush=True)


def _row(recording: Path, enhancer: Enhancer, repeats: int) -> str:
    info, plan, timeline = read_through(probe(recording), EncoderChoice())
    (chunk,) = plan_chunks(timeline, 10**9, inside_gops=False)

    def decode() -> None:
        for _ in decode_chunk(info.path, info.stream_index, chunk, chunk.start, []):
            pass

    def all_work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            work = Workspace(Path(folder), "bench")
            sharpen_chunk(ChunkTask(info, chunk, plan, work.folder, work.key), enhancer)

    decoding, whole = (1e3 * _seconds(work, repeats) / chunk.frames for work in (decode, all_work))
    return f"{decoding:.1f} | {whole:.1f} | {100 * (MOST_PIECES - 1) / 2 * decoding / whole:.0f}"


def _seconds(work: Callable[[], None], repeats: int) -> float:
    """Of CPU time, the least."""
    times = []
    for _ in range(repeats):
        began = process_time()
        work()
        times.append(process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
