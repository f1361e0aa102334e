"""What a user may wish for and cannot have: each is one sentence, whatever the command, and nothing is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torch import Tensor, nn
from vidsharp.jobs.cli.main import main

from tests.support import runs
from tests.support.foreign import Function, write_onnx
from tests.support.local_pool import use_no_ray


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.mark.parametrize("command", ["process", "estimate", "preview", "watch"])
@pytest.mark.parametrize(
    ("function", "inputs", "said"),
    [
        (lambda x: nn.functional.interpolate(x, scale_factor=2), 1, "only networks that keep the picture's size"),
        (lambda x, y: x + y, 2, "takes 2 inputs (input0, input1); what is run here takes one float picture"),
    ],
)
def test_a_network_of_others_that_is_not_run_here(
    command: str, function: Callable[..., Tensor], inputs: int, said: str, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    runs.clip(tmp_path / "calls" / "call.mp4", frames=5)
    file = write_onnx(tmp_path / "net.onnx", Function(function), *[(1, 3, 64, 64)] * inputs)
    more = ["--settle-seconds", "0"] if command == "watch" else []
    ended = run(command, tmp_path / "calls", "--out", tmp_path / "out", "--model", file, *more)
    assert (ended.exit_code, ended.stdout) == (2, "")
    (sentence,) = [line for line in ended.stderr.splitlines() if "watching" not in line]
    assert sentence.startswith(f"vidsharp: The network '{file}' ")
    assert said in sentence
    assert not (tmp_path / "out").exists()


def test_a_quality_that_no_rate_factor_reaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    clip = runs.clip(tmp_path / "calls" / "call.mp4", frames=10).path
    before = clip.read_bytes()
    options = ("--encoder", "mpeg4", "--target-quality", "60", "--chunk-seconds", "0.5", "--no-report", "-q")
    ended = run("process", clip.parent, "--out", tmp_path / "out", *options)
    assert ended.exit_code == 1
    row = runs.table(tmp_path / "out").loc["call.mp4"]
    assert row["status"] == "failed"
    assert "--target-quality 60 is not reached by mpeg4: at its best (quantiser 1) it comes to " in row["error"]
    assert row["error"].endswith(" dB; ask for less")
    assert runs.files(tmp_path / "out") == set()
    assert clip.read_bytes() == before
