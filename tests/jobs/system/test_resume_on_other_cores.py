"""A run that was killed on a machine of few cores goes on, on one of many, to the same bytes: encoders left to
themselves take as many threads as there are cores, and most make other pictures, or even headers, with each number."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import machines, media, runs
from tests.support.kill_points import Runner

FEW, MANY = 1, 16
SIZE = (640, 360)
OPTIONS: dict[str, Any] = {"preset": None, "page": False, "measure": "off", "chunk_seconds": 0.25}

LEFT_TO_ITSELF = f"""
import io, os, re, av
with av.open(io.BytesIO(), "w", format="nut") as out:
    video = out.add_stream("libx264", rate=30, width={SIZE[0]}, height={SIZE[1]}, pix_fmt="yuv420p")
    video.codec_context.thread_count = 0
    packets = [*video.encode(av.VideoFrame(*{SIZE}, 'yuv420p')), *video.encode(None)]
print(os.cpu_count(), len(os.sched_getaffinity(0)), int(re.search(rb" threads=([0-9]+)", bytes(packets[0]))[1]))
"""
"""Prints how many cores Python finds, and how many threads x264 then takes, which notes its settings in the stream."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return machines.fake_cores(tmp_path_factory.mktemp("machines"))


@pytest.fixture(scope="module")
def small_and_large(library: Path) -> Iterator[tuple[Runner, Runner]]:
    made = [Runner(machines.environment(library, cores), cores) for cores in (FEW, MANY)]
    yield made[0], made[1]
    for runner in made:
        runner.close()


def test_python_and_encoders_take_these_machines_for_what_they_are_not(library: Path) -> None:
    found = {}
    for cores in (FEW, MANY):
        command = [sys.executable, "-c", LEFT_TO_ITSELF]
        said = subprocess.check_output(command, env=machines.environment(library, cores), text=True)
        *seen, found[cores] = map(int, said.split())
        assert seen == [cores, cores]
    assert found[FEW] < found[MANY]


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1"])
def test_killed_on_few_cores_and_resumed_on_many_it_has_the_very_same_packets(
    codec: str, small_and_large: tuple[Runner, Runner], tmp_path: Path
) -> None:
    """SVT-AV1 makes the same pictures with any number of threads: there, finished chunks must still count."""
    small, large = small_and_large
    calls, out, whole = (tmp_path / name for name in ("calls", "out", "whole"))
    source = runs.clip(calls / "call.mkv", frames=36, gop=12, size=SIZE, audio=0).path
    options = {**OPTIONS, "encoder": codec}
    undisturbed = small.run(calls, whole, **options)
    assert undisturbed.statuses == {"call.mkv": "done"}
    inside = [number for number, step in enumerate(undisturbed.steps) if step == "picture of chunk-00001"][4]
    assert small.run(calls, out, inside, **options).killed
    assert large.run(calls, out, **options).statuses == {"call.mkv": "resumed"}
    assert list(runs.table(out, "chunks")["reused"]) == [True, False, False]
    assert media.frame_hashes(out / source.name) == media.frame_hashes(whole / source.name)
    assert media.packet_md5(out / source.name, 0) == media.packet_md5(whole / source.name, 0)
