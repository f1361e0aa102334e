"""The same input, settings and version give the same pictures, whatever the machine does; what differs never mixes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import av
import pytest
from vidsharp.jobs import process
from vidsharp.jobs.engine.protocol import NodeLost
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.models.fused.blend_library import fastest_set
from vidsharp.models.fused.fused_blend import FusedBlend
from vidsharp.pipeline import encoders

from tests.support import media, runs
from tests.support.kill_points import Runner
from tests.support.local_pool import InProcess, use, use_no_ray

needs_library = pytest.mark.skipif(not fastest_set(), reason="needs the C library, to be different from torch")
ENCODERS = ["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "mpeg4", "mpeg2video", "mjpeg", "ffv1"]
OWN: dict[str, Any] = {"preset": None, "page": False, "measure": "off"}


@pytest.fixture
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)


@contextmanager
def busy(processes: int = 3) -> Iterator[None]:
    """A machine whose cores have other things to do."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


# --- Load and cores ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_no_ray")
@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_number_of_cores_changes_nothing(encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
    source = runs.clip(tmp_path / "call.mkv", frames=12, gop=12, size=(640, 360), pix_fmt=pix_fmt, audio=0).path
    packets = set()
    for cores in (1.0, 2.0, 4.0):
        out = tmp_path / f"{cores}"
        use_no_ray(monkeypatch, cores)
        (row,) = process(runs.config(source, out, encoder=encoder, **OWN)).rows
        assert row["status"] == "done", row
        packets.add(media.packet_md5(out / "call.mkv", 0))
    assert len(packets) == 1


@pytest.mark.usefixtures("_no_ray")
def test_vp8_does_not_depend_on_what_else_the_machine_does(tmp_path: Path) -> None:
    """Beside others it had less time for each picture, and looked at it less closely."""
    source = media.webm(tmp_path / "call.webm", frames=30, gop=30, size=(640, 360), audio=0).path
    packets = set()
    for turn in range(3):
        with busy(3 * (turn % 2)):
            process(runs.config(source, tmp_path / f"{turn}", encoder=None, **OWN))
        packets.add(media.packet_md5(tmp_path / f"{turn}" / "call.webm", 0))
    assert len(packets) == 1


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9", "libsvtav1", "libx265"])
def test_killed_and_resumed_it_has_the_very_same_frames(codec: str, runner: Runner, tmp_path: Path) -> None:
    """VP8 and VP9 beside others that want the cores; the other two would take minutes for each frame there."""
    calls = tmp_path / "calls"
    source = runs.clip(calls / "call.mkv", frames=24, gop=8, size=(480, 270), audio=0).path
    options = {**OWN, "encoder": codec, "chunk_seconds": 0.25}
    whole = runner.run(calls, tmp_path / "whole", **options)
    assert whole.statuses == {"call.mkv": "done"}
    inside = [number for number, step in enumerate(whole.steps) if step == "picture of chunk-00001"][4]
    assert runner.run(calls, tmp_path / "out", inside, **options).killed
    with busy(3 if codec.startswith("libvpx") else 0):
        assert runner.run(calls, tmp_path / "out", **options).statuses == {"call.mkv": "resumed"}
    assert list(runs.table(tmp_path / "out", "chunks")["reused"]) == [True, False, False]
    name = source.name
    assert media.frame_hashes(tmp_path / "out" / name) == media.frame_hashes(tmp_path / "whole" / name)


# --- What is different does not mix -----------------------------------------------------------------------------------


class Stop(NoWatcher):
    """Ends a run when its first chunks are done."""

    def clip_moved(self, clip: str, done: int) -> None:
        if done:
            raise KeyboardInterrupt


def by_torch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FusedBlend, "takes", staticmethod(lambda student: False))


def newer_version(patch: pytest.MonkeyPatch) -> None:
    true = metadata.version
    patch.setattr(metadata, "version", lambda name: "99.0" if name == "vidsharp" else true(name))


