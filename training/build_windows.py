"""Builds the cache of windows that training reads: consecutive pictures of photos, clips and screens, soft and sharp.

    python -m vidsharp.training.build_windows FOLDER --out CACHE

FOLDER holds `photos/` and `clips/`; what the benchmark measures on is left out. Each sequence goes over one simulated
line as a whole, so that windows of all ages since a keyframe are seen, and each of its parts is a file of its own: an
interrupted build goes on, and nothing half-written counts.
"""

import argparse
import json
import random
import re
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from av import VideoFrame
from av.error import FFmpegError

from ..models.errors import VidsharpError
from ..pipeline.atomic import make_folder, write_atomically
from ..pipeline.ownership import MARK, content_key, mark_made, refuse_others
from .benchmark.sources import is_set_aside
from .data.exposure import exposed
from .data.sharp_sequences import SequencePlan, is_screen, sharp_sequence
from .data.window_cache import CROP, FAR, INDEX, PARTS, RADIUS, Part, is_whole, part_bytes
from .errors import SimulationError
from .evaluation.evaluation_pictures import UNCHANGED
from .simulate.call import simulate_call
from .simulate.draw import draw_parameters
from .simulate.encoders import ENCODERS
from .simulate.parameters import LEVELS, LINES, Lines
from .simulate.stream import recorded

WINDOWS = 32
"""Windows cut from one sequence: fewer would make the line dear, more would show the same again."""
LEVEL_MIX = {**dict.fromkeys(LEVELS, 2), "medium": 3, "heavy": 3, UNCHANGED: 2, "motion": 1}
"""How often a sequence is of each level. `sharp`: as it is, or recorded once more with little loss; `motion`: exposed
long, then sent over a line of any level.
"""
COMPOSED = 0.2
"""Share of calls that are recorded beside others."""
FILES = (INDEX, PARTS)
"""What a cache consists of."""
SCREENS = 3
"""For so many files, one screen is made by code."""
VALIDATION = {"asl_C", "mdn_chroma-keying", "marimo_outputs", "napari_histogram"}
"""Clip sources that are never trained on; photos and screens go there by a hash of their name, one in ten. Where that
leaves none, the source of the lowest hash goes there.
"""


def source_of(file: Path) -> str:
    """The person or scene that a file shows: `asl_A_yes.mkv` and `asl_A_no.mkv` are both `asl_A`."""
    match = re.match(r"(asl_[A-Z]|whitehouse)_", file.name)
    return match[1] if match else file.stem


def is_validation(source: str, kind: str) -> bool:
    """Whether a source is kept from training."""
    return source in VALIDATION if kind == "clip" else zlib.crc32(source.encode()) % 10 == 0


def plan_sequences(folder: Path, variants: int, seed: int, screens: int | None = None) -> list[SequencePlan]:
    """The sequences that are made of a folder, in order.

    Args:
        variants: sequences of each photo and clip.
        screens: made by code; None: one for `SCREENS` files.

    Raises:
        SimulationError: the folder holds neither photos nor clips that may be trained on.
    """
    plans: list[SequencePlan] = []
    for kind in ("photo", "clip"):
        files = [file for file in sorted((folder / f"{kind}s").glob("*.*")) if not is_set_aside(file)]
        plans += [SequencePlan(source_of(f), kind, f, number, seed) for f in files for number in range(variants)]
    if not plans:
        raise SimulationError(f"'{folder}' holds no photos/ and no clips/ to make training windows of.")
    count = len({plan.file for plan in plans}) // SCREENS if screens is None else screens
    return plans + [SequencePlan(f"screen-{n}", "screen", None, 0, seed) for n in range(count)]


def faces_of(plans: Sequence[SequencePlan]) -> list[Path]:
    """The clips whose faces may stand on screens: none of those that are validated on, or they would be trained on."""
    clips = {plan.file: plan.source for plan in plans if plan.file and plan.kind == "clip"}
    return sorted(file for file, source in clips.items() if not is_screen(file) and not is_validation(source, "clip"))


