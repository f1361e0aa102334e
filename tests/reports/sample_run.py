"""A run that never was: tables and pictures as runs leave them, for tests of the page. The same seed, the same run."""

import base64
import functools
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFilter
from vidsharp.reports.run.tables import CHUNK_COLUMNS, CLIP_COLUMNS, FRAME_COLUMNS, table

from tests.support.held_rows import HeldRows

HOSTILE = (
    "<img src=x onerror=alert(1)>.mp4",
    "</script><script>alert(1)</script>.mp4",
    "\"quoted\" 'name' & more.mp4",
    "\u202egnp.exe\u202c reversed.mp4",
    "会議 😀 الاجتماع.mp4",
    "long " + "x" * 241 + ".mp4",
    "<!--<script>{{ 7 * 7 }}${7 * 7}`.mp4",
    "line\nbreak\u2028and\ttab.mp4",
)
_SETTINGS = {
    "model": "fast", "strength": 1.0, "encoder": "libx264", "crf": 18, "preset": "veryfast", "chunk_seconds": 20.0,
    "measure": "sample",
}  # fmt: skip
_VERSIONS = {"vidsharp": "0.1.0", "torch": "2.14.1", "av": "18.0.0", "libx264": "165"}
_BEGAN = 1_795_532_400.0
_PLACES = ("team/daily", "team/review", "customers/north", "customers/south", "lectures")
_KINDS = ("standup", "call", "interview", "seminar", "demo")
_ERRORS = (
    "recordings/{clip} is empty (0 bytes); it was probably never written, or not downloaded",
    "recordings/{clip} cannot be read: permission denied",
    "recordings/{clip} holds video in a format that no decoder here knows",
)


@dataclass(frozen=True)
class SampleRun:
    """The tables and pictures of a run."""

    clips: pd.DataFrame
    chunks: pd.DataFrame
    frames: pd.DataFrame
    previews: dict[str, str]

    @property
    def tables(self) -> tuple[HeldRows, HeldRows, HeldRows]:
        """As `quality_page` takes them."""
        return (
            HeldRows(self.clips, CLIP_COLUMNS),
            HeldRows(self.chunks, CHUNK_COLUMNS),
            HeldRows(self.frames, FRAME_COLUMNS),
        )


def sample_run(
    count: int,
    seed: int = 0,
    *,
    reference: bool = False,
    measured: bool = True,
    failed: int | None = None,
    hostile: bool = False,
    pictures: bool = True,
    samples: int = 48,
) -> SampleRun:
    """A run of `count` clips.

    Args:
        reference: there is a sharp original of each clip.
        measured: the quality figures are there.
        failed: so many clips have failed; about one in twelve by default.
        hostile: clips are called what nobody should call a file, as far as `HOSTILE` reaches.
        pictures: finished clips have previews.
        samples: so many frames of each clip are measured, at most.
    """
    rng = np.random.default_rng(seed)
    failing = count // 12 + (count > 3) if failed is None else failed
    fails = set(rng.choice(count, failing, replace=False).tolist())
    clips, chunks, frames, previews = [], [], [], {}
    clock = _BEGAN
    for i in range(count):
        name = HOSTILE[i] if hostile and i < len(HOSTILE) else _name(i)
        if i in fails:
            clips.append(_failed_clip(name, i))
            continue
        earlier = count > 3 and i % 6 == 4
        clip_chunks = _chunks(rng, name, clock - (9_000 if earlier else 0), resumed=count > 3 and i % 7 == 3)
        clip_frames = _frames(rng, name, clip_chunks, samples, reference) if measured else []
        clip = _clip(rng, name, clip_chunks, clip_frames)
        clip["status"] = "skipped" if earlier else "resumed" if any(c["reused"] for c in clip_chunks) else "done"
        clips.append(clip)
        chunks += clip_chunks
        frames += clip_frames
        clock += 0 if earlier else float(sum(c["wall_s"] for c in clip_chunks) / 2 + 0.4)
        if pictures:
            previews[name] = _preview(i % 4, int(rng.integers(0, 900)), reference)
    return SampleRun(table(clips, CLIP_COLUMNS), table(chunks, CHUNK_COLUMNS), table(frames, FRAME_COLUMNS), previews)


def _name(i: int) -> str:
    return f"{_PLACES[i % 5]}/2026-{1 + i % 11:02d}-{1 + i % 28:02d}-{_KINDS[i // 5 % 5]}-{i:03d}.mp4"


