"""No result takes the place of a recording that the same command reads, whatever it is called."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main

from tests.support import runs


@pytest.mark.parametrize("command", ["process", "simulate"])
def test_a_result_over_another_input_is_refused_before_any_work(shared_ray: None, tmp_path: Path, command: str) -> None:
    calls, out = tmp_path / "rec", tmp_path / "rec" / "out"
    runs.clip(calls / "a" / "b.ts", frames=5)
    only_copy = runs.clip(out / "a" / "b.ts", frames=8).path
    before = only_copy.read_bytes()
    more = {
        "process": ["--overwrite", "--encoder", "libx264", "--preset", "ultrafast", "--strength", "0", "--no-report"],
        "simulate": ["--level", "light"],
    }
    words = [command, calls, only_copy, "--out", out, *more[command]]
    ended = CliRunner().invoke(main, [str(word) for word in words])
    assert only_copy.read_bytes() == before
    assert ended.exit_code == 2
    assert f"over {only_copy}, which this command reads; choose another --out folder" in ended.stderr
    assert runs.files(out) == {"a/b.ts"}


def test_a_result_that_becomes_mkv_spares_an_input_of_that_name(shared_ray: None, tmp_path: Path) -> None:
    """`sub/call.webm` cannot hold H.264; `call.mkv` beside its result is another recording of the run."""
    calls, out = tmp_path / "rec", tmp_path / "out"
    runs.clip(calls / "sub" / "call.webm", frames=5, codec="libvpx")
    only_copy = runs.clip(out / "sub" / "call.mkv", frames=8).path
    before = only_copy.read_bytes()
    result = process(runs.config((calls, only_copy), out, overwrite=True, page=False, strength=0))
    assert only_copy.read_bytes() == before
    assert {row["clip"]: (row["status"], row["out"]) for row in result.rows} == {
        "sub/call.webm": ("done", "sub/call.webm.mkv"),
        "call.mkv": ("done", "call.mkv"),
    }
