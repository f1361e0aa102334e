"""The loop that everyone writes first: PyAV → RGB → torch → RGB → PyAV, one frame after the other.

    python benchmarks/speed/naive_loop.py IN OUT [--model fast] [--frames 75] [--crf 18] [--preset veryfast]

The same student and the same encoder as `vidsharp process`, so that what differs is the way. It keeps no sound, no time
stamps and no colour tags.
"""

import argparse
from itertools import islice
from pathlib import Path

import av
import numpy as np
import torch
from av.video.frame import VideoFrame
from vidsharp.models.nets.catalogue import Student, load_student
from vidsharp.pipeline.encoder import EncoderChoice, add_encoder, resolve_encoder
from vidsharp.pipeline.probe import probe

LUMA = torch.tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
"""BT.709."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="fast")
    parser.add_argument("--frames", type=int, help="that are done; all, if not said")
    parser.add_argument("--crf", type=float, default=18)
    parser.add_argument("--preset", default="veryfast")
    args = parser.parse_args()
    student = load_student(args.model)
    with av.open(str(args.recording)) as clip, av.open(str(args.out), "w") as out:
        info = probe(args.recording)
        encoder = resolve_encoder(EncoderChoice(crf=args.crf, preset=args.preset), info)
        stream = add_encoder(out, encoder, info)
        for frame in islice(clip.decode(video=0), args.frames):
            sharp = sharpen(frame.to_ndarray(format="rgb24", threads=1), student)
            out.mux(stream.encode(VideoFrame.from_ndarray(sharp, format="rgb24")))
        out.mux(stream.encode(None))


def sharpen(rgb: np.ndarray, student: Student) -> np.ndarray:
    """uint8 [H, W, 3] to the same. A student for luma is shown the picture's luma; all channels take its change."""
    with torch.no_grad():
        x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        if student.domain == "luma":
            luma = (x * LUMA).sum(1, keepdim=True)
            y = x + student.net(luma) - luma
        else:
            y, _ = student.net(x)
        return (y.clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0).contiguous().numpy()


if __name__ == "__main__":
    main()