def _failed_clip(name: str, i: int) -> dict[str, Any]:
    error = _ERRORS[i % len(_ERRORS)].format(clip=name)
    return {"clip": name, "status": "failed", "error": error, "retries": i % 3, "bytes_in": 0 if i % 3 == 0 else 4096}


def _chunks(rng: np.random.Generator, name: str, began: float, resumed: bool) -> list[dict[str, Any]]:
    """Chunks of 20 s of video, on two actors side by side; of a resumed clip the first half is of an earlier run."""
    count = int(rng.integers(3, 13))
    free = [began, began + 0.3]
    damaged = rng.random() < 0.15
    listed = []
    for k in range(count):
        reused = resumed and k < count // 2
        frames = 500 if k < count - 1 else int(rng.integers(60, 500))
        decode, model, encode = (frames * rate * rng.uniform(0.9, 1.2) for rate in (0.005, 0.026, 0.013))
        wall = model * 1.08 + 0.2
        actor = int(np.argmin(free))
        lost = int(rng.integers(1, 30)) if damaged and k == count // 2 else 0
        retries = int(rng.random() < 0.03)
        listed.append({
            "clip": name, "chunk": k, "start_s": 20.0 * k, "frames": frames - lost, "frames_lost": lost,
            "reused": reused, "retries": retries, "began_at": free[actor] - (86_400 if reused else 0), "wall_s": wall,
            "decode_s": decode, "model_s": model, "measure_s": frames * 0.001, "encode_s": encode,
            "wait_s": wall - model, "bytes": int(frames * rng.uniform(2500, 4000)), "node": "desk",
            "actor": f"actor-{actor}", "errors": "worker died, started again" if retries else None,
        })  # fmt: skip
        free[actor] += wall + 0.05
    return listed


def _frames(
    rng: np.random.Generator, name: str, chunks: list[dict[str, Any]], samples: int, reference: bool
) -> list[dict[str, Any]]:
    total = sum(chunk["frames"] for chunk in chunks)
    picked = np.sort(rng.choice(total, min(samples, total), replace=False)).tolist()
    moved, soft, ratio = rng.uniform(0.93, 0.985), rng.uniform(25, 110), rng.uniform(1.3, 2.6)
    gain, still = rng.normal(0.009, 0.006), rng.uniform(0.8, 3.0)
    listed = []
    for frame in picked:
        swing = float(np.sin(frame / total * 9) * 0.08 + rng.normal(0, 0.02))
        before, change = soft * (1 + 2 * swing), still * (1 + abs(rng.normal(0, 0.3)))
        row = {
            "clip": name, "frame": frame, "time_s": frame / 25, "ssim_input": min(1.0, moved + swing / 8),
            "psnr_input": 36 + 20 * swing, "sharpness_before": before,
            "sharpness_after": before * ratio * (1 + swing / 3),
        }  # fmt: skip
        if frame % 5:
            row |= {"change_before": change, "change_after": change * 1.12}
        if reference:
            ref = 0.91 + swing / 4
            row |= {
                "ssim_ref_before": ref, "ssim_ref_after": ref + gain + swing / 40, "psnr_ref_before": 30 + 9 * swing,
                "psnr_ref_after": 30 + 9 * swing + gain * 90,
            }  # fmt: skip
            row |= {"change_ref": change * 1.15} if frame % 5 else {}
        listed.append(row)
    return listed


