"""The command for people who judge: what it writes, what it never overwrites, and the score."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.look import StudentLook
from vidsharp.training.benchmark import blind_pairs, crop_pictures, crops, sheets
from vidsharp.training.benchmark.crops import Crop, draw_crops
from vidsharp.training.benchmark.sheets import at_look_named
from vidsharp.training.evaluation.evaluation_pictures import Planes

from tests.training.benchmark import toy


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Crop]:
    """Two crops of a drawn screen and a clip, cut small."""
    data = tmp_path / "data"
    sources = toy.clip(data), toy.screen()
    monkeypatch.setattr(crops, "benchmark_sources", lambda: sources)
    for module in (crops, crop_pictures):
        monkeypatch.setattr(module, "SIDE_PX", 96)
    drawn = list(draw_crops(data, 0, {"motion": {"drift": crops.ANYWHERE}, "text": {"made": crops.ANYWHERE}}))
    monkeypatch.setattr(sheets, "crops", lambda: tuple(drawn))
    return drawn


def run(*arguments: str | Path) -> str:
    ended = CliRunner().invoke(sheets.main, [str(argument) for argument in arguments])
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_sheets_and_pairs_are_written_and_answers_scored(
    tmp_path: Path, chosen: list[Crop], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Planes] = []

    def restored(net: object, planes: Planes, fmt: object) -> Planes:
        asked.append(planes)
        return [255 - planes[0], *planes[1:]]

    from vidsharp.training.teachers import realesrgan

    monkeypatch.setattr(realesrgan, "load_realesrgan", lambda: None)
    monkeypatch.setattr(realesrgan, "restored_planes", restored)
    data, out = tmp_path / "data", tmp_path / "out"
    command = (data, "--out", out, "--method", "realesrgan", "--method", "unsharp")
    said = run(*command)
    assert said.splitlines() == [str(out / "sheet-1.png"), str(out / "pairs")]
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.*") if path.suffix != ".yuv"}
    assert names == {"sheet-1.png", "key.json", "pairs/answers.csv", *(f"pairs/pair-0{n}.png" for n in range(1, 5))}
    with Image.open(out / "pairs" / "pair-01.png") as pair:
        assert (pair.size, pair.mode, pair.info) == ((2 * 192 + 8, 192), "RGB", {})
    key = json.loads((out / "key.json").read_bytes())
    assert {entry["method"] for entry in key} == {"unsharp", "Real-ESRGAN"}
    assert len(asked) == 2

    before = (out / "key.json").read_bytes()
    lines = [f"{entry['pair']},{entry['side']},same,none," for entry in key if entry["method"] == "unsharp"]
    answers = out / "pairs" / "answers.csv"
    answers.write_text("\n".join((",".join(blind_pairs.HEADER), *lines)))
    assert "| unsharp     |     2 |        2 |       2 |" in run("--out", out, "--score", answers)

    filled = answers.read_bytes()
    run(*command)
    assert len(asked) == 2  # its answers were kept
    assert (answers.read_bytes(), (out / "key.json").read_bytes()) == (filled, before)
    ended = CliRunner().invoke(sheets.main, [str(data), "--out", str(out), "--method", "cas"])
    assert ended.exit_code == 1
    assert "holds answers to other pairs" in ended.output
    assert (answers.read_bytes(), (out / "key.json").read_bytes()) == (filled, before)
    answers.unlink()
    ended = CliRunner().invoke(sheets.main, [str(data), "--out", str(out), "--method", "cas", "--beside", "fast"])
    assert "Nothing can be shown beside 'fast'" in ended.output
    run(*command, "--beside", "realesrgan")
    assert {(e["method"], e["beside"]) for e in json.loads((out / "key.json").read_bytes())} == {
        ("unsharp", "Real-ESRGAN")
    }
    run(data, "--out", out, "--method", "cas")
    assert len(list((out / "pairs").glob("pair-*.png"))) == len(answers.read_text().splitlines()) - 1 == 2


def test_a_method_changes_its_own_picture_alone(tmp_path: Path, chosen: list[Crop]) -> None:
    out = tmp_path / "out"
    run(tmp_path / "data", "--out", out, "--method", "unsharp")
    for entry in json.loads((out / "key.json").read_bytes()):
        with Image.open(out / "pairs" / f"pair-{entry['pair']:02}.png") as picture:
            pixels = np.asarray(picture).astype(float)
        left, right = (float(np.abs(np.diff(side, axis=1)).mean()) for side in (pixels[:, :192], pixels[:, -192:]))
        assert (left > right) == (entry["side"] == "left")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "o"], "Name the folder DATA"),
        (["data", "--out", "o", "--method", "fastest"], "no model 'fastest'"),
        (["--out", "o", "--score", "answers.csv"], "cannot be read"),
        (["empty", "--out", "o", "--method", "cas"], "lacks 1 of the benchmark's files"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, chosen: list[Crop], arguments: list[str], said: str) -> None:
    (tmp_path / "answers.csv").write_text("pair")
    (tmp_path / "empty").mkdir()
    paths = [str(tmp_path / a) if a in ("data", "empty", "o", "answers.csv") else a for a in arguments]
    ended = CliRunner().invoke(sheets.main, paths)
    assert ended.exit_code in (1, 2)
    assert said in ended.output
    assert "Traceback" not in ended.output
    assert not (tmp_path / "o").exists()


def test_a_student_may_be_asked_for_at_a_look(tmp_path: Path) -> None:
    assert at_look_named("fast@crisp") == StudentLook("fast", 1.0)
    assert at_look_named("fast@0.25") == StudentLook("fast", 0.25)
    assert at_look_named("fast") == StudentLook("fast", None)
    assert at_look_named("fast+chroma") == StudentLook("fast", None, "restore")
    assert at_look_named("fast@crisp+chroma") == StudentLook("fast", 1.0, "restore")
    file = tmp_path / "mine@home"
    file.write_bytes(b"")
    assert at_look_named(str(file)) == StudentLook(str(file), None)
    with pytest.raises(ModelError, match="loud"):
        at_look_named("fast@loud")
