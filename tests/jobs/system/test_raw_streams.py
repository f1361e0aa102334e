"""Streams without a container in a searched folder: taken, whole, and under a name that says what they have become."""

from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main

from tests.support import media, runs

RAW = {
    "a.264": "libx264",
    "b.h264": "libx264",
    "c.h265": "libx265",
    "d.hevc": "libx265",
    "e.ivf": "libvpx",
    "f.obu": "libsvtav1",
    "g.m2v": "mpeg2video",
    "h.265": "libx265",
}


def test_each_is_processed_to_a_whole_result(shared_ray: None, tmp_path: Path) -> None:
    calls, out = tmp_path / "calls", tmp_path / "out"
    runs.clip(calls / "z.mp4", frames=5)
    for name, codec in RAW.items():
        runs.clip(calls / name, codec=codec, frames=40, audio=0)
    result = process(runs.config(calls, out, encoder=None, preset=None, strength=0, measure="off", page=False))
    rows = {row["clip"]: row for row in result.rows}
    assert set(rows) == {*RAW, "z.mp4"}
    assert {row["status"] for row in result.rows} == {"done"}, [row.get("error") for row in result.rows]
    for name in RAW:
        row = rows[name]
        assert (row["out"], row["container"]) == (Path(name).with_suffix(".mkv").name, "matroska")
        assert row["note"].startswith("written as .mkv: ")
        assert ("stores no times" in row["note"]) == (not name.endswith(".ivf"))
        assert media.frame_indices(out / row["out"]) == list(range(40))
        with av.open(str(out / row["out"])) as made, av.open(str(calls / name)) as given:
            assert made.format.name == "matroska,webm"
            assert made.streams.video[0].codec_context.name == given.streams.video[0].codec_context.name
    assert not list(out.glob("*.264")), "no Matroska file is called what it is not"
    again = process(runs.config(calls, out, encoder=None, preset=None, strength=0, measure="off", page=False))
    assert again.count("skipped") == len(rows)


@pytest.mark.parametrize("verbose", [False, True])
def test_what_a_folder_holds_besides_is_counted_at_the_end(shared_ray: None, tmp_path: Path, verbose: bool) -> None:
    calls = tmp_path / "calls"
    runs.clip(calls / "a.mp4", frames=3)
    for name in ("a.srt", "deep/b.srt", "notes.txt", "LICENSE", ".DS_Store"):
        (calls / name).parent.mkdir(exist_ok=True)
        (calls / name).touch()
    words = ["process", str(calls), "--out", str(tmp_path / "out"), "--encoder", "libx264", "--no-report"]
    ended = CliRunner().invoke(main, [*words, *(["-v"] if verbose else [])])
    assert ended.exit_code == 0, ended.stderr
    said = ended.stdout.splitlines()
    assert said[-3:-1] == [
        "4 files were not taken as recordings: 2 .srt, 1 without an ending, 1 .txt (-v lists them; name one to have it "
        "tried)",
        "1 clip: 1 done",
    ]
    assert (f"{calls / 'deep' / 'b.srt'} is not taken as a recording" in ended.stderr) == verbose