def build(
    folder: Path,
    out: Path,
    variants: int,
    seed: int,
    processes: int,
    say: Callable[[str], None] = print,
    screens: int | None = None,
    lines: Lines = "trained",
) -> None:
    """Writes the cache; parts that are there already are kept.

    Args:
        variants, screens: as `plan_sequences`.
        lines: that calls may go over; others than `trained` are for measurements of what training never saw.

    Raises:
        NotOursError: files of a cache are there that were not made of this folder.
        SimulationError: as `plan_sequences`, or there are too few sources to train on some and validate on others.
        ScreenError: the fonts of screens are not installed.
        OutputError: the cache cannot be written.
    """
    mark, identity = out / MARK, content_key(str(folder.resolve()).encode("utf-8", "surrogateescape"))
    refuse_others(mark, FILES, "windows", identity, remedy="name another --cache, or remove what is there")
    plans = plan_sequences(folder, variants, seed, screens)
    parts_folder = out / PARTS
    make_folder(parts_folder)
    mark_made(mark, "windows", dict.fromkeys(FILES), identity)
    make = partial(_part, parts_folder, faces_of(plans), lines)
    parts: list[Part] = []
    with ProcessPoolExecutor(processes) as pool:
        for number, part in enumerate(pool.map(make, plans), start=1):
            parts += [part] if part is not None else []
            if number % 100 == 0:
                say(f"windows of {number} of {len(plans)} sequences")
    cut = {part.source: is_validation(part.source, part.kind) for part in parts}
    if len(cut) < 2:
        raise SimulationError(
            f"'{folder}' has {len(cut)} sources that windows can be cut from; at least 2 are needed, one of them to "
            f"validate on (a clip must have {2 * RADIUS + 1} frames of {CROP} px or more)."
        )
    if len(set(cut.values())) == 1:
        lowest = min(cut, key=lambda source: zlib.crc32(source.encode()))
        cut = {source: source == lowest for source in cut}
    for split in ("train", "val"):
        of_split = [part for part in parts if cut[part.source] == (split == "val")]
        windows = sum(len(part.ages) for part in of_split)
        say(f"{split}: {windows} windows of {len({part.source for part in of_split})} sources")
    index = {"parts": [{"split": "val" if cut[part.source] else "train", **asdict(part)} for part in parts]}
    write_atomically(out / INDEX, json.dumps(index).encode())


def _part(parts: Path, faces: Sequence[Path], lines: Lines, plan: SequencePlan) -> Part | None:
    """Makes one part, or reads what an earlier build left; None where the sequence is too short or too small."""
    note = parts / f"{plan.name}.json"
    key = f"{plan.source}/{plan.number}/{plan.seed}/{WINDOWS}" + ("" if lines == "trained" else f"/{lines}")
    try:
        known: dict[str, Any] = json.loads(note.read_text("utf-8"))
        if known["key"] == key:
            part = Part(**known["part"]) if known["part"] else None
            if part is None or is_whole(parts, part):
                return part
    except (OSError, ValueError, LookupError, TypeError):
        pass
    made = _windows(plan, faces, lines)
    part = None
    if made is not None:
        level, windows, ages = made
        write_atomically(parts / f"{plan.name}.npy", part_bytes(windows))
        part = Part(f"{plan.name}.npy", plan.source, plan.kind, level, ages)
    write_atomically(note, json.dumps({"key": key, "part": None if part is None else asdict(part)}).encode())
    return part


