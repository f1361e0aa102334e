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

from .errors import MetricError

MODELS = {"vmaf": "vmaf_v0.6.1", "vmaf_neg": "vmaf_v0.6.1neg"}
"""Our name of each score, and the model inside libvmaf."""
SMALLEST_PX = 32
"""Four halvings of VMAF's pyramid, and a window that still fits in."""
_XPSNR_LINE = re.compile(r"XPSNR y: *([0-9.]+|inf)")
_XPSNR_CAP_DB = 60.0


@dataclass(frozen=True)
class PerceptualScores:
    """One figure for each picture, in order."""

    vmaf: tuple[float, ...]
    vmaf_neg: tuple[float, ...]
    xpsnr_db: tuple[float, ...]
    """Of luma, at most 60."""


@cache
def vmaf_ffmpeg() -> str | None:
    """The FFmpeg that holds libvmaf; None where the extra `[vmaf]` is not installed."""
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    return imageio_ffmpeg.get_ffmpeg_exe()


def perceptual_scores(
    pictures: Sequence[np.ndarray], originals: Sequence[np.ndarray], fps: float = 30.0
) -> PerceptualScores:
    """Compares the luma of consecutive pictures with that of their originals; neither score looks at chroma.

    Args:
        pictures, originals: as many planes, uint8 [H, W], all of one size.
        fps: of the pictures; XPSNR weighs time by it.

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
        files = [_raw(Path(folder) / name, planes) for name, planes in (("out", pictures), ("original", originals))]
        log, xpsnr = Path(folder) / "vmaf.json", Path(folder) / "xpsnr.log"
        inputs = [part for file in files for part in _input(file, width, height, fps)]
        command = [ffmpeg, "-nostdin", "-v", "error", *inputs, "-filter_complex", _graph(log, xpsnr)]
        done = subprocess.run(
            [*command, "-map", "[a]", "-f", "null", "-", "-map", "[b]", "-f", "null", "-"],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0 or not log.is_file() or not xpsnr.is_file():
            raise MetricError(f"FFmpeg could not measure VMAF: {done.stderr.strip()[-300:] or 'it left no figures'}.")
        frames = json.loads(log.read_text())["frames"]
        scores = {name: tuple(float(frame["metrics"][name]) for frame in frames) for name in MODELS}
        figures = [min(float(found), _XPSNR_CAP_DB) for found in _XPSNR_LINE.findall(xpsnr.read_text())]
    if not len(frames) == len(figures) == len(pictures):
        raise MetricError(f"FFmpeg measured {len(frames)} and {len(figures)} of {len(pictures)} pictures.")
    return PerceptualScores(scores["vmaf"], scores["vmaf_neg"], tuple(figures))


def _graph(log: Path, xpsnr: Path) -> str:
    models = "|".join(f"version={model}\\:name={name}" for name, model in MODELS.items())
    return (
        "[0:v]split[o1][o2];[1:v]split[r1][r2];"
        f"[o1][r1]libvmaf=model='{models}':n_threads=1:log_fmt=json:log_path={log}[a];"
        f"[o2][r2]xpsnr=stats_file={xpsnr}[b]"
    )


def _input(file: Path, width: int, height: int, fps: float) -> list[str]:
    shape = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", f"{fps:g}"]
    return ["-threads", "1", *shape, "-i", str(file)]


def _raw(file: Path, pictures: Sequence[np.ndarray]) -> Path:
    """The planes as yuv420p with grey chroma, which is what libvmaf takes."""
    grey = b"\x80" * (2 * sum(divmod(pictures[0].shape[0], 2)) * sum(divmod(pictures[0].shape[1], 2)))
    with file.open("wb") as out:
        for luma in pictures:
            out.write(np.ascontiguousarray(luma).data)
            out.write(grey)
    return file
