"""What an estimate's worker says of a recording that it does not read through."""

from pathlib import Path

import pytest
from vidsharp.jobs.estimating.sample_actor import SampleActor
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.errors import EncoderError
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.survey import read_through

from tests.support import media


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuva420p"])
@pytest.mark.parametrize("encoder", ["libx264", "ffv1", None])
def test_it_is_written_as_one_that_is_read_through(tmp_path: Path, pix_fmt: str, encoder: str | None) -> None:
    """With transparency, too, which most encoders do not take, so that it is left out."""
    clip = media.call(tmp_path / "a.mkv", codec="ffv1", pix_fmt=pix_fmt, size=(160, 96), frames=2, audio=0)
    choice = EncoderChoice(encoder)
    looked = SampleActor(1).look(clip.path, 10.0, choice, read=False)
    held, plan, _ = read_through(probe(clip.path), choice)
    assert (looked.info, looked.encoder) == (held, plan)
    assert looked.chunks == ()


def test_an_encoder_that_does_not_open_is_said(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", size=(160, 96), frames=2, audio=0)
    with pytest.raises(EncoderError, match="knows no option nonsense"):
        SampleActor(1).look(clip.path, 10.0, EncoderChoice("libx264", options={"nonsense": "1"}), read=False)
