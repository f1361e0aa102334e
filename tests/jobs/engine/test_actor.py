"""An actor, without Ray: what it does on its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from vidsharp.models.fused.blend_library import fastest_set

from tests.support import runs

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # importing it fails
from pathlib import Path
from vidsharp.jobs.engine.actor import PrepareTask, SharpenActor
from vidsharp.jobs.engine.measure_task import MeasureTask
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.sharpen_chunk import ChunkTask
recording, folder = Path(sys.argv[1]), Path(sys.argv[2])
actor = SharpenActor(2)
actor.load(sys.argv[3], "cpu", 1.0)
prepared = actor.prepare(PrepareTask(recording, recording.name, folder, "key", 60.0, EncoderChoice()))
task = ChunkTask(prepared.info, prepared.chunks[0], prepared.encoder, folder, "key")
record = actor.sharpen(task, MeasureTask(range(3), None, preview=True))
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
