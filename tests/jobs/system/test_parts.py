"""A part of each recording as a job: exactly its pictures, a result of its own, a sentence where there is none."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.estimating import estimate_job
from vidsharp.jobs.estimating.estimate_config import EstimateConfig
from vidsharp.pipeline.errors import OutputError

from tests.support import media, runs
from tests.support.local_pool import InProcess, use, use_no_ray


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """Two seconds, 30 pictures each."""
    return runs.clip(tmp_path / "calls" / "a.mp4").path


def run(call: Path, **more: Any) -> dict[str, Any]:
    (row,) = process(runs.config(call, call.parents[1] / "out", **more)).rows
    return row


def typed(call: Path, *words: str) -> Result:
    options = ["--out", str(call.parents[1] / "out"), "--encoder", "libx264", "--preset", "ultrafast", "--no-report"]
    return CliRunner().invoke(main, ["process", str(call), *options, *words])


def test_a_part_is_made_and_told_of(call: Path) -> None:
    row = run(call, start=0.5, end=1.2, page=True)
    out = call.parents[1] / "out"
    assert media.frame_indices(out / "a.mp4") == list(range(15, 36))
    assert (row["status"], row["frames"], row["frames_lost"]) == ("done", 21, 0)
    kept = runs.table(out).loc["a.mp4"]
    assert (kept["start_s"], kept["end_s"]) == (0.5, 1.2)
    assert kept["note"].startswith("the part from 0.5 to 1.2 s")
    assert kept["duration_s"] == pytest.approx(0.7)
    assert "the part from 0.5 to 1.2 s" in (out / "report" / "index.html").read_text()
    assert run(call, start=0.5, end=1.2)["status"] == "skipped"


def test_another_part_under_a_finished_name_is_a_clash(call: Path) -> None:
    run(call, start=0.5, end=1.2)
    ended = typed(call, "--start", "0:01")
    out = call.parents[1] / "out"
    assert ended.exit_code == 1
    assert (
        f"{out / 'a.mp4'} was made of the part from 0.5 to 1.2 s; choose another --out for the part from 1 s on, or "
        "say --overwrite to replace it"
    ) in ended.stderr
    assert run(call)["status"] == "failed", "nor does the whole replace a part"
    assert media.frame_indices(out / "a.mp4") == list(range(15, 36))
    assert run(call, start=0.5, end=1.2)["status"] == "skipped", "its row is still there"
    assert run(call, start=1.0, overwrite=True)["frames"] == 30
    assert run(call, start=1.0)["status"] == "skipped"


@pytest.mark.parametrize(("start", "status"), [(0.5, "resumed"), (1.0, "done")])
def test_a_part_is_resumed_and_no_other_taken_for_it(
    start: float, status: str, call: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OutputError("no space is left")

    with monkeypatch.context() as patched:
        patched.setattr("vidsharp.jobs.processing.join_clip.mux_clip", full)
        assert run(call, start=0.5)["status"] == "failed"
    assert run(call, start=start)["status"] == status
    assert media.frame_indices(call.parents[1] / "out" / "a.mp4") == list(range(round(30 * start), 60))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--start", "5"], "shows its last picture at 1.967 s, before --start 5"),
        (["--start", "0.501", "--end", "0.502"], "shows no new picture from 0.501 to 0.502 s"),
    ],
)
def test_a_part_outside_of_the_clip_fails_in_a_sentence(words: list[str], sentence: str, call: Path) -> None:
    ended = typed(call, *words)
    assert ended.exit_code == 1
    assert f"{call} {sentence}" in ended.stderr
    assert not (call.parents[1] / "out" / "a.mp4").exists()


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        (2.0, 1.0, "--end 1 is not after --start 2: nothing is between them"),
        (None, 0.0, "--end 0 is not after --start 0"),
        (-1.0, None, "--start -1 is out of range: seconds since the recording's beginning, at least 0"),
        (float("nan"), None, "--start nan is out of range"),
        (None, float("inf"), "--end inf is out of range"),
    ],
)
def test_what_is_no_part_of_anything_is_wrong_usage(
    start: float | None, end: float | None, sentence: str, call: Path
) -> None:
    with pytest.raises(UsageError, match=sentence):
        run(call, start=start, end=end)


def test_a_recording_that_ends_earlier_is_taken_to_its_end_and_told_of(call: Path) -> None:
    row = run(call, start=1.5, end=30.0)
    assert row["frames"] == 15
    assert row["note"] == "the part from 1.5 s on; the recording ends before --end 30"


def test_a_reference_is_compared_picture_by_picture(call: Path) -> None:
    row = run(call, start=0.5, end=1.2, reference=call.parent, measure="every", strength=0.0)
    assert row["measured"] == 21
    assert row["ssim_ref_before"] == pytest.approx(1.0)


def test_an_estimate_reckons_with_the_part(call: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, InProcess(1.0))
    config = EstimateConfig((call,), sample_seconds=0.01, chunk_seconds=0.5, start=0.5, end=1.2)
    result = estimate_job.estimate(config)
    assert (result.frames, result.frames_exact) == (21, True)
    assert result.video_s == pytest.approx(0.7, abs=0.05)
