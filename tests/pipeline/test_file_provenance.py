"""Files say how they were made, whatever container they are in, and say nothing of what they were made of."""

import shutil
from dataclasses import replace
from pathlib import Path

import av
import pytest
from vidsharp.pipeline.file_provenance import FileProvenance, provenance_in, read_provenance
from vidsharp.pipeline.mux import MuxResult, mux_clip

from tests.support import media
from tests.support.whole_way import LOSSLESS, plan_of, sharpen_all, stub

_MADE = FileProvenance(
    version="9.9",
    student="fast sha256:00ff",
    strength="1",
    encoder="libx264 crf=18 x264-params=a=1:b=2",
    source="0123",
    part="the part from 1 to 2 s",
)


def _made(source: Path, target: Path, provenance: FileProvenance | None) -> MuxResult:
    info, chunks = plan_of(source)
    records, files = sharpen_all(info, chunks, target.parent / "work", LOSSLESS, stub(0))
    return mux_clip(info, records, files, target, provenance=provenance)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_a_file_says_how_it_was_made(tmp_path: Path, name: str) -> None:
    source = media.call(tmp_path / name, size=(64, 48), frames=30).path
    _made(source, tmp_path / f"out{name}", _MADE)
    assert read_provenance(tmp_path / f"out{name}") == _MADE
    assert read_provenance(source) is None


def test_a_phones_own_tags_stay_beside_it(tmp_path: Path) -> None:
    plain, source = media.call(tmp_path / "plain.mov", size=(64, 48), frames=30).path, tmp_path / "a.mov"
    with (
        av.open(str(plain)) as old,
        av.open(str(source), "w", format="mov", container_options={"movflags": "use_metadata_tags"}) as new,
    ):
        new.metadata["com.apple.quicktime.model"] = "iPhone"
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    _made(source, tmp_path / "out.mov", _MADE)
    assert read_provenance(tmp_path / "out.mov") == _MADE
    with av.open(str(tmp_path / "out.mov")) as container:
        assert container.metadata["com.apple.quicktime.model"] == "iPhone"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_file_that_is_sharpened_again_says_only_how_it_was_made_last(tmp_path: Path, name: str) -> None:
    source = media.call(tmp_path / name, size=(64, 48), frames=30).path
    first, second, third = (tmp_path / f"{which}{name}" for which in ("first", "second", "third"))
    _made(source, first, _MADE)
    shutil.rmtree(tmp_path / "work")
    later = replace(_MADE, version="10", part=None)
    assert "had been sharpened before, by vidsharp 9.9 with fast" in "; ".join(_made(first, second, later).notes)
    assert read_provenance(second) == later
    shutil.rmtree(tmp_path / "work")
    _made(second, third, None)
    assert read_provenance(third) is None


def test_tags_are_read_whatever_their_letters_and_others_are_passed_over() -> None:
    assert provenance_in({"vidsharp_version": "1", "Vidsharp_Later": "x", "title": "t"}) == FileProvenance("1")
    assert provenance_in({"VIDSHARP_STUDENT": "fast"}) is None
    assert provenance_in({"xVIDSHARP_VERSION": "1"}) is None
