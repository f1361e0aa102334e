"""Estimates of tiny recordings: what there is must be counted exactly; of what it takes, that it takes something."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from vidsharp.jobs import Estimate, EstimateConfig, estimate, process
from vidsharp.jobs.cli.estimate import estimate_figures, estimate_text
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.estimating import estimate_config, look_at_clips, sample_actor
from vidsharp.jobs.estimating.sample_actor import SampleActor
from vidsharp.jobs.processing.run_settings import fingerprint_settings
from vidsharp.models.errors import ModelError
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.errors import EncoderError
from vidsharp.pipeline.fingerprint import StateKeys, see
from vidsharp.pipeline.workspace import Workspace

from tests.support import media, runs
from tests.support.local_pool import InProcess, use

QUICK: dict[str, Any] = {**runs.QUICK, "device": "cpu", "workers": 1, "sample_seconds": 0.5}


def config(*inputs: Path, **more: Any) -> EstimateConfig:
    return EstimateConfig(inputs=inputs, **{**QUICK, **more})


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of one kind, one of another, and two that are none."""
    folder = tmp_path_factory.mktemp("calls")
    runs.clip(folder / "a.mp4")
    runs.clip(folder / "deep" / "b.mkv", frames=30)
    runs.clip(folder / "small.mp4", size=(128, 64), frames=45)
    media.text_file(folder / "notes.mp4")
    media.empty_file(folder / "empty.mp4")
    return folder


@pytest.fixture(scope="module")
def estimated(shared_ray: None, folder: Path) -> Estimate:
    return estimate(config(folder))


def test_what_there_is_is_counted(estimated: Estimate) -> None:
    assert (estimated.recordings, estimated.finished, estimated.frames, estimated.frames_exact) == (3, 0, 135, True)
    assert estimated.chunks == 4 + 2 + 3
    assert estimated.video_s == pytest.approx(135 / 30, abs=0.3)
    counted = {(one.kind.width, one.kind.height): (one.recordings, one.frames) for one in estimated.kinds}
    assert counted == {runs.SIZE: (2, 90), (128, 64): (1, 45)}
    assert {(one.kind.codec, one.kind.bit_depth, one.kind.encoder) for one in estimated.kinds} == {
        ("h264", 8, "libx264")
    }


def test_it_takes_something(estimated: Estimate) -> None:
    assert estimated.wall_s > estimated.start_s > 0
    assert estimated.worker_s > 0
    assert estimated.core_s > 0
    assert estimated.gpu_s is None
    assert estimated.bytes_out > 0
    assert estimated.uncertainty > 0
    assert (estimated.device, estimated.workers) == ("cpu", 1)
    assert all(one.ms_per_frame > 0 and one.bytes_out > 0 for one in estimated.kinds)
    assert estimated.sampled_frames > 0
    times = dict(estimated.on_workers)
    assert times[1] == estimated.wall_s
    assert times[1] >= times[2] >= times[4] >= times[16] > 0


def test_recordings_that_will_fail_are_listed(estimated: Estimate) -> None:
    failing = dict(estimated.failing)
    assert set(failing) == {"empty.mp4", "notes.mp4"}
    assert "is empty (0 bytes)" in failing["empty.mp4"]
    assert "is not a recording that can be opened" in failing["notes.mp4"]


def test_nothing_is_written(estimated: Estimate, folder: Path) -> None:
    assert runs.files(folder) == {"a.mp4", "deep/b.mkv", "small.mp4", "notes.mp4", "empty.mp4"}
    assert not estimate_config.NOWHERE.exists()


def test_the_text(estimated: Estimate) -> None:
    text = estimate_text(estimated)
    first, second, *_ = text.splitlines()
    assert first.startswith("3 recordings, ")
    assert " s of video, 135 frames: about " in first
    assert "on 1 worker (cpu, " in first
    assert "core-hours; results about " in first
    assert second.startswith("Give or take ")
    assert "| 160×96 h264 → libx264 " in text
    assert "2 recordings will fail:\n  empty.mp4: " in text


