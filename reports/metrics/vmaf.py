"""VMAF, VMAF-NEG and XPSNR of some pictures, by libvmaf and `xpsnr` in the FFmpeg that `imageio-ffmpeg` ships.

VMAF alone can be raised by sharpening that no viewer likes (Siniukov et al., arXiv 2107.04510); the NEG model does not
credit enhancement. So the two always come together.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..errors import MetricError

MODELS = {"vmaf": "vmaf_v0.6.1", "vmaf_neg": "vmaf_v0.6.1neg"}
"""Our name of each score, and the model inside libvmaf."""
SMALLEST_PX = 32
"""Four halvings of VMAF's pyramid, and a window that still fits in."""
_XPSNR_LINE = re.compile(r"XPSNR y: *([0-9.]+|inf)")
_XPSNR_CAP_DB = 60.0
_FPS = 30
"""XPSNR weighs change over time by the frame rate; the pictures of calls come at about so many a second."""


@dataclass(frozen=True)
class PerceptualScores:
    """One figure for each picture, in order."""

    vmaf: tuple[float, ...]
    vmaf_neg: tuple[float, ...]
    xpsnr_db: tuple[float, ...]
    """Of luma, at most 60."""


@cache
def vmaf_ffmpeg() -> str | None:
    """The FFmpeg that holds libvmaf and `xpsnr`; None where the extra `[vmaf]` is not installed, or has no such FFmpeg
    for this machine.
    """
    try:
        import imageio_ffmpeg

        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        filters = subprocess.run([ffmpeg, "-v", "error", "-filters"], capture_output=True, text=True).stdout.split()
    except (ImportError, RuntimeError, OSError):
        return None
    return ffmpeg if {"libvmaf", "xpsnr"} <= set(filters) else None


def perceptual_scores(pictures: Sequence[np.ndarray], originals: Sequence[np.ndarray]) -> PerceptualScores:
    """Compares the luma of consecutive pictures with that of their originals; neither score looks at chroma.

    Args:
        pictures, originals: as many planes, uint8 [H, W], all of one size; at least one.

    Raises:
        MetricError: no FFmpeg with libvmaf is installed, it failed, or the pictures are smaller than `SMALLEST_PX`.
    """
    ffmpeg = vmaf_ffmpeg()
    if ffmpeg is None:
        raise MetricError("VMAF needs the extra [vmaf]: pip install 'vidsharp[vmaf]'.")
    height, width = originals[0].shape
    if min(height, width) < SMALLEST_PX:
        raise MetricError(f"VMAF needs pictures of at least {SMALLEST_PX}×{SMALLEST_PX} px, not {width}×{height}.")
    with tempfile.TemporaryDirectory(prefix="vidsharp-vmaf-") as folder:
        for name, planes in zip(_INPUTS, (pictures, originals), strict=True):
            _write_raw(Path(folder) / name, planes)
        ended = subprocess.run(_command(ffmpeg, width, height), cwd=folder, capture_output=True, text=True)
        log, xpsnr = Path(folder) / _VMAF_LOG, Path(folder) / _XPSNR_LOG
        if ended.returncode != 0 or not log.is_file() or not xpsnr.is_file():
            said = ended.stderr.strip().splitlines()
            raise MetricError(f"FFmpeg could not measure VMAF: {said[-1] if said else 'it left no figures'}.")
        frames = json.loads(log.read_text("utf-8"))["frames"]
        scores = {name: tuple(float(frame["metrics"][name]) for frame in frames) for name in MODELS}
        figures = [min(float(found), _XPSNR_CAP_DB) for found in _XPSNR_LINE.findall(xpsnr.read_text("utf-8"))]
    if not len(frames) == len(figures) == len(pictures):
        raise MetricError(f"FFmpeg measured {len(frames)} and {len(figures)} of {len(pictures)} pictures.")
    return PerceptualScores(scores["vmaf"], scores["vmaf_neg"], tuple(figures))


_INPUTS = ("out.yuv", "original.yuv")
_VMAF_LOG, _XPSNR_LOG = "vmaf.json", "xpsnr.log"
"""In the folder that FFmpeg runs in: what a path may hold means something else in a graph of filters."""


def _command(ffmpeg: str, width: int, height: int) -> list[str]:
    shape = ["-threads", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(_FPS)]
    models = "|".join(f"version={model}\\:name={name}" for name, model in MODELS.items())
    graph = (
        "[0:v]split[o1][o2];[1:v]split[r1][r2];"
        f"[o1][r1]libvmaf=model='{models}':n_threads=1:log_fmt=json:log_path={_VMAF_LOG}[a];"
        f"[o2][r2]xpsnr=stats_file={_XPSNR_LOG}[b]"
    )
    inputs = [part for name in _INPUTS for part in (*shape, "-i", name)]
    outputs = [part for label in "ab" for part in ("-map", f"[{label}]", "-f", "null", "-")]
    return [ffmpeg, "-nostdin", "-v", "error", *inputs, "-filter_complex", graph, *outputs]


def _write_raw(file: Path, pictures: Sequence[np.ndarray]) -> None:
    """Writes the planes as yuv420p with grey chroma, which is what libvmaf takes."""
    grey = b"\x80" * (2 * sum(divmod(pictures[0].shape[0], 2)) * sum(divmod(pictures[0].shape[1], 2)))
    with file.open("wb") as out:
        for luma in pictures:
            out.write(np.ascontiguousarray(luma).data)
            out.write(grey)
