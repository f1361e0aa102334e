"""Builds the cache of (soft, sharp) crops that training reads: photos as short panning clips, and real clips.

    python -m vidsharp.training.pairs FOLDER --out CACHE

FOLDER holds `photos/` and `clips/`. Each source belongs to training or to validation as a whole: all takes of one
person are one source. The cache is {train,val}_{soft,sharp}.npy, uint8 [N, 384, 256] (I420 pictures of 256×256 as
PyAV lays them out), beside {train,val}.json that names the level and the source of each crop.
"""

import argparse
import json
import random
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from av import VideoFrame

from ..models.open_media import PHOTOS, open_media
from ..pipeline.atomic import make_folder
from ..pipeline.ownership import MARK, content_key, mark_made, refuse_others
from .codec import h264_round_trip
from .errors import SimulationError
from .simulate import LEVELS, simulate_frames

CROP = 256
FRAMES = 12
"""Length of the clips that are simulated; the line's rate control has settled by their second half."""
KEPT = (4, 8, 11)
CANVAS = (640, 480)
"""The largest picture that a photo's clip has."""
SOFT_ORIGINALS = 0.25
"""Share of photo clips whose original is itself soft: a student must not take every soft picture for a call's fault."""
PHOTO_LEVELS = (*LEVELS, "medium", "heavy", "sharp", "motion")
CLIP_LEVELS = (*LEVELS, "sharp")
VALIDATION = {"asl_C", "mdn_chroma-keying"}
"""Clip sources that are never trained on; photos go there by a hash of their name, one in ten. Where that leaves none,
the source of the lowest hash goes there.
"""


FILES = tuple(f"{split}{end}" for split in ("train", "val") for end in ("_soft.npy", "_sharp.npy", ".json"))
"""What a cache consists of."""


class Crop(NamedTuple):
    """One training pair."""

    level: str
    source: str
    soft: np.ndarray
    sharp: np.ndarray
    """uint8 [384, 256], I420."""


def source_of(file: Path) -> str:
    """The person or scene that a file shows: `asl_A_yes.mkv` and `asl_A_no.mkv` are both `asl_A`."""
    match = re.match(r"(asl_[A-Z]|whitehouse)_", file.name)
    return match[1] if match else file.stem


def is_validation(source: str, photo: bool) -> bool:
    """Whether a source is kept from training."""
    return zlib.crc32(source.encode()) % 10 == 0 if photo else source in VALIDATION


def build(
    folder: Path,
    out: Path,
    variants: int,
    seed: int,
    processes: int,
    say: Callable[[str], None] = print,
) -> None:
    """Writes the cache.

    Args:
        variants: how many differently cut, degraded clips each level makes of each photo.

    Raises:
        SimulationError: the folder holds neither photos nor clips, or too few to train on some and validate on others.
        NotOursError: files of a cache are there that were not made of this folder.
        OutputError: `out` cannot be made.
    """
    mark, identity = out / MARK, content_key(str(folder.resolve()).encode("utf-8", "surrogateescape"))
    remedy = "name another folder for the pairs, or remove what is there"
    refuse_others(mark, FILES, "pairs", identity, remedy=remedy)
    photos, clips = sorted((folder / "photos").glob("*.*")), sorted((folder / "clips").glob("*.*"))
    if not photos and not clips:
        raise SimulationError(f"'{folder}' holds no photos/ and no clips/ to make training pairs of.")
    make_folder(out)
    jobs = [(file, file.parent.name == "photos", variants, seed) for file in [*photos, *clips]]
    with ProcessPoolExecutor(processes) as pool:
        made = list(zip(jobs, pool.map(_crops_of, jobs), strict=True))
    cut = {source_of(file): is_validation(source_of(file), photo) for (file, photo, *_), crops in made if crops}
    if len(cut) < 2:
        raise SimulationError(
            f"'{folder}' has {len(cut)} sources that training pairs can be cut from; at least 2 are needed, one of "
            f"them to validate on (a clip must have {FRAMES} frames or more)."
        )
    if len(set(cut.values())) == 1:
        lowest = min(cut, key=lambda source: zlib.crc32(source.encode()))
        cut = {source: source == lowest for source in cut}
    splits: dict[str, list[Crop]] = {"train": [], "val": []}
    for (file, *_), crops in made:
        if crops:
            splits["val" if cut[source_of(file)] else "train"] += crops
    mark_made(mark, "pairs", dict.fromkeys(FILES), identity)
    for split, crops in splits.items():
        random.Random(seed).shuffle(crops)
        np.save(out / f"{split}_soft.npy", np.stack([c.soft for c in crops]))
        np.save(out / f"{split}_sharp.npy", np.stack([c.sharp for c in crops]))
        (out / f"{split}.json").write_text(json.dumps([{"level": c.level, "source": c.source} for c in crops]))
        say(f"{split}: {len(crops)} crops of {len({c.source for c in crops})} sources")


def _crops_of(job: tuple[Path, bool, int, int]) -> list[Crop]:
    file, photo, variants, seed = job
    dice = random.Random(f"{file.name}/{seed}")
    crops: list[Crop] = []
    segments = _photo_segments(file, dice, variants) if photo else _clip_segments(file, dice)
    for level, sharp in segments:
        soft = _degrade(sharp, level, dice)
        crops += [_cut(level, source_of(file), soft[kept], sharp[kept], dice) for kept in KEPT]
    return crops