def _windows(plan: SequencePlan, faces: Sequence[Path], lines: Lines) -> tuple[str, np.ndarray, list[int]] | None:
    """(level, uint8 [WINDOWS, pictures, 3/2 CROP, CROP], pictures since a keyframe of each centre)."""
    try:
        sharp = sharp_sequence(plan, 2 * RADIUS + 1, faces)
    except FFmpegError:
        return None  # a folder may hold what does not decode
    if not sharp or min(sharp[0].width, sharp[0].height) < CROP:
        return None
    rng = plan.rng("line")
    level = rng.choices(list(LEVEL_MIX), list(LEVEL_MIX.values()))[0]
    soft, originals, ages = _degraded(sharp, level, rng, lines)
    rng = plan.rng("windows")
    centres = draw_centres(len(soft), rng)
    windows = np.stack([_window(soft, originals, t, rng) for t in centres])
    return level, windows, [ages[t] for t in centres]


def draw_centres(length: int, rng: random.Random) -> list[int]:
    """The centre of each window, in order: evenly spread over a sequence and shaken, so that all ages are seen."""
    possible = length - 2 * RADIUS
    return [RADIUS + int(possible * (i + rng.random()) / WINDOWS) for i in range(WINDOWS)]


def _degraded(
    sharp: Sequence[VideoFrame], level: str, rng: random.Random, lines: Lines
) -> tuple[Sequence[VideoFrame], Sequence[VideoFrame], list[int]]:
    """(soft, sharp counterparts, pictures since the line's last keyframe)."""
    counted = list(range(len(sharp)))
    if level == UNCHANGED:
        if rng.random() < 0.3:
            return sharp, sharp, counted
        return list(recorded(iter(sharp), 30.0, ENCODERS["h264"], rng.randint(14, 24))), sharp, counted
    frames = exposed(sharp, rng.choice((1, 2))) if level == "motion" else sharp
    drawn = rng.choice(LEVELS) if level == "motion" else level
    parameters = draw_parameters(drawn, rng.randrange(1 << 30), lines, composed=rng.random() < COMPOSED)
    call = simulate_call(frames, drawn, 0, parameters=parameters, originals=sharp)
    return call.soft, call.sharp, [facts.since_keyframe for facts in call.facts]


def _window(soft: Sequence[VideoFrame], sharp: Sequence[VideoFrame], t: int, rng: random.Random) -> np.ndarray:
    """uint8 [pictures, 3/2 CROP, CROP]: soft neighbours in order, two far ones, then the sharp of the neighbours."""
    x = rng.randrange(0, soft[t].width - CROP + 1, 2)
    y = rng.randrange(0, soft[t].height - CROP + 1, 2)
    near = range(t - RADIUS, t + RADIUS + 1)
    far = [draw_far(t, reach, len(soft), rng) for reach in FAR]
    pictures = [*(soft[i] for i in near), *(soft[i] for i in far), *(sharp[i] for i in near)]
    return np.stack([_i420(picture, x, y) for picture in pictures])


def draw_far(t: int, reach: int, length: int, rng: random.Random) -> int:
    """The number of a picture about `reach` before or after `t`, whichever is there; else as far as there is."""
    distance = round(reach * rng.uniform(0.75, 1.25))
    sides = [i for i in (t - distance, t + distance) if 0 <= i < length]
    return rng.choice(sides) if sides else max(0, length - 1, key=lambda i: abs(i - t))


def _i420(frame: VideoFrame, x: int, y: int) -> np.ndarray:
    """A crop of a yuv420p frame at an even place, uint8 [3/2 CROP, CROP]."""
    whole, h, w = frame.to_ndarray(format="yuv420p", threads=1), frame.height, frame.width
    luma = whole[:h][y : y + CROP, x : x + CROP]
    chroma = whole[h:].reshape(2, h // 2, w // 2)[:, y // 2 : (y + CROP) // 2, x // 2 : (x + CROP) // 2]
    return np.concatenate([luma, chroma.reshape(CROP // 2, CROP)])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", type=int, default=2)
    parser.add_argument("--screens", type=int, help="made by code [default: one for each three files]")
    parser.add_argument("--lines", choices=LINES, default="trained", help="that calls go over [default: trained]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    try:
        build(
            args.folder,
            args.out,
            args.variants,
            args.seed,
            args.processes,
            screens=args.screens,
            lines=args.lines,
        )
    except VidsharpError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
