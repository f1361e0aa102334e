"""Recordings from file to file, by as many processes as feed one GPU."""

import json
import os
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from vidsharp.jobs.tools.doctor_job import encodes
from vidsharp.pipeline.codec_trial import try_codecs_of

from .scale import Scale, Size
from .step import Findings


def end_to_end(scale: Scale) -> Findings:
    """Frames per second of all processes together: a sum of what each counts, since they all work at the same time.
    With each encoder, the CPU decodes, and then the GPU, where it can."""
    there = try_codecs_of(scale.device)
    if not there.decodes:
        yield "with NVDEC", f"skipped: {there.trouble}"
    with tempfile.TemporaryDirectory(prefix="vidsharp-day-") as folder:
        clip = make_clip(Path(folder) / "clip.mp4", scale.sizes[0], scale.frames)
        for encoder in scale.encoders:
            if not encodes(encoder):
                yield encoder, "does not work here"
                continue
            for count in scale.processes:
                yield f"{encoder}, {count} at a time", _together(scale, clip, encoder, count, "none")
                if there.decodes:
                    yield f"{encoder}, NVDEC, {count} at a time", _together(scale, clip, encoder, count, "cuda")


def _together(scale: Scale, clip: Path, encoder: str, count: int, hwaccel: str) -> dict[str, Any]:
    threads = max(1, (os.cpu_count() or 1) // count)
    command = [
        *(sys.executable, "-m", "vidsharp.jobs.cli", "bench", "--model", scale.students[0], "--device", scale.device),
        *("--threads", str(threads), "--encoder", encoder, "--end-to-end", str(clip), "--hwaccel", hwaccel),
    ]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(count)
    ]
    ended = [(*process.communicate(), process.returncode) for process in started]
    failed = [said.strip().splitlines()[-1:] for _, said, code in ended if code]
    if failed:
        return {"failed": failed[0]}
    figures = [json.loads(out) for out, _, _ in ended]
    stages = ("decode_s", "model_s", "encode_s", "waiting_s", "chunks_s")
    return {
        "fps": sum(each["frames"] / each["chunks_s"] for each in figures),
        "threads": threads,
        **{name: sum(each[name] for each in figures) / count for name in stages},
    }


def make_clip(path: Path, size: Size, frames: int) -> Path:
    """A recording of a soft picture that moves, in H.264: what is decoded, and costs, as much as a call does."""
    width, height = size
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1), dtype=np.uint8)
    picture = np.kron(small, np.ones((8, 8), np.uint8))[:height, :width]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "28", "g": "60"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.time_base = width, height, "yuv420p", Fraction(1, 30)
        for number in range(frames):
            moved = np.roll(picture, 2 * number, axis=1)
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = moved
            container.mux(stream.encode(VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    return path