def _degrade(sharp: Sequence[VideoFrame], level: str, dice: random.Random) -> Sequence[VideoFrame]:
    """The level's frames. `sharp`: the picture as it is, or recorded once more with little loss. `motion`: each frame
    the mean of three to five in a row, as a long exposure sees them, then sent over a line of any level.
    """
    if level == "motion":
        return _degrade(_exposed(sharp, dice.choice((1, 2))), dice.choice(LEVELS), dice)
    if level != "sharp":
        soft = simulate_frames(sharp, level, dice.randrange(1 << 30))
        return [frame for frame in soft if isinstance(frame, VideoFrame)]
    if dice.random() < 0.3:
        return sharp
    return list(h264_round_trip(sharp, 30.0, {"preset": "veryfast", "crf": str(dice.randint(14, 24))}))


def _exposed(frames: Sequence[VideoFrame], reach: int) -> list[VideoFrame]:
    """Each frame averaged with `reach` frames before and after it; fewer at the ends."""
    planes = np.stack([frame.to_ndarray(format="yuv420p") for frame in frames]).astype(np.float32)
    spans = [planes[max(i - reach, 0) : i + reach + 1] for i in range(len(frames))]
    means = [np.floor(span.mean(axis=0) + 0.5).astype(np.uint8) for span in spans]
    return [VideoFrame.from_ndarray(mean, format="yuv420p") for mean in means]


def _photo_segments(file: Path, dice: random.Random, variants: int) -> Iterator[tuple[str, list[VideoFrame]]]:
    """Slow pans and zooms over a photo, each shrunk a little so that its pixels are crisp."""
    with open_media(file, PHOTOS) as container:
        photo = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)
    height, width = photo.shape[:2]
    for _ in range(variants):
        for level in PHOTO_LEVELS:
            shrink = dice.uniform(1.0, max(1.0, min(2.2, min(height, width) / 400)))
            canvas = [
                max(min(round(side / shrink / 2 * 0.94) * 2, most), CROP)
                for side, most in zip((width, height), CANVAS, strict=True)
            ]
            moving = 4.0 if level == "motion" else 1.5
            speed = [dice.uniform(-moving, moving) if dice.random() < 0.5 else 0.0 for _ in range(2)]
            zoom = dice.uniform(-0.003, 0.003) if dice.random() < 0.5 else 0.0
            window = [min(canvas[i] * shrink, (width, height)[i] * 0.97) for i in range(2)]
            start = [dice.uniform(0, (width, height)[i] - window[i]) for i in range(2)]
            softness = dice.uniform(1.2, 2.2) if dice.random() < SOFT_ORIGINALS else 1.0
            frames = []
            for t in range(FRAMES):
                w, h = (
                    min(round(side * (1 + zoom * t)), whole)
                    for side, whole in zip(window, (width, height), strict=True)
                )
                x = min(max(round(start[0] + speed[0] * t), 0), width - w)
                y = min(max(round(start[1] + speed[1] * t), 0), height - h)
                window_now = np.ascontiguousarray(photo[y : y + h, x : x + w])
                view = VideoFrame.from_ndarray(window_now, format="rgb24")
                if softness > 1:
                    small = (round(side / softness / 2) * 2 for side in canvas)
                    view = view.reformat(*small, "yuv420p", interpolation="BICUBIC")
                frames.append(view.reformat(canvas[0], canvas[1], "yuv420p", interpolation="BICUBIC"))
            yield level, frames


def _clip_segments(file: Path, dice: random.Random) -> Iterator[tuple[str, list[VideoFrame]]]:
    """Runs of consecutive frames spread over a clip, at its own size or smaller."""
    with open_media(file) as container:
        stream = container.streams.video[0]
        total = stream.frames or 1400
        levels = list(CLIP_LEVELS) * (3 if total > 1000 else 2 if total > 300 else 1)
        gap = max((total - FRAMES) // len(levels), FRAMES // 3)
        run: list[VideoFrame] = []
        starts = {i * gap: level for i, level in enumerate(dice.sample(levels, len(levels)))}
        level, size = "", (0, 0)
        for number, frame in enumerate(container.decode(stream)):
            if number in starts and not run:
                level, size = starts[number], _clip_size(frame, dice)
            elif not run:
                continue
            run.append(frame.reformat(size[0], size[1], "yuv420p", interpolation="BICUBIC"))
            if len(run) == FRAMES:
                yield level, run
                run = []


def _clip_size(frame: VideoFrame, dice: random.Random) -> tuple[int, int]:
    """Between the clip's own size and the smallest that a crop fits in."""
    small, large = min(frame.width, frame.height), max(frame.width, frame.height)
    lowest = max(CROP / small, min(1.0, 500 / large))
    scale = dice.uniform(min(lowest, 1.0), 1.0) if lowest <= 1 else CROP / small
    return max(round(frame.width * scale / 2) * 2, CROP), max(round(frame.height * scale / 2) * 2, CROP)


def _cut(level: str, source: str, soft: VideoFrame, sharp: VideoFrame, dice: random.Random) -> Crop:
    x = dice.randrange(0, sharp.width - CROP + 1, 2)
    y = dice.randrange(0, sharp.height - CROP + 1, 2)
    return Crop(level, source, _i420(soft, x, y), _i420(sharp, x, y))


def _i420(frame: VideoFrame, x: int, y: int) -> np.ndarray:
    whole = frame.to_ndarray(format="yuv420p")
    h, w = frame.height, frame.width
    luma = whole[:h][y : y + CROP, x : x + CROP]
    chroma = whole[h:].reshape(2, h // 2, w // 2)[:, y // 2 : (y + CROP) // 2, x // 2 : (x + CROP) // 2]
    return np.concatenate([luma, chroma.reshape(CROP // 2, CROP)])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    build(args.folder, args.out, args.variants, args.seed, args.processes)


if __name__ == "__main__":
    main()