def test_the_json(estimated: Estimate) -> None:
    figures = json.loads(json.dumps(estimate_figures(estimated)))
    assert figures["frames"] == 135
    assert figures["core_hours"] == pytest.approx(estimated.core_s / 3600)
    assert figures["gpu_hours"] is None
    assert [one["recording"] for one in figures["failing"]] == ["empty.mp4", "notes.mp4"]
    assert {(one["width"], one["frames"]) for one in figures["kinds"]} == {(160, 90), (128, 45)}
    assert set(asdict(estimated)) <= set(figures)


def test_a_folder_too_large_to_read_is_reckoned_from_its_headers(
    shared_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        runs.clip(tmp_path / name)
    size = (tmp_path / "a.mp4").stat().st_size
    monkeypatch.setattr(look_at_clips, "READ_BYTES", 1.5 * size)
    estimated = estimate(config(tmp_path, measure="off"))
    assert (estimated.recordings, estimated.frames_exact) == (3, False)
    assert estimated.frames == pytest.approx(180, abs=9), "sound may be longer than video"
    assert "about 1" in estimate_text(estimated)
    assert estimated.wall_s > 0


def test_what_a_run_has_finished_is_left_out(shared_ray: None, tmp_path: Path) -> None:
    calls, out = tmp_path / "calls", tmp_path / "out"
    runs.clip(calls / "a.mp4", frames=30)
    assert process(runs.config(calls, out, page=False)).count("done") == 1
    before = runs.files(out)
    estimated = estimate(config(calls, out=out))
    assert (estimated.finished, estimated.recordings, estimated.wall_s, estimated.chunks) == (1, 0, 0, 0)
    assert estimate_text(estimated) == "1 recording finished already.\nNothing is left to do.\n"
    runs.clip(calls / "b.mp4", frames=45)
    estimated = estimate(config(calls, out=out))
    assert (estimated.finished, estimated.recordings, estimated.frames) == (1, 1, 45)
    # Other settings make another result.
    assert estimate(config(calls, out=out, strength=0.5)).recordings == 2
    assert runs.files(out) == before


def test_finished_chunks_of_an_interrupted_run_are_left_out(shared_ray: None, tmp_path: Path) -> None:
    calls, out = tmp_path / "calls", tmp_path / "out"
    clip = runs.clip(calls / "a.mp4")
    wanted = config(calls, out=out)
    key = StateKeys(fingerprint_settings(wanted))(see(clip.path, "a").state)
    actor = SampleActor(threads=1)
    actor.load("fast", "cpu", 1.0)
    looked = actor.look(clip.path, wanted.chunk_seconds, EncoderChoice(), read=True)
    work = Workspace.of(out / ".vidsharp", "a.mp4", key)
    work.begin("a.mp4", looked.chunks)
    estimated = estimate(wanted)
    assert (estimated.frames, estimated.chunks) == (60, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "load_record", lambda self, chunk: object() if chunk.index < 3 else None)
        estimated = estimate(wanted)
    assert (estimated.frames, estimated.chunks) == (15, 1)


def test_what_is_in_the_way_will_fail(shared_ray: None, tmp_path: Path) -> None:
    calls, out = tmp_path / "calls", tmp_path / "out"
    runs.clip(calls / "a.mp4", frames=30)
    out.mkdir()
    (out / "a.mp4").write_bytes(b"mine")
    estimated = estimate(config(calls, out=out))
    assert estimated.recordings == 0
    assert "exists and was not made by vidsharp" in dict(estimated.failing)["a.mp4"]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    use(monkeypatch, InProcess())
    return monkeypatch


def test_a_ceiling_of_the_size_holds_for_what_is_foreseen(in_process: object, folder: Path) -> None:
    names = ("a.mp4", "deep/b.mkv", "small.mp4")
    allowed = 0.6 * sum((folder / name).stat().st_size for name in names)
    estimated = estimate(config(folder, max_growth=0.6))
    assert (estimated.recordings, len(estimated.failing)) == (3, 2)
    assert 0 < estimated.bytes_out <= allowed
    assert estimate(config(folder)).bytes_out > allowed


def test_a_quality_that_is_asked_for_makes_the_size_that_is_foreseen(in_process: object, folder: Path) -> None:
    poor, good = (estimate(config(folder / "a.mp4", target_quality=quality)) for quality in (32.0, 46.0))
    assert poor.bytes_out < 0.7 * good.bytes_out
    unreached = dict(estimate(config(folder / "a.mp4", target_quality=60.0, encoder="mpeg4", preset=None)).failing)
    assert "--target-quality 60 is not reached by mpeg4" in unreached["a.mp4"]


def test_sharp_recordings_are_no_work(in_process: pytest.MonkeyPatch, folder: Path) -> None:
    in_process.setattr(sample_actor, "is_sharp", lambda info, timeline: info.path.name == "a.mp4")
    estimated = estimate(config(folder, skip_sharp=True))
    assert (estimated.copied, estimated.recordings, estimated.frames) == (1, 2, 75)
    assert estimated.bytes_out > (folder / "a.mp4").stat().st_size
    assert "1 recording is sharp already, to be copied: no work" in estimate_text(estimated)
    assert estimate(config(folder)).copied == 0
    in_process.setattr(sample_actor, "is_sharp", lambda info, timeline: True)
    estimated = estimate(config(folder, skip_sharp=True))
    assert (estimated.copied, estimated.recordings, estimated.wall_s) == (3, 0, 0)
    assert "\nNothing is left to sharpen.\n" in estimate_text(estimated)


def test_when_all_will_fail(shared_ray: None, tmp_path: Path) -> None:
    media.text_file(tmp_path / "notes.mp4")
    estimated = estimate(config(tmp_path))
    assert (estimated.recordings, estimated.wall_s, estimated.sampled_frames) == (0, 0, 0)
    assert "1 recording will fail:" in estimate_text(estimated)


@pytest.mark.parametrize("make", [media.interlaced, media.ten_bit, media.yuv444, media.one_frame, media.odd_size])
def test_many_kinds_of_pictures(shared_ray: None, tmp_path: Path, make: Any) -> None:
    made = make(tmp_path / "clip.mkv")
    estimated = estimate(config(tmp_path, encoder=None, preset=None))  # libx264 takes no odd size
    assert (estimated.failing, estimated.frames) == ((), made.frames)
    assert estimated.wall_s > 0


def test_the_command(shared_ray: None, tmp_path: Path) -> None:
    runs.clip(tmp_path / "a.mp4", frames=30)
    options = ("--device", "cpu", "--sample-seconds", "0.2", "--encoder", "libx264", "--preset", "ultrafast")
    ended = run("estimate", tmp_path, *options, "--workers", "3", "--chunk-seconds", "0.5")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith("1 recording, ")
    assert " s of video, 30 frames: about " in ended.stdout
    assert "reading 1 recording" in ended.stderr
    ended = run("estimate", tmp_path, *options, "--json", "-q", "--price-per-core-hour", "3600")
    assert ended.exit_code == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert (answer["result"]["frames"], ended.stderr) == (30, "")
    assert answer["result"]["cost"] == pytest.approx(answer["result"]["core_s"])
    assert answer["summary"]["cost"] == answer["result"]["cost"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--strength", "1.6"], "--strength 1.6 is out of range"),
        (["--model", "fast-0.1", "--look", "crisp"], "The student 'fast-0.1' has one look"),
        (["--model", "reference", "--chroma", "restore"], "The student 'reference' makes colour itself"),
        (["--workers", "0"], "--workers 0 is too few"),
        (["--chunk-seconds", "0"], "--chunk-seconds 0 is out of range"),
        (["--sample-seconds", "0"], "--sample-seconds 0 is out of range"),
        (["--model", "fastest"], "There is no model 'fastest'"),
        (["--encoder", "x264"], "there is no video encoder called 'x264'"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(tmp_path: Path, options: list[str], said: str) -> None:
    runs.clip(tmp_path / "a.mp4", frames=15)
    ended = run("estimate", tmp_path, *options)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("vidsharp: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_where_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no recording in"):
        estimate(config(tmp_path))
    with pytest.raises(UsageError, match="does not exist"):
        estimate(config(tmp_path / "nowhere"))
    runs.clip(tmp_path / "a.mp4", frames=15)
    with pytest.raises(ModelError):
        estimate(config(tmp_path, model="fastest"))
    with pytest.raises(EncoderError):
        estimate(config(tmp_path, encoder="x264"))