def _clip(
    rng: np.random.Generator, name: str, chunks: list[dict[str, Any]], frames: list[dict[str, Any]]
) -> dict[str, Any]:
    def total(column: str) -> Any:
        return sum(chunk[column] for chunk in chunks)

    def mean(column: str) -> float | None:
        known = [frame[column] for frame in frames if column in frame]
        return float(np.mean(known)) if known else None

    lost = total("frames_lost")
    portrait = rng.random() < 0.15
    quality = [n for n in FRAME_COLUMNS if n.startswith(("ssim", "psnr", "sharpness"))]
    wall = total("wall_s") / 2 + 0.6
    size = int(total("bytes") * rng.uniform(0.6, 0.95))
    return {
        "clip": name, "out": f"sharpened/{name}", "container": "mov,mp4", "codec": "h264", "encoder": "libx264",
        "width": 1080 if portrait else 1920, "height": 1920 if portrait else 1080, "pix_fmt": "yuv420p",
        "rotation": 0, "duration_s": (total("frames") + lost) / 25, "frames": total("frames"), "frames_lost": lost,
        "chunks": len(chunks), "source_fps": 25.0, "model": "fast", "device": "cpu", "strength": 1.0, "wall_s": wall,
        "chroma": (None, "keep", "restore")[sum(map(ord, name)) % 3],
        "look": (None, 0.0, 0.5, 1.0)[sum(map(ord, name)) % 4],
        "fps": total("frames") / wall, "model_fps": total("frames") / total("model_s"), "decode_s": total("decode_s"),
        "model_s": total("model_s"), "encode_s": total("encode_s"), "measure_s": total("measure_s"), "mux_s": 0.4,
        "reused_share": sum(c["frames"] for c in chunks if c["reused"]) / total("frames"),
        "measured": len(frames) or None, **{column: mean(column) for column in quality},
        "flicker_before": mean("change_before"), "flicker_after": mean("change_after"),
        "flicker_ref": mean("change_ref"),
        "bytes_in": size, "bytes_out": total("bytes"), "audio_streams": 1, "retries": total("retries"),
        "finished_at": "2026-11-24T14:58:03+00:00", "settings": json.dumps(_SETTINGS),
        "versions": json.dumps(_VERSIONS), "key": f"{int(rng.integers(2**40)):x}",
        "note": f"{lost} frames could not be decoded and are missing" if lost else None,
    }  # fmt: skip


@functools.lru_cache(maxsize=64)
def _pictures(kind: int, reference: bool) -> tuple[dict[str, str], tuple[int, int, int, int], tuple[int, int]]:
    """A call as a picture: two people, some text to read, camera noise."""
    portrait = kind == 3
    width, height = (1080, 1920) if portrait else (1920, 1080)
    sharp = _scene(kind, width, height)
    blurred = sharp.filter(ImageFilter.GaussianBlur(1.8))
    soft, after = _grain(blurred, kind), _grain(blurred.filter(ImageFilter.UnsharpMask(2.2, 130, 0)), kind)
    left, top = width // 2 - 240, height // 3
    box = (left, top, left + 480, top + 270)
    whole = (540, 960) if portrait else (960, 540)
    pictures = {
        "before": _uri(soft.resize(whole), 88),
        "after": _uri(after.resize(whole), 88),
        "spot_before": _uri(soft.crop(box), 80),
        "spot_after": _uri(after.crop(box), 80),
    }
    if reference:
        pictures["spot_reference"] = _uri(_grain(sharp, kind).crop(box), 80)
    return pictures, (left, top, 480, 270), (width, height)


def _scene(kind: int, width: int, height: int) -> Image.Image:
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    tones = ((90, 110, 130), (120, 100, 80), (80, 110, 90), (110, 90, 120))[kind]
    planes = [tone + 40 * np.sin(across / 300 + n) + 30 * np.cos(down / 200 + kind) for n, tone in enumerate(tones)]
    image = Image.fromarray(np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for centre in (0.27, 0.73):
        x, y, r = width * centre, height * 0.42, min(width, height) * 0.14
        draw.ellipse((x - 2.1 * r, y + 1.1 * r, x + 2.1 * r, y + 6 * r), fill=(50, 60, 90))
        draw.ellipse((x - r, y - 1.25 * r, x + r, y + 1.25 * r), fill=(214, 170, 140))
        for side in (-0.4, 0.4):
            draw.ellipse((x + side * r - 9, y - 30, x + side * r + 9, y - 12), fill=(40, 30, 30))
    words = "Agenda: budget 2027, open questions, next steps 0123456789 fine print reads well"
    for line in range(16):
        at = (width // 2 - 230, height // 3 + 6 + 17 * line)
        draw.text(at, words[line % 7 :][:62], fill=(245, 245, 245) if line % 2 else (20, 24, 30), font_size=14)
    return image


def _grain(image: Image.Image, seed: int) -> Image.Image:
    """With a camera's noise, which is what makes a WebP as large as a real one."""
    noise = np.random.default_rng(seed).normal(0, 3.0, (image.height, image.width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _uri(image: Image.Image, quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _preview(kind: int, frame: int, reference: bool) -> str:
    pictures, spot, (width, height) = _pictures(kind, reference)
    return json.dumps({
        "frame": frame, "time_s": frame / 25, "width": width, "height": height, "spot": spot, "pictures": pictures,
    })  # fmt: skip
