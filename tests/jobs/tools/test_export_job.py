"""A student written as an ONNX file, which a run then takes."""

import json
from pathlib import Path

import pytest
from vidsharp.jobs.config import ProcessConfig, UsageError
from vidsharp.jobs.processing.process_job import process
from vidsharp.jobs.tools.export_job import export
from vidsharp.models.nets.catalogue import weights_digest

from tests.support import media
from tests.support.local_pool import use_no_ray

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def test_a_run_with_it_gives_the_students_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    file = export("fast", tmp_path / "nets" / "ours.onnx")
    clip = media.call(tmp_path / "a.mkv", size=(128, 96), frames=12).path
    made = {}
    for name, model in (("ours", "fast"), ("theirs", str(file))):
        config = ProcessConfig((clip,), tmp_path / name, model=model, encoder="ffv1", device="cpu", page=False)
        assert process(config).count("done") == 1
        made[name] = [planes[0] for planes in media.decoded_planes(tmp_path / name / "a.mkv")]
    pairs = zip(made["ours"], made["theirs"], strict=True)
    assert all(abs(mine.astype(int) - theirs).max() <= 1 for mine, theirs in pairs)
    (network,) = json.loads((tmp_path / "theirs" / "report" / "run.json").read_text())["networks"]
    assert (network["name"], network["sha256"]) == ("ours", weights_digest(file))
    assert network["licence"].startswith("Apache-2.0")


def test_nothing_is_replaced_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert export("fast") == Path("fast.onnx")
    with pytest.raises(UsageError, match="is there already"):
        export("fast")
    before = Path("fast.onnx").read_bytes()
    export("fast", look=0.0, overwrite=True)
    assert Path("fast.onnx").read_bytes() != before


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.onnx"):
        export("fast", tmp_path / "fast.pt")