def newer_libraries(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(av, "library_versions", {**av.library_versions, "libavcodec": (99, 0, 0)})


CHANGES = [pytest.param(by_torch, marks=needs_library), newer_version, newer_libraries]


@pytest.mark.usefixtures("_no_ray")
@pytest.mark.parametrize("change", CHANGES)
def test_chunks_that_were_made_otherwise_are_made_again(
    change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = runs.clip(tmp_path / "call.mp4").path
    with pytest.raises(KeyboardInterrupt):
        process(runs.config(source, tmp_path / "out"), Stop())
    assert list((tmp_path / "out").glob(".vidsharp/*/chunk-?????.json"))
    change(monkeypatch)
    (row,) = process(runs.config(source, tmp_path / "out")).rows
    assert not runs.table(tmp_path / "out", "chunks")["reused"].any(), "half of one kind and half of another"
    assert row["status"] == "done"
    process(runs.config(source, tmp_path / "whole"))
    assert media.frame_hashes(tmp_path / "out" / "call.mp4") == media.frame_hashes(tmp_path / "whole" / "call.mp4")


OF_0_1 = (2, ("made_by", "made_with", "encoder"))
WITHOUT_AN_ENCODER = (3, ("encoder",))
"""Of the time when plans did not say how their chunks are encoded."""


@pytest.mark.usefixtures("_no_ray")
@pytest.mark.parametrize(("number", "lacking"), [OF_0_1, WITHOUT_AN_ENCODER])
def test_an_unfinished_run_of_an_earlier_format_is_done_again(
    number: int, lacking: tuple[str, ...], tmp_path: Path
) -> None:
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        process(runs.config(source, out), Stop())
    for file in out.glob(".vidsharp/*/*.json"):
        data = json.loads(file.read_bytes())
        data = {name: value for name, value in data.items() if name not in lacking}
        file.write_text(json.dumps({**data, "format": number}))
    (row,) = process(runs.config(source, out)).rows
    assert (row["status"], row["frames"]) == ("done", 60)
    assert not runs.table(out, "chunks")["reused"].any(), "nobody knows what made them"


@pytest.mark.usefixtures("_no_ray")
def test_an_unfinished_clip_keeps_the_encoder_of_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults may change before it is taken up again; half of it is encoded by the old ones."""
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"
    process(runs.config(source, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        process(runs.config(source, out), Stop())
    coarse = replace(encoders.ENCODERS["libx264"], quality={"crf": "45"})
    monkeypatch.setattr(encoders, "ENCODERS", {**encoders.ENCODERS, "libx264": coarse})
    assert process(runs.config(source, out)).rows[0]["status"] == "resumed"
    assert media.packet_md5(out / "call.mp4", 0) == media.packet_md5(tmp_path / "whole" / "call.mp4", 0)
    process(runs.config(source, tmp_path / "coarse"))
    assert media.packet_md5(tmp_path / "coarse" / "call.mp4", 0) != media.packet_md5(out / "call.mp4", 0)


@pytest.mark.usefixtures("_no_ray")
@pytest.mark.parametrize("told", [{"crf": "45", "preset": "ultrafast"}, {"tuen": "film"}])
def test_chunks_count_only_with_the_encoder_that_made_them(told: dict[str, str], tmp_path: Path) -> None:
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        process(runs.config(source, out), Stop())
    (plan,) = out.glob(".vidsharp/*/manifest.json")
    data = json.loads(plan.read_bytes())
    data["encoder"]["options"] = told
    plan.write_text(json.dumps(data))
    assert process(runs.config(source, out)).rows[0]["status"] == "done"
    assert not runs.table(out, "chunks")["reused"].any()


@pytest.mark.usefixtures("_no_ray")
@pytest.mark.parametrize("change", CHANGES)
def test_finished_clips_stay_finished(change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = runs.clip(tmp_path / "call.mp4", frames=15).path
    process(runs.config(source, tmp_path / "out"))
    change(monkeypatch)
    (row,) = process(runs.config(source, tmp_path / "out")).rows
    assert row["status"] == "skipped"


class Unlike(InProcess):
    """Two machines that are not alike: only the first worker's has the C library. It may be lost after a chunk."""

    def __init__(self, loses_the_first: bool) -> None:
        super().__init__()
        self._loses_the_first = loses_the_first
        self._first: Any = None
        self._done = 0
        self.lost = False

    def nodes(self) -> list[dict[str, float]]:
        return super().nodes() * 2

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> Any:
        worker = super().start(worker_class, threads, gpus, *arguments, name=name)
        self._first = self._first or worker
        return worker

    def submit(self, worker: Any, method: str, *arguments: Any) -> Any:
        return partial(self._call, worker, method, arguments)

    def _call(self, worker: Any, method: str, arguments: tuple[Any, ...]) -> Any:
        if worker is self._first and self._loses_the_first and self._done >= 2:
            self.lost = True
            raise NodeLost("the first machine is gone")
        with pytest.MonkeyPatch.context() as patch:
            if method == "load" and worker is not self._first:
                by_torch(patch)
            value = getattr(worker, method)(*arguments)
        self._done += method != "load"
        return value


@needs_library
@pytest.mark.usefixtures("_no_ray")
@pytest.mark.parametrize("loses_the_first", [False, True])
def test_one_clip_is_made_in_one_way_where_nodes_are_not_alike(
    loses_the_first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = runs.clip(tmp_path / "call.mp4", frames=90, size=(320, 180)).path
    lossless: dict[str, Any] = {"encoder_options": {"qp": "0"}, **OWN, "preset": "ultrafast"}
    with monkeypatch.context() as patch:
        engine = Unlike(loses_the_first)
        use(patch, engine)
        (row,) = process(runs.config(source, tmp_path / "out", **lossless)).rows
    assert (row["status"], row["frames"]) == ("done", 90), row
    assert engine.lost == loses_the_first
    if loses_the_first:
        by_torch(monkeypatch)
    process(runs.config(source, tmp_path / "whole", **lossless))
    assert media.frame_hashes(tmp_path / "out" / "call.mp4") == media.frame_hashes(tmp_path / "whole" / "call.mp4")
