"""An actor, without Ray: what it does on its own."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from vidsharp.jobs.engine.actor import Prepared, PrepareTask, SharpenActor
from vidsharp.models.fused.blend_library import fastest_set
from vidsharp.pipeline import gpu_encode
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.encoders import ENCODERS
from vidsharp.pipeline.fingerprint import see
from vidsharp.pipeline.sharpen_chunk import ChunkTask

from tests.support import runs

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # importing it fails
from pathlib import Path
from vidsharp.jobs.engine.actor import PrepareTask, SharpenActor
from vidsharp.jobs.engine.measure_task import MeasureTask
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.fingerprint import see
from vidsharp.pipeline.sharpen_chunk import ChunkTask
from vidsharp.pipeline.workspace import Workspace
recording, folder = Path(sys.argv[1]), Path(sys.argv[2])
actor = SharpenActor(2)
actor.load(sys.argv[3], "cpu", 1.0)
prepared = actor.prepare(PrepareTask(recording, "a", folder, "key", 60.0, EncoderChoice(), see(recording, "a")))
task = ChunkTask(prepared.info, prepared.chunks[0], prepared.encoder, folder, "key")
assert actor.sharpen(task, MeasureTask(range(3), None, preview=True)).frames == 60
record = Workspace(folder, "key").done(prepared.chunks)[0]
assert len(record.pts) == 60, record
assert [figures["index"] for figures in record.measured] == [0, 1, 2], record
assert all(figures["ssim_input"] < 1 for figures in record.measured), record
"""


@pytest.mark.skipif(not fastest_set(), reason="needs the C library and a processor with AVX2 or NEON")
@pytest.mark.parametrize("model", ["fast", "balanced"])
def test_what_the_c_library_does_needs_no_torch(model: str, tmp_path: Path) -> None:
    """Importing torch takes longer than a short clip's frames, and 200 MiB."""
    recording = runs.clip(tmp_path / "call.mp4").path
    arguments = [sys.executable, "-c", WITHOUT_TORCH, recording, tmp_path / "work", model]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    assert list((tmp_path / "work").rglob("*.preview")), "the frame to show"


def test_it_is_seen_to_get_on_before_the_first_picture_of_its_own(tmp_path: Path) -> None:
    """A chunk inside a long GOP decodes others' pictures first, for minutes; who stands still for as long is ended."""
    recording = runs.clip(tmp_path / "call.mp4", gop=1000).path
    actor, told = SharpenActor(1), []
    actor.load("fast", "cpu", 1.0)
    seen = see(recording, "a")
    prepared = actor.prepare(PrepareTask(recording, "a", tmp_path / "work", "key", 0.4, EncoderChoice(), seen))
    assert isinstance(prepared, Prepared)
    *_, last = prepared.chunks
    assert len(prepared.chunks) > 2
    actor._read = lambda read=actor._read: (read(), told.append(actor.frames_done()))  # type: ignore[method-assign]
    actor.sharpen(ChunkTask(prepared.info, last, prepared.encoder, tmp_path / "work", "key"), None)
    pre_roll = 60 - last.frames
    assert told[:pre_roll] == [-number for number in range(1, pre_roll + 1)]
    assert actor.frames_done() == last.frames


def test_it_plans_with_the_gpus_encoder_and_says_where_that_does_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = runs.clip(tmp_path / "call.mp4").path
    actor, seen = SharpenActor(1), see(recording, "a")
    actor.load("fast", "cpu", 1.0)

    def prepared(*on_gpu: str) -> Prepared:
        choice = EncoderChoice(on_gpu=on_gpu)
        made = actor.prepare(PrepareTask(recording, "a", tmp_path / "work", "key", 0.4, choice, seen))
        assert isinstance(made, Prepared)
        return made

    first = prepared("h264_nvenc")
    note = "encoded on the CPU: h264_nvenc does not take its pictures"
    assert (first.encoder.name, first.notes) == ("libx264", (note,)), "there is none here"
    assert prepared().notes == ()
    monkeypatch.setattr(gpu_encode, "ON_GPU_OF_CODEC", {"h264": "ffv1"})
    monkeypatch.setitem(ENCODERS, "ffv1", replace(ENCODERS["ffv1"], on_gpu_codecs=("h264",)))  # type: ignore[arg-type]
    (tmp_path / "work" / "manifest.json").unlink()
    assert (prepared("ffv1").encoder.name, prepared("ffv1").notes) == ("ffv1", ())
    assert prepared().encoder.name == "libx264", "who does without a GPU's encoder gets another plan"
