"""Asks a restoration teacher what it makes of a cache's soft pictures, and keeps its answers beside them.

    python -m vidsharp.training.label_windows CACHE --teacher realesrgan --each 8

Answers that are there already are kept, so an interrupted run goes on, and a second one with `--each 4` only adds to
them. What a teacher is not asked about stands beside it (`teachers/__init__.py`).
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from ..models.errors import VidsharpError
from ..pipeline.atomic import make_folder
from ..pipeline.ownership import MARK, mark_made, refuse_others
from .data.crop_cache import cut_i420
from .data.labels import LABELS, label_file, save_label
from .data.pair_set import Window
from .data.window_cache import CROP, Part, WindowCache, open_window_cache
from .loss.losses import luma
from .teachers import TEACHERS, Teacher

_BY = "label_windows"


def wanted(cache: WindowCache, teacher: Teacher, each: int) -> Iterator[tuple[Part, int, int]]:
    """(part, window in it, number in the cache) of one window of `each` in a row, of every part that is asked about."""
    first = 0
    for part in cache.parts:
        if part.level not in teacher.without and (teacher.screens or part.subject == "camera"):
            for window in range(0, len(part.ages), each):
                yield part, window, first + window
        first += len(part.ages)


def label(
    cache: WindowCache, teacher: str, each: int, say: Callable[[str], None] = print, share: int = 0, of: int = 1
) -> int:
    """Writes the answers that are missing; returns how many there are now.

    Args:
        each: one window of so many in a row is shown.
        share, of: this process does every `of`-th one, beginning with number `share`.

    Raises:
        CheckpointError: the teacher's weights are not here.
        NotOursError: answers of other weights of this teacher are there.
        OutputError: the cache cannot be written.
    """
    asked, folder = TEACHERS[teacher], cache.folder / LABELS / teacher
    if asked.weights is not None:
        mark, weights = folder.parent / MARK, asked.weights()
        remedy = "answers of other weights do not mix: remove these, and label again"
        refuse_others(mark, [teacher], _BY, weights, remedy=remedy)
        make_folder(mark.parent)
        mark_made(mark, _BY, {teacher: None}, weights)
    restore = asked.load()
    todo = list(wanted(cache, asked, each))[share::of]
    began, made = time.monotonic(), 0
    whole = Window(0, 0, CROP, CROP)
    for number, (part, window, index) in enumerate(todo, start=1):
        path = label_file(folder, part.file, window)
        if path.exists():
            continue
        answer = luma(restore(cut_i420(cache.centre(index), asked.domain, whole)[None], part.level))[0, 0]
        save_label(path, (answer * 255 + 0.5).to(torch.uint8).numpy())
        made += 1
        if made % 50 == 0:
            say(f"{number} of {len(todo)} windows; {(time.monotonic() - began) / made:.1f} s for each")
    return len(todo)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--teacher", choices=sorted(TEACHERS), default="realesrgan")
    parser.add_argument("--each", type=_at_least_one, default=8, help="one window of so many is shown [default: 8]")
    parser.add_argument("--split", choices=("train", "val"), default="train")
    parser.add_argument(
        "--share", type=_share, default=(0, 1), metavar="I/N", help="for several processes on one cache"
    )
    parser.add_argument("--threads", type=_at_least_one, default=os.cpu_count() or 1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    share, of = args.share
    try:
        count = label(open_window_cache(args.cache, args.split), args.teacher, args.each, share=share, of=of)
    except VidsharpError as error:
        parser.error(str(error))
    print(f"{count} windows have an answer")


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 up")
    return int(text)


def _share(text: str) -> tuple[int, int]:
    share, slash, of = text.partition("/")
    if not (slash and share.isdecimal() and of.isdecimal() and int(share) < int(of)):
        raise argparse.ArgumentTypeError(f"'{text}' is no share; the first of four is 0/4, the last 3/4")
    return int(share), int(of)


if __name__ == "__main__":
    main()
