"""The command as a user meets it: exit codes, one sentence for each mistake, and nothing but the result on stdout."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import ray
import torch
from click.testing import CliRunner, Result
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.tools import matrix_peak

from tests.support import media, runs


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def call(tmp_path: Path) -> Path:
    return runs.clip(tmp_path / "calls" / "call.mp4", frames=15).path


# --- Before any work --------------------------------------------------------------------------------------------------


def test_help_names_the_main_job_and_every_command() -> None:
    shown = run("--help").output
    assert "vidsharp process recordings/ --out sharpened/" in shown
    for command in ("process", "demo", "bench", "models", "evaluate", "simulate"):
        assert f"  {command} " in shown


def test_help_of_process_tells_of_every_option() -> None:
    shown = run("process", "--help").output
    for option in (
        *(
            "--out",
            "--model",
            "--look",
            "--strength",
            "--chroma",
            "--device",
            "--workers",
            "--address",
            "--chunk-seconds",
        ),
        *("--encoder", "--crf", "--preset", "-e", "--overwrite", "--limit-memory", "-v", "-q", "--log-json"),
    ):
        assert option in shown


def test_version() -> None:
    assert run("--version").output.startswith("vidsharp, version ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--strength", "1.6"], "--strength 1.6 is out of range"),
        (["--strength", "-1"], "--strength -1 is out of range"),
        (["--look", "soft"], "There is no look 'soft'; accepted are natural, crisp, or a number between"),
        (["--look", "1.2"], "A look of 1.2 is out of range"),
        (["--model", "fast-0.1", "--look", "crisp"], "The student 'fast-0.1' has one look, natural, so it cannot be"),
        (["--model", "reference", "--chroma", "restore"], "The student 'reference' makes colour itself"),
        (["--model", "sha256:0000"], "write sha256: and at least 8 hexadecimal digits"),
        (["--model", "sha256:00000000"], "No weights that come with this version have a digest"),
        (["--workers", "0"], "--workers 0 is too few"),
        (["--chunk-seconds", "0"], "--chunk-seconds 0 is out of range"),
        (["--limit-memory", "1"], "--limit-memory 1 MiB is too little"),
        (["--model", "fastest"], "There is no model 'fastest'"),
        (["--model", "weights/none.safetensors"], "There is no checkpoint file at 'weights/none.safetensors'"),
        (["--encoder", "x264"], "there is no video encoder called 'x264'"),
        (["--encoder", "aac"], "there is no video encoder called 'aac'"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(
    call: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    ended = run("process", call, "--out", tmp_path / "out", *options)
    assert ended.exit_code == 2
    assert ended.stderr.startswith("vidsharp: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""
    assert not (tmp_path / "out").exists(), "nothing is touched before all is checked"


@pytest.mark.parametrize("options", [["-e", "crf"], ["-e", "=4"], ["--strength", "much"], ["--nonsense"], []])
def test_what_cannot_be_understood_is_exit_code_2(call: Path, tmp_path: Path, options: list[str]) -> None:
    out = ["--out", tmp_path / "out"] if options else []
    ended = run("process", call, *out, *options)
    assert ended.exit_code == 2
    assert "Error: " in ended.stderr
    assert ended.stdout == ""


def test_wrong_places_are_one_sentence_and_exit_code_2(call: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    for link, target in (("loop", "loop"), ("there", "back"), ("back", "there"), ("broken", "nowhere")):
        (tmp_path / link).symlink_to(target)
    for inputs, out, said in (
        (tmp_path / "nowhere", tmp_path / "out", "nowhere does not exist"),
        (tmp_path / "empty", tmp_path / "out", "there is no recording in"),
        (call.parent, call.parent, "is the folder of the recordings itself"),
        (call, call.parent, "would be written over itself"),
        (call, tmp_path / "file", "file cannot be written"),
        (call, tmp_path / "file" / "below", "below cannot be written"),
        (tmp_path / "loop", tmp_path / "out", "loop is a link that leads nowhere"),
        (tmp_path / "there", tmp_path / "out", "there is a link that leads nowhere"),
        (tmp_path / "broken", tmp_path / "out", "broken is a link that leads nowhere"),
        (call, tmp_path / "loop", "loop cannot be written"),
        (call, tmp_path / "loop" / "below", "below cannot be written"),
        (call, tmp_path / "broken", "broken cannot be written"),
    ):
        ended = run("process", inputs, "--out", out)
        assert (ended.exit_code, ended.stdout) == (2, ""), said
        assert ended.stderr.startswith("vidsharp: ")
        assert said in ended.stderr
        assert ended.stderr.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_links_that_lead_nowhere_are_rows_of_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.forbid_ray(monkeypatch)
    calls = tmp_path / "calls"
    calls.mkdir()
    (calls / "broken.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (calls / "loop.mp4").symlink_to("loop.mp4")
    ended = run("process", calls, "--out", tmp_path / "out")
    assert ended.exit_code == 1
    assert ended.stderr.splitlines() == [
        f"broken.mp4: failed: {calls / 'broken.mp4'} cannot be read: No such file or directory (1/2)",
        f"loop.mp4: failed: {calls / 'loop.mp4'} cannot be read: Too many levels of symbolic links (2/2)",
    ]
    assert ended.stdout.splitlines()[-2:] == ["2 clips: 2 failed", f"report: {page(tmp_path / 'out')}"]
    assert runs.files(tmp_path / "out") == set()


def test_a_checkpoint_that_does_not_fit_says_which_keys_differ(call: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "other.pth"
    torch.save({"encoder.0.weight": torch.zeros(3), "foreign": torch.zeros(1)}, checkpoint)
    ended = run("process", call, "--out", tmp_path / "out", "--model", checkpoint)
    assert ended.exit_code == 2
    assert "foreign" in ended.stderr
    assert "missing" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "gpu"])
def test_a_device_that_is_not_there(shared_ray: None, call: Path, tmp_path: Path, device: str) -> None:
    ended = run("process", call, "--out", tmp_path / "out", "--device", device)
    assert ended.exit_code == 2
    *waits, sentence = ended.stderr.splitlines()
    assert device in sentence
    assert "cpu" in sentence
    others = [line for line in waits if "waiting for" not in line]  # another run's processes may not have ended yet
    assert others == []
    assert runs.files(tmp_path / "out") == set()


def page(out: Path) -> Path:
    found = out / "report" / "index.html"
    assert found.read_text().startswith("<!doctype html>")
    return found


def test_an_error_is_json_where_the_log_is(call: Path, tmp_path: Path) -> None:
    (call.parent / "bell\x07.mp4").touch()
    (call.parent / "bell\\x07.mp4").touch()
    for options in (["--log-json"], ["--log-json", "-q"]):
        ended = run("process", call.parent, "--out", tmp_path / "out", *options)
        (line,) = ended.stderr.splitlines()
        assert (ended.exit_code, json.loads(line)["level"]) == (2, "error")
    assert "\x07" not in run("process", call.parent, "--out", tmp_path / "out").stderr


@pytest.mark.parametrize(
    ("room", "module"),
    [("tools", "evaluate"), ("tools", "simulate"), ("processing", "report"), ("estimating", "estimate")],
)
def test_interrupted_every_command_ends_in_our_words(
    call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str, module: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"vidsharp.jobs.{room}.{module}_job.{module}", interrupted)
    options = {"simulate": ["--level", "light", "--out", tmp_path / "out"]}.get(module, [])
    ended = run(module, call.parent, *options)
    assert (ended.exit_code, ended.stdout) == (130, "")
    assert ended.stderr == "vidsharp: interrupted; nothing half-written is left behind\n"


# --- Runs -------------------------------------------------------------------------------------------------------------


def test_a_good_and_a_bad_clip_then_the_same_again(shared_ray: None, call: Path, tmp_path: Path) -> None:
    bad = call.with_name("<img src=x> [b].mp4")
    media.text_file(bad)
    command = ["process", call.parent, "--out", tmp_path / "out", "--encoder", "libx264", "--preset", "ultrafast"]
    first = run(*command, "--log-json")
    assert first.exit_code == 1, first.stderr
    *table, counts, report = first.stdout.splitlines()
    assert [line.split()[0] for line in table[-2:]] == ["<img", "call.mp4"], "worst first"
    assert (counts, report) == ("2 clips: 1 done, 1 failed", f"report: {page(tmp_path / 'out')}")
    lines = [json.loads(line) for line in first.stderr.splitlines()]
    assert {line["clip"] for line in lines if "clip" in line} == {"call.mp4", bad.name}
    (error,) = [line for line in lines if line["level"] == "error"]
    assert error["clip"] == bad.name
    assert "Traceback" not in first.stderr

    bad.unlink()
    again = run(*command)
    assert again.exit_code == 0
    assert again.stdout.splitlines()[-2:] == ["1 clip: 1 skipped", f"report: {page(tmp_path / 'out')}"]
    assert "call.mp4: skipped" in again.stderr


def test_a_report_that_cannot_be_written_is_a_sentence(shared_ray: None, call: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report").write_text("mine")
    ended = run("process", call, "--out", tmp_path / "out", "-q")
    assert ended.exit_code == 3
    assert ended.stderr.startswith("vidsharp: ")
    assert "report cannot be written" in ended.stderr
    assert (tmp_path / "out" / "report").read_text() == "mine"


@pytest.mark.slow
def test_the_real_command_joins_a_running_cluster(shared_ray: None, call: Path, tmp_path: Path) -> None:
    """As a process of its own: quiet, with the result on stdout, and the cluster goes on living."""
    address = ray.get_runtime_context().gcs_address
    command = runs.command("process", call, "--out", tmp_path / "out", "--address", address, "-q", "--model", "fast")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, env=dict(os.environ))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["1 clip: 1 done", f"report: {page(tmp_path / 'out')}"]
    assert media.frame_indices(tmp_path / "out" / "call.mp4") == list(range(15))
    assert ray.get(ray.remote(lambda: 7).remote()) == 7


# --- The other commands -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["160", "160x", "x96", "0x96", "160x-96", "axb", "160x96x3"])
def test_bench_refuses_a_size_that_is_none(size: str) -> None:
    ended = run("bench", "--size", size)
    assert ended.exit_code == 2
    assert f"--size {size!r} is not of the form WxH" in ended.stderr
    assert ended.stdout == ""


def test_bench_prints_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 128)
    threads = torch.get_num_threads()
    ended = run("bench", "--size", "160X96", "--warmup", "0", "--runs", "2", "--device", "cpu", "--threads", "1")
    torch.set_num_threads(threads)
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["size"] == "160x96"


def test_bench_of_a_model_that_is_not_there() -> None:
    ended = run("bench", "--model", "fastest", "--size", "160x96")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("vidsharp: There is no model 'fastest'")


@pytest.mark.slow
def test_demo_makes_a_sharpened_recording(shared_ray: None, tmp_path: Path) -> None:
    ended = run("demo", "--out", tmp_path / "demo", "--seconds", "0.5", "-q")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == f"report: {page(tmp_path / 'demo' / 'sharpened')}"
    soft, sharpened = tmp_path / "demo" / "recordings" / "call.mp4", tmp_path / "demo" / "sharpened" / "call.mp4"
    assert str(soft) in ended.stdout
    assert str(sharpened) in ended.stdout
    assert media.video_pts(sharpened) == media.video_pts(soft)
