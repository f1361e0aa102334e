"""Parameters of the software encoders in their own languages: HDR10 metadata, threads, silence, reproducible output.

Each function gives options beyond FFmpeg's common ones, by option name; each a list of `key=value` joined with colons.
"""

from collections.abc import Mapping
from functools import cache

from .hdr import in_decimals, in_integers
from .probe import ClipInfo
from .proc_files import cpu_flags

_THREADS = ((3840 * 2160, 8), (1920 * 1080, 4), (1280 * 720, 2))
"""From so many pixels on, so many threads: enough to keep up with the student at each size."""


def threads_for(info: ClipInfo) -> int:
    """How many threads an encoder has: by the size of the pictures alone, since most encoders make other pictures, or
    the same ones of other bytes, with another number. So a clip comes out alike on every machine."""
    pixels = info.width * info.height
    return next((threads for least, threads in _THREADS if pixels >= least), 1)


def x264_parameters(info: ClipInfo, threads: int) -> Mapping[str, str]:
    """x264 knows its number of threads by FFmpeg."""
    fields = ["bff=1"] if info.interlaced and info.bottom_field_first else []
    parameters = [*fields, *_hdr(info, mastering="mastering-display", light="cll")]
    return {"x264-params": ":".join(parameters)} if parameters else {}


@cache
def x264_here() -> Mapping[str, str]:
    """Keeps x264 to AVX2. Its AVX-512 code reads memory that nothing has written (the macroblock tree's): the same
    pictures give other bytes from time to time, and a resumed run must equal an undisturbed one. `MALLOC_PERTURB_`
    shows it; AVX2 is as fast within what can be measured. Every CPU with AVX-512 has AVX2."""
    return {"x264-params": "asm=AVX2"} if any(flag.startswith("avx512") for flag in cpu_flags()) else {}


def x265_parameters(info: ClipInfo, threads: int) -> Mapping[str, str]:
    """What is not said here, x265 chooses by the machine's number of cores."""
    workers = [f"pools={threads}", f"frame-threads={max(1, threads // 2)}", "wpp=1"]
    parameters = ["log-level=error", *workers, *_hdr(info, mastering="master-display", light="max-cll")]
    return {"x265-params": ":".join(parameters)}


def svtav1_parameters(info: ClipInfo, threads: int) -> Mapping[str, str]:
    """SVT-AV1 takes numbers with decimals, where the others take integers."""
    parameters = [f"lp={threads}"]
    if info.mastering:
        parameters.append(f"mastering-display={in_decimals(info.mastering)}")
    if info.light_level:
        parameters.append(f"content-light={info.light_level.max_content},{info.light_level.max_frame_average}")
    return {"svtav1-params": ":".join(parameters)}


def _hdr(info: ClipInfo, *, mastering: str, light: str) -> list[str]:
    parameters = [f"{mastering}={in_integers(info.mastering)}"] if info.mastering else []
    if info.light_level:
        parameters.append(f"{light}={info.light_level.max_content},{info.light_level.max_frame_average}")
    return parameters
