"""Previews of tiny recordings: what is written is what a run would write, and what cannot be shown is said."""

import re
from pathlib import Path
from typing import Any

import av
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from vidsharp.jobs import PreviewConfig, PreviewResult, preview
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.cli.preview import preview_text
from vidsharp.jobs.estimating import sample_actor
from vidsharp.jobs.previewing import preview_job
from vidsharp.pipeline.errors import MediaError
from vidsharp.reports.preview.panels import BAR_PX, GAP_PX

from tests.support import media, runs
from tests.support.local_pool import InProcess

QUICK: dict[str, Any] = {"engine": "local", "device": "cpu", "workers": 1, "encoder": "libx264", "preset": "ultrafast"}
WIDTH, HEIGHT = runs.SIZE


def config(*inputs: Path, out: Path, **more: Any) -> PreviewConfig:
    return PreviewConfig(inputs=inputs, out=out, **{**QUICK, **more})


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["preview", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two seconds, one of half a second that stands upright, and one that is none."""
    folder = tmp_path_factory.mktemp("calls")
    runs.clip(folder / "a.mp4")
    media.rotated(folder / "short.mp4", frames=15, size=runs.SIZE)
    media.text_file(folder / "notes.mp4")
    return folder


@pytest.fixture(scope="module")
def previewed(folder: Path) -> PreviewResult:
    out = folder.parent / "out"
    return preview(config(folder, out=out, seconds=1.0, models=("fast",), strengths=(1.0, 0.0), price=2.0))


def part_folder(previewed: PreviewResult, name: str) -> Path:
    (found,) = previewed.page.parent.glob(f"{name}-*")
    return found


def test_the_middle_is_shown_and_a_short_recording_whole(previewed: PreviewResult) -> None:
    assert list(previewed.parts) == ["a.mp4", "short.mp4"]
    assert previewed.parts["a.mp4"] == "the part from 0.5 to 1.5 s"
    assert previewed.parts["short.mp4"].endswith("0.5 s: the recording is over before --seconds 1")
    assert previewed.not_shown == ()


def test_results_are_the_part_with_its_sound(previewed: PreviewResult) -> None:
    a = part_folder(previewed, "a")
    for name in ("1-fast.mp4", "2-fast-x0.mp4"):
        assert len(list(media.decoded_planes(a / name))) == 30
        with av.open(str(a / name)) as file:
            assert {stream.type for stream in file.streams} == {"video", "audio"}
    assert media.frame_hashes(a / "1-fast.mp4") != media.frame_hashes(a / "2-fast-x0.mp4")


def test_the_video_shows_all_versions_side_by_side(previewed: PreviewResult) -> None:
    for name, (width, height), frames in (("a", (WIDTH, HEIGHT), 30), ("short", (HEIGHT, WIDTH), 15)):
        with av.open(str(part_folder(previewed, name) / "side-by-side.mp4")) as file:
            pictures = list(file.decode(video=0))
        assert len(pictures) == frames
        assert (pictures[0].width, pictures[0].height) == (3 * width + 2 * GAP_PX, BAR_PX + height)


def test_stills_lie_beside_the_input(previewed: PreviewResult) -> None:
    a = part_folder(previewed, "a")
    with Image.open(a / "spot-1.png") as spot:
        assert spot.size == (3 * 2 * WIDTH + 2 * GAP_PX, BAR_PX + 2 * HEIGHT), "doubled"
    names = {path.name for path in a.glob("still-*.png")}
    assert names == {"still-0-input.png", "still-1-fast.png", "still-2-fast-x0.png"}
    for name in names:
        with Image.open(a / name) as still:
            assert still.size == (WIDTH, HEIGHT)


def test_what_runs_take(previewed: PreviewResult) -> None:
    on, off = previewed.costs
    assert (on.name, off.name) == ("fast", "fast ×0")
    for cost in previewed.costs:
        assert min(cost.wall_s, cost.core_hours, cost.bytes_out, cost.fps) > 0
        assert cost.price == pytest.approx(2 * cost.wall_s / 3600)
        assert cost.gpu_hours is None


def test_the_page_links_to_files_that_are_there_and_to_no_other(previewed: PreviewResult) -> None:
    page = previewed.page.read_text()
    links = set(re.findall(r'(?:href|src)="(?!data:)([^"]*)"', page))
    assert len(links) == 2 * 3
    assert all((previewed.page.parent / link).is_file() for link in links)
    assert "notes.mp4</strong>: " in page
    assert "1 recording would fail" in page
    assert page.count("<video ") == 2


def test_nothing_else_is_left(previewed: PreviewResult, folder: Path) -> None:
    assert not (previewed.page.parent / ".work").exists()
    assert runs.files(folder) == {"a.mp4", "short.mp4", "notes.mp4"}


def test_the_text(previewed: PreviewResult) -> None:
    text = preview_text(previewed)
    assert text.startswith("a.mp4: the part from 0.5 to 1.5 s\n")
    assert "| fast " in text
    assert "| costs " in text.replace("  ", " ") or " costs |" in text
    assert text.endswith(f"page: {previewed.page}\n")


def test_a_range_outside_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    runs.clip(tmp_path / "a.mp4", frames=15)
    with pytest.raises(MediaError, match=r"shows its last picture at 0\.467 s, before --start 7") as caught:
        preview(config(tmp_path / "a.mp4", out=tmp_path / "out", start=7.0))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seconds", "90"], "--seconds 90 is out of range: 0.1 to 60"),
        (["--start", "soon"], "'soon' is no time"),
        (["--model", "fastest"], "There is no model 'fastest'"),
        (["--encoder", "x264"], "there is no video encoder called 'x264'"),
        (["--look", "loud"], "loud"),
        (["--out", "a.mp4/out"], "a.mp4/out cannot be written"),
        (["--out", "theirs"], "theirs is there already, and vidsharp preview did not make it"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vidsharp.jobs.previewing.preview_job.open_engine", None)
    runs.clip(Path("a.mp4"), frames=15)
    Path("theirs").mkdir()
    Path("theirs/mine.txt").write_text("mine")
    ended = run("a.mp4", *([] if "--out" in options else ["--out", "out"]), *options)
    assert ended.exit_code == (3 if "cannot be written" in said else 2)
    assert ended.stdout == ""
    assert said in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert runs.files(tmp_path) == {"a.mp4", "theirs/mine.txt"}


def test_the_command_opens_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: bool(opened.append(url)) or True)
    runs.clip(tmp_path / "a.mp4", frames=30)
    quick = ("--engine", "local", "--device", "cpu", "--workers", "1", "--encoder", "libx264", "--preset", "ultrafast")
    out = tmp_path / "out"
    ended = run(tmp_path / "a.mp4", "--out", out, "--start", "0.2", "--seconds", "0.5", "--open", *quick)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith("a.mp4: the part from 0.2 to 0.7 s\n")
    assert opened == [(out / "index.html").as_uri()]
    # A second one takes its place.
    assert run(tmp_path / "a.mp4", "--out", out, "--seconds", "0.3", *quick).exit_code == 0
    assert len(list(out.glob("a-*"))) == 1


def test_bounds_of_a_run_are_those_of_its_preview(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_job, "open_engine", lambda name, address: InProcess())
    size = (folder / "a.mp4").stat().st_size
    (cost,) = preview(config(folder / "a.mp4", out=tmp_path / "small", seconds=0.5, max_growth=0.6)).costs
    assert cost.bytes_out <= 0.6 * size
    monkeypatch.setattr(sample_actor, "is_sharp", lambda info, timeline: True)
    with pytest.raises(MediaError, match="nothing is left to show: 1 recording is sharp already"):
        preview(config(folder / "a.mp4", out=tmp_path / "none", skip_sharp=True))
    assert not (tmp_path / "none").exists()
