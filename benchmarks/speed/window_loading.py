"""What windows cost: to build, to keep and to read; and how long a trainer waits for them.

    python benchmarks/speed/window_loading.py DATA [--photos 4] [--clips 2] [--screens 2] [--steps 60]

DATA has `photos/` and `clips/`. A small cache is built of some of them in a temporary folder. Times are processor time,
which other work on the machine changes little, but where it says waiting. Reading is from memory: the files were just
written.
"""

import argparse
import os
import resource
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from av import VideoFrame
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from vidsharp.training.benchmark.sources import is_set_aside
from vidsharp.training.build_windows import build, faces_of, plan_sequences
from vidsharp.training.data.batches import Batches, load_batches
from vidsharp.training.data.crop_cache import cut_i420
from vidsharp.training.data.pair_set import Window
from vidsharp.training.data.sharp_sequences import sharp_sequence
from vidsharp.training.data.window_cache import CROP, FAR, NEAR, PICTURES, RADIUS, WindowCache, open_window_cache
from vidsharp.training.loop.trainer import Trainer
from vidsharp.training.loss.objective import Objective
from vidsharp.training.recipe import read_recipe

PATCH = 96
SAMPLED = 96
"""Windows that each way of keeping them is tried on."""


def some_of(data: Path, folder: Path, counts: dict[str, int]) -> None:
    """Links to files of `photos/` and `clips/`, spread evenly over them."""
    for kind, count in counts.items():
        (folder / kind).mkdir(parents=True)
        files = [file for file in sorted((data / kind).iterdir()) if not is_set_aside(file)]
        for file in files[:: max(len(files) // count, 1)][:count]:
            (folder / kind / file.name).symlink_to(file.resolve())


def building(folder: Path, out: Path, screens: int) -> Iterator[str]:
    """Processor time of a build, per window, and how much of it goes into sharp pictures."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    build(folder, out, 1, 0, 1, lambda _: None, screens=screens)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    windows = sum(open_window_cache(out, split).ends[-1] for split in ("train", "val"))
    plans = plan_sequences(folder, 1, 0, screens)
    began = time.process_time()
    for plan in plans:
        try:
            sharp_sequence(plan, NEAR, faces_of(plans))
        except FFmpegError:
            continue
    sharp = time.process_time() - began
    yield f"{windows} windows of {len(plans)} sequences"
    whole, first = 1e3 * spent / windows, 1e3 * sharp / windows
    yield f"building: {whole:.1f} core-ms a window, of which {first:.1f} for sharp pictures"


class Lossless:
    """A lossless intra codec of FFmpeg, a picture at a time."""

    def __init__(self, name: str, **options: str) -> None:
        self.name = name
        self._encoder, self._decoder = self._context("w", options), self._context("r", {})

    def _context(self, mode: str, options: dict[str, str]) -> VideoCodecContext:
        context = av.CodecContext.create(self.name, "w" if mode == "w" else "r")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = CROP, CROP * 3 // 2, "gray"
        context.thread_count = 1
        if mode == "w":
            context.framerate, context.options = Fraction(30), options
        return context

    def pack(self, picture: np.ndarray) -> bytes:
        """A picture [288, 192]."""
        packets = self._encoder.encode(VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray"))
        if not self._decoder.is_open:
            self._decoder.extradata = self._encoder.extradata
        return b"".join(bytes(packet) for packet in packets)

    def unpack(self, packed: bytes) -> np.ndarray:
        """What was packed."""
        (frame,) = self._decoder.decode(Packet(packed))
        return frame.to_ndarray()


def deflate(picture: np.ndarray) -> bytes:
    """zlib at its quickest."""
    return zlib.compress(picture.tobytes(), 1)


def inflate(packed: bytes) -> np.ndarray:
    """What was deflated."""
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(CROP * 3 // 2, CROP)


def keeping(cache: WindowCache) -> Iterator[str]:
    """Bytes and patches a second of some ways to keep windows."""
    rng = np.random.default_rng(0)
    picks = rng.choice(len(cache.levels), min(SAMPLED, len(cache.levels)), replace=False)
    every = [np.concatenate([soft, far, sharp]) for soft, far, sharp in (_whole(cache, int(i)) for i in picks)]
    ffv1 = Lossless("ffv1", level="3", g="1", slices="4")
    ways: dict[str, tuple[Callable[[np.ndarray], bytes], Callable[[bytes], np.ndarray]]] = {
        "zlib, level 1": (deflate, inflate),
        "FFV1": (ffv1.pack, ffv1.unpack),
    }
    yield "| kept as | bytes a window | patches of 96² a core-second: centre, soft and sharp | all 12 pictures |"
    yield "|---|---|---|---|"
    per_centre = _seconds(lambda i: cache.patch(int(picks[i]), "luma", _window(i)), len(picks))
    per_whole = _seconds(lambda i: cache.neighbours(int(picks[i]), "luma", _window(i), RADIUS, len(FAR)), len(picks))
    yield f"| .npy, mapped | {PICTURES * CROP * CROP * 3 // 2} | {1 / per_centre:.0f} | {1 / per_whole:.0f} |"
    for name, (pack, unpack) in ways.items():
        packed = [[pack(picture) for picture in window] for window in every]
        for window, pictures in zip(packed, every, strict=True):
            assert (unpack(window[0]) == pictures[0]).all(), name

        def cut(i: int, numbers: tuple[int, ...]) -> None:
            for number in numbers:
                cut_i420(unpack(packed[i][number]), "luma", _window(i))  # noqa: B023 (used within this turn)

        centre = _seconds(lambda i: cut(i, (RADIUS, NEAR + len(FAR) + RADIUS)), len(picks))
        whole = _seconds(lambda i: cut(i, tuple(range(PICTURES))), len(picks))
        size = sum(len(picture) for window in packed for picture in window) / len(packed)
        yield f"| {name} | {size:.0f} | {1 / centre:.0f} | {1 / whole:.0f} |"


def _whole(cache: WindowCache, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Soft neighbours, soft neighbours in place of the far pictures, which are as large, and sharp neighbours."""
    soft, sharp = cache.planes(index)
    return soft, soft[: len(FAR)], sharp


def _window(i: int) -> Window:
    return Window(i * 7 % (CROP - PATCH), i * 13 % (CROP - PATCH), PATCH, PATCH)


def _seconds(read: Callable[[int], object], count: int) -> float:
    """Processor seconds of one, the least of three turns."""
    turns: list[float] = []
    for _ in range(3):
        began = time.process_time()
        for i in range(count):
            read(i)
        turns.append((time.process_time() - began) / count)
    return min(turns)


def training(cache: WindowCache, steps: int) -> Iterator[str]:
    """How a trainer of `fast` waits for its batches, without a teacher."""
    recipe = read_recipe("originals")
    batches = Batches(cache, recipe.domain, recipe)
    trainer = Trainer(recipe, Objective(recipe, None, None), total_steps=recipe.total_steps(len(cache.levels)), unit=1)
    load = _seconds(lambda step: batches[step], 20)
    waited, began, cpu = 0.0, 0.0, 0.0
    ahead = load_batches(batches, 0, steps + 10, 2)
    for step in range(steps + 10):
        if step == 10:  # workers have started, and torch has chosen its kernels
            waited, began, cpu = 0.0, time.perf_counter(), time.process_time()
        asked = time.perf_counter()
        batch = next(ahead)
        waited += time.perf_counter() - asked
        trainer.advance(batch)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    yield f"a batch of {recipe.batch}: {1e3 * load:.1f} core-ms to load, {1e3 * cpu / steps:.1f} core-ms to train on"
    yield f"waiting: {100 * waited / wall:.1f} % of {wall:.1f} s, {steps} steps, two loader workers"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=4)
    parser.add_argument("--clips", type=int, default=2)
    parser.add_argument("--screens", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60)
    args = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data", Path(folder) / "cache"
        some_of(args.data, data, {"photos": args.photos, "clips": args.clips})
        for line in building(data, out, args.screens):
            print(line, flush=True)
        cache = open_window_cache(out, "train")
        for part in (keeping(cache), training(cache, args.steps)):
            for line in part:
                print(line, flush=True)


if __name__ == "__main__":
    main()
