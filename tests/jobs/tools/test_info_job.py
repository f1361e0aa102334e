"""`vidsharp info`: what a run's file says, and what is said of a file that says nothing."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.processing.process_job import process
from vidsharp.jobs.tools.info_job import info, info_text
from vidsharp.models.nets.catalogue import weights_digest
from vidsharp.pipeline.errors import MediaError
from vidsharp.pipeline.fingerprint import source_of

from tests.support import media
from tests.support.local_pool import use_no_ray


def test_a_runs_file_says_how_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    source = media.call(tmp_path / "a.mp4", size=(64, 48), frames=30).path
    config = ProcessConfig((source,), tmp_path / "out", crf=30, strength=0.5, look=0.25, start=0.2, engine="local")
    assert process(config).count("done") == 1
    said = info(tmp_path / "out" / "a.mp4")
    assert said is not None
    assert said.student == f"fast sha256:{weights_digest('fast')}"
    assert (said.strength, said.look, said.chroma) == ("0.5", "0.25", "keep")
    assert said.part == "the part from 0.2 s on"
    assert said.encoder is not None
    assert said.encoder.startswith("libx264 crf=30 ")
    assert said.source == source_of(source, "").content
    shown = CliRunner().invoke(main, ["info", str(tmp_path / "out" / "a.mp4")]).output
    assert said.encoder in shown
    assert str(tmp_path) not in shown.partition("\n")[2]


def test_a_file_that_says_nothing(tmp_path: Path) -> None:
    path = media.call(tmp_path / "a.mp4", size=(64, 48), frames=30).path
    assert info(path) is None
    assert "says nothing of vidsharp" in info_text(path, None)


def test_what_is_no_recording_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(MediaError, match="is not a recording that can be opened"):
        info(tmp_path / "a.mp4")
