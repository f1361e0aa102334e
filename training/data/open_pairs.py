"""Finds out what a folder of training data is, and opens it; sharp photos and clips are made into pairs first."""

import json
from collections.abc import Callable
from pathlib import Path

from ..build_windows import build
from ..errors import DataError
from .crop_cache import open_crop_cache
from .image_pairs import holds_image_pairs, open_image_pairs
from .pair_set import PairSet
from .window_cache import INDEX, open_window_cache


def open_pairs(
    data: Path, cache: Path, *, variants: int, seed: int, processes: int, say: Callable[[str], None]
) -> tuple[PairSet, PairSet]:
    """(training pairs, validation pairs) of a folder, split by source.

    Args:
        data: `blur/` and `sharp/` pictures (GOPRO_Large and like layouts), or `photos/` and `clips/` that are sharp,
            or a cache of windows, or of crops, that was made of such.
        cache: where pairs made of photos and clips are kept; made only once.
        say: told when something takes long.

    Raises:
        DataError: nothing of this kind is there, pictures do not pair up, or the cache was made otherwise.
        SimulationError, ScreenError: as `build_windows.build`.
    """
    if not data.is_dir():
        raise DataError(f"There is no folder '{data}' to train on.")
    if (data / "train.json").is_file():
        return open_crop_cache(data, "train"), open_crop_cache(data, "val")
    if (data / INDEX).is_file():
        return open_window_cache(data, "train"), open_window_cache(data, "val")
    if holds_image_pairs(data):
        return open_image_pairs(data, "train"), open_image_pairs(data, "val")
    if not ((data / "photos").is_dir() or (data / "clips").is_dir()):
        raise DataError(
            f"'{data}' holds nothing to train on: looked for blur/ and sharp/ pictures (as in GOPRO_Large), "
            "for sharp photos/ and clips/, and for pairs made of those."
        )
    made_of = {"data": str(data.resolve()), "variants": variants, "seed": seed}
    note = cache / "made_of.json"
    if not note.is_file():
        say(f"making windows of '{data}' in '{cache}' (once; minutes)")
        build(data, cache, variants, seed, processes, say)
        note.write_text(json.dumps(made_of) + "\n")
    elif json.loads(note.read_text("utf-8")) != made_of:
        raise DataError(
            f"The windows in '{cache}' were made of other data or with other settings; name another --cache."
        )
    return open_window_cache(cache, "train"), open_window_cache(cache, "val")
