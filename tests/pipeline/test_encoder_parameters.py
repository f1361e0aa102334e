"""Each software encoder is told in its own words, and x264 gives the same bytes for the same pictures."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from vidsharp.pipeline.encoder import EncoderChoice, options_here, resolve_encoder
from vidsharp.pipeline.encoder_parameters import threads_for
from vidsharp.pipeline.probe import ClipInfo, probe

from tests.support import media

DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
SVT_DISPLAY = "G(0.26500,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31270,0.32900)L(1000.0000,0.0001)"
ASM = "asm=AVX2:" if Path("/proc/cpuinfo").exists() and "avx512" in Path("/proc/cpuinfo").read_text() else ""


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    return probe(media.hdr10(tmp_path_factory.mktemp("clip") / "a.mp4", frames=2, size=(160, 96)).path)


def parameters(name: str, info: ClipInfo) -> dict[str, str]:
    """What an encoder is told in its own language."""
    told = options_here(resolve_encoder(EncoderChoice(name), info))
    return {option: value for option, value in told.items() if option.endswith("-params")}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "libx265",
            {"x265-params": f"log-level=error:pools=1:frame-threads=1:wpp=1:master-display={DISPLAY}:max-cll=1000,400"},
        ),
        ("libx264", {"x264-params": f"{ASM}mastering-display={DISPLAY}:cll=1000,400"}),
        ("libsvtav1", {"svtav1-params": f"lp=1:mastering-display={SVT_DISPLAY}:content-light=1000,400"}),
        ("ffv1", {}),
    ],
)
def test_each_encoder_is_told_in_its_own_words(name: str, expected: dict[str, str], info: ClipInfo) -> None:
    assert parameters(name, info) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libx265", {"x265-params": "log-level=error:pools=4:frame-threads=2:wpp=1"}),
        ("libsvtav1", {"svtav1-params": "lp=4"}),
    ],
)
def test_pictures_without_it_get_none(name: str, expected: dict[str, str], info: ClipInfo) -> None:
    large = replace(info, mastering=None, light_level=None, width=1920, height=1080)
    assert parameters(name, large) == expected


def test_threads_follow_from_the_size_alone(info: ClipInfo) -> None:
    sizes = [(640, 360), (1280, 720), (720, 1280), (1920, 1080), (3840, 2160)]
    threads = [threads_for(replace(info, width=width, height=height)) for width, height in sizes]
    assert threads == [1, 2, 2, 4, 8]
    large = replace(info, width=3840, height=2160)
    planned = {name: resolve_encoder(EncoderChoice(name), large).threads for name in ("libx264", "libvpx")}
    assert planned == {"libx264": 8, "libvpx": 1}


def test_light_level_alone_is_said_alone(info: ClipInfo) -> None:
    alone = replace(info, mastering=None)
    assert parameters("libx265", alone)["x265-params"].endswith(":wpp=1:max-cll=1000,400")


ENCODE = """
import sys
from pathlib import Path
from tests.support.whole_way import plan_of, sharpen_all, stub
from vidsharp.pipeline.encoder import EncoderChoice
info, chunks = plan_of(Path(sys.argv[1]), seconds=100)
_, [file] = sharpen_all(info, chunks, Path(sys.argv[2]), EncoderChoice("libx264"), stub(0))
"""


def test_x264_does_not_depend_on_what_memory_held_before(tmp_path: Path) -> None:
    """Else a chunk computed again after a crash could differ from the first try: glibc fills new memory with a byte of
    choice here, which changed the output where x264 used AVX-512."""
    clip = media.b_frames(tmp_path / "a.mp4", frames=60, size=(176, 144))
    written = set()
    for fill in ("0", "1", "85"):
        folder = tmp_path / fill
        command = [sys.executable, "-c", ENCODE, str(clip.path), str(folder)]
        subprocess.run(command, check=True, env={**os.environ, "MALLOC_PERTURB_": fill}, cwd=Path(__file__).parents[2])
        [file] = folder.rglob("*.nut")
        written.add(media.packet_md5(file, 0))
    assert len(written) == 1
