"""Recordings and results in a bucket, on a real S3 server (moto's) on loopback."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import ProcessConfig, UsageError
from vidsharp.jobs.files.object_place import Place, StorageError
from vidsharp.jobs.files.open_storage import open_storage
from vidsharp.jobs.files.publication import Mark, Upload
from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder, keep_rows, kept_rows
from vidsharp.jobs.files.storage import Storage, url_of
from vidsharp.jobs.processing.process_result import ProcessResult
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.pipeline.atomic import write_atomically
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.workspace import file_stem

from tests.support import media, runs
from tests.support.local_pool import use_no_ray
from tests.support.s3_server import AtomicServer

pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")
pytest.importorskip("moto.server", reason="the tests' S3 server is moto's: pip install 'moto[server]'")


@pytest.fixture
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers in this process, which find the server as it does."""
    use_no_ray(monkeypatch)


@pytest.fixture
def patient(bucket: Any) -> Any:
    """The file system that workers use: fsspec has one instance for all that ask alike."""
    return Place.of("s3://calls", patient=True).fs


@pytest.fixture
def recordings(bucket: Any, tmp_path: Path) -> dict[str, Path]:
    """Two recordings in the bucket, and what is none; by name, the same files on disk."""
    folder = tmp_path / "recordings"
    runs.clip(folder / "a.mp4", frames=30)
    runs.clip(folder / "team" / "b.mp4", frames=45)
    for file in folder.rglob("*.mp4"):
        bucket.put_file(str(file), f"calls/recordings/{file.relative_to(folder).as_posix()}")
    bucket.pipe_file("calls/recordings/notes.txt", b"no recording")
    bucket.pipe_file("calls/recordings/.trash/c.mp4", b"hidden")
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.mp4")}


def config(tmp_path: Path, inputs: str = "s3://calls/recordings", out: str = "s3://calls/out", **more: Any) -> Any:
    return runs.config(Path(inputs), Path(out), **{"staging": tmp_path / "staging", **more})


def statuses(result: ProcessResult) -> dict[str, str]:
    return {row["clip"]: row["status"] for row in result.rows}


def objects(bucket: Any) -> set[str]:
    """Names below the output, but of the report."""
    names = (name.removeprefix("calls/out/") for name in bucket.find("calls/out"))
    return {name for name in names if not name.startswith("report/")}


def of_any_part(name: str) -> str:
    """The name; that of a part of a table, which is always new, as that of any."""
    return re.sub(r"part-.*", "part", name)


def fetched(bucket: Any, name: str, tmp_path: Path) -> Path:
    file = tmp_path / "fetched" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    bucket.get_file(f"calls/out/{name}", str(file))
    return file


def test_results_and_report_are_in_the_bucket_and_nothing_is_left_here(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path
) -> None:
    result = process(config(tmp_path))
    assert statuses(result) == {"a.mp4": "done", "team/b.mp4": "done"}
    assert objects(bucket) == {"a.mp4", "team/b.mp4"}
    process(runs.config(tmp_path / "recordings", tmp_path / "local"))
    for name in recordings:
        ours = media.frame_hashes(fetched(bucket, name, tmp_path))
        assert ours == media.frame_hashes(tmp_path / "local" / name)
    on_disk = [path for path in (tmp_path / "local").rglob("*.*") if path.is_file()]
    assert sorted(of_any_part(name.removeprefix("calls/out/")) for name in bucket.find("calls/out")) == sorted(
        of_any_part(path.relative_to(tmp_path / "local").as_posix()) for path in on_disk
    )
    assert result.shown == "s3://calls/out/report/index.html"
    assert b"a.mp4" in bucket.cat_file("calls/out/report/index.html")
    assert not list((tmp_path / "staging").rglob("*")), "bounded disk: all is gone"


def test_finished_clips_are_skipped_wherever_the_command_runs_next(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(config(tmp_path))
    with monkeypatch.context() as patch:
        runs.forbid_ray(patch)
        result = process(config(tmp_path, staging=tmp_path / "another machine"))
    assert statuses(result) == {"a.mp4": "skipped", "team/b.mp4": "skipped"}
    page = bucket.cat_file("calls/out/report/index.html")
    assert page.count(b"data:image/") > 2, "previews of the earlier run are in the page"

    runs.clip(recordings["a.mp4"], frames=32)
    bucket.put_file(str(recordings["a.mp4"]), "calls/recordings/a.mp4")
    refused = process(config(tmp_path))
    assert statuses(refused) == {"a.mp4": "failed", "team/b.mp4": "skipped"}
    assert refused.rows[0]["error"].startswith(
        "s3://calls/out/a.mp4 was made of another recording, s3://calls/recordings/a.mp4; choose another --out for s3:"
    )
    assert statuses(process(config(tmp_path, inputs="s3://calls/recordings/a.mp4", overwrite=True))) == {
        "a.mp4": "done"
    }
    assert len(media.frame_hashes(fetched(bucket, "a.mp4", tmp_path))) == 32
    bucket.rm_file("calls/out/team/b.mp4")
    assert statuses(process(config(tmp_path))) == {"a.mp4": "skipped", "team/b.mp4": "done"}


def test_at_most_a_few_recordings_are_here_at_a_time(no_ray: None, bucket: Any, tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=30).path
    for number in range(8):
        bucket.put_file(str(call), f"calls/recordings/{number}.mp4")

    class Counting(NoWatcher):
        most = 0

        def look(self) -> None:
            self.most = max(self.most, len(list((tmp_path / "staging").glob("*/in/*/*.mp4"))))

        def clip_moved(self, clip: str, done: int) -> None:
            self.look()

        def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
            self.look()

    watcher = Counting()
    assert process(config(tmp_path, workers=1), watcher).count("done") == 8
    assert 1 <= watcher.most <= 3


def test_an_upload_that_fails_leaves_nothing_and_the_next_run_goes_on(
    no_ray: None,
    bucket: Any,
    patient: Any,
    recordings: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(file: str, path: str, **options: Any) -> None:
        if path.endswith("a.mp4"):
            raise PermissionError("Access\nDenied")
        put_file(file, path, **options)

    put_file = patient.put_file
    with monkeypatch.context() as patch:
        patch.setattr(patient, "put_file", refused)
        result = process(config(tmp_path))
    assert statuses(result) == {"a.mp4": "failed", "team/b.mp4": "done"}
    assert result.rows[0]["error"] == "s3://calls/out/a.mp4 cannot be written: Access Denied"
    assert "a.mp4" not in objects(bucket)
    assert statuses(process(config(tmp_path))) == {"a.mp4": "resumed", "team/b.mp4": "skipped"}
    assert objects(bucket) == {"a.mp4", "team/b.mp4"}


@pytest.mark.parametrize("same_machine", [True, False])
def test_stopped_between_upload_and_tables_a_result_is_known_as_ours(
    no_ray: None,
    bucket: Any,
    recordings: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    same_machine: bool,
) -> None:
    runs.stop_before_the_tables(config(tmp_path), monkeypatch)
    assert "a.mp4" in objects(bucket)
    again = process(config(tmp_path, staging=tmp_path / ("staging" if same_machine else "another machine")))
    assert statuses(again)["a.mp4"] == "skipped"
    assert again.count("failed") == 0
    assert objects(bucket) == {"a.mp4", "team/b.mp4"}, "no mark is left"


def test_an_object_that_no_run_made_is_never_replaced(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path
) -> None:
    bucket.pipe_file("calls/out/a.mp4", b"somebody's")
    result = process(config(tmp_path))
    assert result.rows[0]["error"].startswith("s3://calls/out/a.mp4 exists and was not made by vidsharp; remove it")
    assert bucket.cat_file("calls/out/a.mp4") == b"somebody's"
    assert process(config(tmp_path, overwrite=True)).count("failed") == 0
    assert len(media.frame_hashes(fetched(bucket, "a.mp4", tmp_path))) == 30


# --- A report that changes while it goes up ---------------------------------------------------------------------------


@pytest.fixture
def open_run(bucket: Any, tmp_path: Path) -> Iterator[Storage]:
    """The storage of a run into the bucket, of one clip, that has begun."""
    bucket.pipe_file("calls/recordings/a.mp4", b"x")
    storage = open_storage(config(tmp_path))
    storage.find()
    storage.config.out.mkdir(parents=True)
    storage.begin()
    yield storage
    storage.close()


@pytest.fixture
def report(open_run: Storage) -> tuple[Storage, Path]:
    """The storage of a run into the bucket, and its report folder with a table and two previews."""
    folder = open_run.config.out / "report"
    for name in ("clips.csv", "previews/0a.json", "previews/0b.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return open_run, folder


def saved(storage: Storage, folder: Path) -> str:
    """How it ended."""
    try:
        storage.save_report(folder / name for name in ("clips.csv", *(f"previews/0{n}.json" for n in "abcd")))
    except OutputError as error:
        return str(error)
    return "saved"


def in_the_report(bucket: Any) -> dict[str, str]:
    names = bucket.find("calls/out/report")
    return {name.removeprefix("calls/out/report/"): bucket.cat_file(name).decode() for name in names}


def test_what_vanishes_between_listing_and_upload_is_no_error(
    bucket: Any, report: tuple[Storage, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, folder = report
    put_file = bucket.put_file

    def replaced_meanwhile(file: str, path: str) -> None:
        if "0b" in file:
            Path(file).unlink(missing_ok=True)
        put_file(file, path)

    with monkeypatch.context() as patch:
        patch.setattr(bucket, "put_file", replaced_meanwhile)
        assert saved(storage, folder) == "saved"
    assert set(in_the_report(bucket)) == {"clips.csv", "previews/0a.json"}
    (folder / "previews" / "0b.json").write_text("there again")
    assert saved(storage, folder) == "saved"
    assert in_the_report(bucket)["previews/0b.json"] == "there again"


def test_a_mark_that_another_shard_removes_after_the_listing_is_no_error(
    no_ray: None, recordings: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = Place.below

    def with_one_that_is_gone(place: Place) -> Iterator[tuple[str, Any]]:
        yield from below(place)
        if place.path == "calls/out":
            yield ".vidsharp/0123456789abcdef", {}

    monkeypatch.setattr(Place, "below", with_one_that_is_gone)
    assert statuses(process(config(tmp_path))) == {"a.mp4": "done", "team/b.mp4": "done"}


def test_a_bucket_that_goes_away_is_still_an_error(
    bucket: Any, report: tuple[Storage, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(file: str, path: str) -> None:
        raise FileNotFoundError("The specified bucket does not exist")

    with monkeypatch.context() as patch:
        patch.setattr(bucket, "put_file", gone)
        assert "cannot be written: The specified bucket does not exist" in saved(*report)


def test_previews_may_be_replaced_all_the_while(bucket: Any, report: tuple[Storage, Path]) -> None:
    storage, folder = report
    stop = threading.Event()

    def replace_and_remove() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            for name in ("0a", "0b", "0c", "0d"):
                preview = folder / "previews" / f"{name}.json"
                write_atomically(preview, json.dumps({"number": number}).encode())
                if name == "0d":
                    preview.unlink()

    other = threading.Thread(target=replace_and_remove)
    other.start()
    try:
        assert {saved(storage, folder) for _ in range(30)} == {"saved"}
    finally:
        stop.set()
        other.join()
    assert saved(storage, folder) == "saved"
    there = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.*")}
    assert in_the_report(bucket) == there


def test_a_recording_that_is_gone_or_changed_fails_alone(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path
) -> None:
    class Meanwhile(NoWatcher):
        def run_started(self, clips: int) -> None:
            bucket.rm_file("calls/recordings/a.mp4")
            bucket.pipe_file("calls/recordings/c.mp4", b"longer than it was")

    bucket.pipe_file("calls/recordings/c.mp4", b"as listed")
    result = process(config(tmp_path), Meanwhile())
    errors = {row["clip"]: str(row.get("error")) for row in result.rows}
    assert errors["a.mp4"].startswith("s3://calls/recordings/a.mp4 cannot be read: ")
    assert errors["c.mp4"].startswith("s3://calls/recordings/c.mp4 has changed since this run began; run")
    assert statuses(result)["team/b.mp4"] == "done"


def test_an_object_that_changes_in_mid_run_fails_where_it_has_not_been_brought_yet(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path
) -> None:
    class Meanwhile(NoWatcher):
        def clip_started(self, clip: str, frames: int, done: int) -> None:
            if clip == "a.mp4":
                bucket.pipe_file("calls/recordings/a.mp4", b"another recording")
                for copy in (tmp_path / "staging").glob("*/in/*/a.mp4"):
                    copy.unlink()  # as another node, which has none

    result = process(config(tmp_path), Meanwhile())
    assert statuses(result) == {"a.mp4": "failed", "team/b.mp4": "done"}
    assert result.rows[0]["error"].startswith("s3://calls/recordings/a.mp4 has changed since this run began; run")


def test_the_driver_opens_no_recording_and_its_workers_bring_each_once(
    no_ray: None,
    bucket: Any,
    s3: AtomicServer,
    recordings: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(path: str, *_: Any, **__: Any) -> bytes:
        assert "recordings/" not in path, "the driver's file system has read a recording"
        return cat_file(path)

    cat_file, before = bucket.cat_file, +s3.got
    monkeypatch.setattr(bucket, "cat_file", refused)
    monkeypatch.setattr(bucket, "open", refused)
    monkeypatch.setattr(bucket, "put_file", keep_results_off(bucket.put_file))
    result = process(config(tmp_path, workers=2))
    assert statuses(result) == {"a.mp4": "done", "team/b.mp4": "done"}
    got = s3.got - before
    assert {name: got[f"/calls/recordings/{name}"] for name in recordings} == dict.fromkeys(recordings, 1)


def keep_results_off(put_file: Any) -> Any:
    """The driver's `put_file`, which is for the report alone."""

    def for_the_report(file: str, path: str, **options: Any) -> None:
        assert "/report/" in path, "a result has passed through the driver"
        put_file(file, path, **options)

    return for_the_report


def test_a_recording_that_is_larger_than_the_scratch_fails_alone(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path
) -> None:
    sizes = {name: path.stat().st_size for name, path in recordings.items()}
    large, small = sorted(sizes, key=lambda name: -sizes[name])
    scratch = {"scratch": tmp_path / "disk", "scratch_gb": (sizes[large] - 1) / 1e9}
    result = process(config(tmp_path, **scratch))
    assert statuses(result) == {large: "failed", small: "done"}
    (error,) = [row["error"] for row in result.rows if row["clip"] == large]
    assert error.startswith(f"s3://calls/recordings/{large} has ")
    assert "for which --scratch-gb" in error
    assert result.run_again
    assert not list(tmp_path.glob("disk/*"))
    (bytes_in,) = [row["bytes_in"] for row in result.rows if row["clip"] == large]
    assert bytes_in == sizes[large]
    with_room = process(config(tmp_path, scratch=tmp_path / "disk", scratch_gb=sizes[large] / 1e9))
    assert statuses(with_room) == {large: "done", small: "skipped"}


def test_one_side_may_be_on_disk(no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path) -> None:
    assert process(config(tmp_path, inputs=str(recordings["a.mp4"]))).count("done") == 1
    assert objects(bucket) == {"a.mp4"}
    assert recordings["a.mp4"].exists()
    out = tmp_path / "results"
    result = process(config(tmp_path, inputs="s3://calls/recordings/team/b.mp4", out=str(out)))
    assert result.count("done") == 1
    assert runs.files(out) == {"b.mp4"}
    assert result.shown == str(out / "report" / "index.html")
    assert not list((tmp_path / "staging").rglob("*.mp4"))


def test_the_command_says_where_the_report_is(
    no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path
) -> None:
    more = ["--out", "s3://calls/out/", "--staging", str(tmp_path / "staging"), "--encoder", "libx264"]
    said = CliRunner().invoke(main, ["process", "s3://calls/recordings/", *more])
    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines()[-3:] == [
        "1 file was not taken as a recording: 1 .txt (-v lists them; name one to have it tried)",
        "2 clips: 2 done",
        "report: s3://calls/out/report/index.html",
    ]


@pytest.mark.parametrize(
    ("inputs", "out", "said"),
    [
        (("s3://calls/nothing",), "s3://calls/out", "s3://calls/nothing does not exist, or nothing is there"),
        (("s3://no-such-bucket/x",), "s3://calls/out", "s3://no-such-bucket/x does not exist, or nothing is there"),
        (("s3://calls/texts",), "s3://calls/out", "there is no recording in s3://calls/texts (looked for .mp4"),
        (("s3://calls/x/a.mp4",), "s3://calls/x", "s3://calls/x/a.mp4 would be written over itself"),
        (("s3://calls/x",), "s3://calls/x", "--out s3://calls/x is where the recordings themselves are"),
        (("s3://calls/x", "s3://calls/y"), "s3://calls/out", "s3://calls/x/a.mp4 and s3://calls/y/a.mp4 would both be"),
        (("s4://calls/x",), "s3://calls/out", "s4://calls/x cannot be read: Protocol not known: s4"),
        (("s3://calls/x",), "gs://calls/out", "gs:// needs a package that is not installed"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(
    bucket: Any, tmp_path: Path, inputs: tuple[str, ...], out: str, said: str
) -> None:
    for name in ("x/a.mp4", "y/a.mp4", "texts/a.txt"):
        bucket.pipe_file(f"calls/{name}", b"x")
    with pytest.raises(UsageError) as caught:
        process(ProcessConfig(tuple(map(Path, inputs)), Path(out), staging=tmp_path / "staging"))
    assert str(caught.value).startswith(said)


def test_a_bucket_that_may_not_be_written_is_said_before_any_work(bucket: Any, tmp_path: Path) -> None:
    bucket.pipe_file("calls/x/a.mp4", b"x")
    with pytest.raises(OutputError, match="s3://no-such-bucket/out cannot be written: ") as caught:
        process(config(tmp_path, inputs="s3://calls/x", out="s3://no-such-bucket/out"))
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "staging").rglob("*"))


def test_a_report_in_the_bucket_that_no_run_made_stays(bucket: Any, tmp_path: Path) -> None:
    bucket.pipe_file("calls/x/a.mp4", b"x")
    bucket.pipe_file("calls/out/report/index.html", b"mine")
    with pytest.raises(UsageError, match=r"/out/report/index\.html is there already"):
        process(config(tmp_path, inputs="s3://calls/x"))
    assert bucket.cat_file("calls/out/report/index.html") == b"mine"


# --- What a run will take ---------------------------------------------------------------------------------------------


def estimated(tmp_path: Path, *words: str) -> Any:
    """What the command says, as JSON."""
    options = ["--staging", str(tmp_path / "staging"), "--json", "--sample-seconds", "0.2"]
    options += ["--workers", "1", "--engine", "local"]
    quick = ["--encoder", "libx264", "--preset", "ultrafast", "--chunk-seconds", "0.5"]
    said = CliRunner().invoke(main, ["estimate", *words, *options, *quick, "-q"])
    assert (said.exit_code, said.stderr) == (0, "")
    assert not list((tmp_path / "staging").rglob("*")), "all that was brought here is gone"
    return json.loads(said.stdout)["result"]


def test_an_estimate_of_a_bucket(no_ray: None, bucket: Any, recordings: dict[str, Path], tmp_path: Path) -> None:
    before = set(bucket.find("calls"))
    said = estimated(tmp_path, "s3://calls/recordings")
    assert (said["recordings"], said["finished"], said["failing"], said["frames"]) == (2, 0, [], 75)
    assert (said["frames_exact"], said["unseen"], said["passed_over"]) == (True, 0, {".txt": 1})
    assert said["wall_s"] > 0
    assert set(bucket.find("calls")) == before, "nothing is written"
    assert process(config(tmp_path, inputs="s3://calls/recordings/a.mp4")).count("done") == 1
    said = estimated(tmp_path, "s3://calls/recordings", "--out", "s3://calls/out")
    assert (said["recordings"], said["finished"], said["frames"]) == (1, 1, 45)
    assert estimated(tmp_path, str(tmp_path / "recordings"), "--out", "s3://calls/out")["finished"] == 0


def test_an_estimate_brings_only_a_part_of_a_large_bucket(
    s3: AtomicServer, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=30).path
    for number in range(6):
        bucket.put_file(str(call), f"calls/recordings/{number}.mp4")
    for budget, wanted in ((2.5 * call.stat().st_size, 2), (1, 1)):
        before = +s3.got
        with monkeypatch.context() as patch:
            patch.setattr("vidsharp.jobs.estimating.unseen.FETCH_BYTES", budget)
            said = estimated(tmp_path, "s3://calls/recordings")
        assert len([path for path in s3.got - before if path.endswith(".mp4")]) == wanted
        assert (said["recordings"], said["unseen"], said["frames_exact"]) == (6, 6 - wanted, False)
        assert (said["frames"], said["chunks"]) == (180, pytest.approx(6 * 2, abs=6))


def test_an_estimate_of_what_is_not_there_says_its_url(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = CliRunner().invoke(main, ["estimate", "s3://calls/nothing"])
    assert (said.exit_code, said.stderr) == (2, "vidsharp: s3://calls/nothing does not exist, or nothing is there\n")
    assert not list(tmp_path.glob("vidsharp/staging/*"))


# --- Names that would lead elsewhere ----------------------------------------------------------------------------------

OUTSIDE = ("../../up.mp4", "a/../b.mp4", "a//c.mp4", "./d.mp4", "e/./f.mp4", "g/..")


def test_names_in_a_bucket_do_not_leave_the_folders(bucket: Any, tmp_path: Path) -> None:
    for name in (*OUTSIDE, "good.mp4"):
        bucket.pipe_file(f"calls/x/{name}", b"x")
    storage = open_storage(config(tmp_path, inputs="s3://calls/x"))
    assert [clip.name for clip in storage.find()] == ["good.mp4"]


def test_a_report_in_a_bucket_does_not_leave_its_folder(bucket: Any, tmp_path: Path) -> None:
    """Such keys were brought here as previews, tables and stand-ins of results."""
    up = "../" * 6
    names = [f"report/previews/{up}caught.json", f"report/{up}caught.parquet", f"{up}caught.mp4", "report/previews/.."]
    for name in (*names, "report/previews//double.json", "report/previews/good.json", "result.mp4"):
        bucket.pipe_file(f"calls/out/{name}", b"x")
    assert {f"calls/out/{name}" for name in names} <= set(bucket.find("calls/out")), "the server keeps such keys"
    bucket.pipe_file("calls/recordings/a.mp4", b"x")
    deep = tmp_path.joinpath("1", "2", "3")
    storage = open_storage(config(tmp_path, staging=deep))
    storage.find()
    out = storage.config.out
    out.mkdir(parents=True)
    try:
        storage.begin()
    except OutputError as error:
        begun = str(error)
    else:
        begun = "begun"
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()} == {
        (out / name).relative_to(tmp_path) for name in ("report/previews/good.json", "result.mp4")
    }
    assert begun == "begun"
    storage.close()


@pytest.mark.parametrize("name", ["..", "x/.."])
def test_an_object_without_a_files_name_is_refused(bucket: Any, tmp_path: Path, name: str) -> None:
    bucket.pipe_file(f"calls/{name}", b"x")
    with pytest.raises(UsageError) as caught:
        open_storage(config(tmp_path, inputs=f"s3://calls/{name}")).find()
    assert str(caught.value) == f"s3://calls/{name} has a name that no file can have; give it another"


def test_a_table_that_names_a_file_elsewhere_does_not_make_it_ours(bucket: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.mp4").touch()
    report = ReportFolder(tmp_path / "out" / "report")
    for number, out in enumerate(("../mine.mp4", "/etc/passwd", "a/../../mine.mp4", "fine/b.mp4")):
        report.add([ClipRows({"clip": f"{number}.mp4", "status": "done", "out": out})])
    assert [row["out"] for row in report.earlier().values()] == [None, None, None, "fine/b.mp4"]


# --- Results over recordings ------------------------------------------------------------------------------------------


def test_one_clips_result_is_never_another_clips_object(bucket: Any, tmp_path: Path) -> None:
    for name in ("rec/a/b.ts", "rec/out/a/b.ts"):
        bucket.pipe_file(f"calls/{name}", b"x")
    inputs = (Path("s3://calls/rec"), Path("s3://calls/rec/out/a/b.ts"))
    said = "found"
    try:
        open_storage(ProcessConfig(inputs, Path("s3://calls/rec/out"), staging=tmp_path, overwrite=True)).find()
    except UsageError as error:
        said = str(error)
    assert said == (
        "the result of s3://calls/rec/a/b.ts would be written over s3://calls/rec/out/a/b.ts, which this command "
        "reads; choose another --out"
    )


def test_a_result_that_becomes_mkv_spares_an_object_of_that_name(no_ray: None, bucket: Any, tmp_path: Path) -> None:
    files = runs.clip(tmp_path / "c.webm", frames=3, codec="libvpx"), runs.clip(tmp_path / "c.mkv", frames=3)
    bucket.put_file(str(files[0].path), "calls/recordings/sub/c.webm")
    bucket.put_file(str(files[1].path), "calls/out/sub/c.mkv")
    inputs = (Path("s3://calls/recordings"), Path("s3://calls/out/sub/c.mkv"))
    out, more = Path("s3://calls/out"), {"staging": tmp_path / "staging", "overwrite": True, "page": False}
    result = process(runs.config(inputs, out, **more))
    assert bucket.cat_file("calls/out/sub/c.mkv") == files[1].path.read_bytes()
    assert {row["out"] for row in result.rows} == {"sub/c.webm.mkv", "c.mkv"}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("s3://bucket/calls", "s3://bucket/calls"),
        ("s3://bucket", "s3://bucket"),
        ("calls/a.mp4", None),
        ("/calls/s3:/x", None),
        ("a:b", None),
        ("c:/calls", None),
    ],
)
def test_urls_are_told_from_paths(given: str, url: str | None) -> None:
    assert url_of(Path(given)) == url


def test_local_runs_do_not_import_what_talks_to_object_storage(tmp_path: Path) -> None:
    assert type(open_storage(runs.config(tmp_path, tmp_path / "out"))) is Storage
    code = (
        "import sys, vidsharp.jobs.processing.process_job; sys.exit('fsspec' in sys.modules or 's3fs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=100).returncode == 0


@pytest.fixture
def begun(open_run: Storage) -> tuple[Storage, Path]:
    """A run that has begun, and a joined file in the workspace of its clip."""
    workspace = open_run.config.out / ".vidsharp" / file_stem("a.mp4")
    workspace.mkdir(parents=True)
    keep_rows(workspace, ClipRows({"clip": "a.mp4", "status": "done", "out": "a.mp4"}))
    (workspace / "joined.mp4").write_bytes(b"joined")
    return open_run, workspace / "joined.mp4"


def publish(storage: Storage, joined: Path) -> None:
    """What a worker does, and its driver after it."""
    final = storage.config.out / "a.mp4"
    upload = storage.upload(joined.parent.name, final)
    assert upload is not None
    upload(joined)
    joined.unlink()
    storage.published(final)


def test_an_object_that_has_come_since_the_run_began_is_not_replaced(bucket: Any, begun: tuple[Storage, Path]) -> None:
    storage, joined = begun
    bucket.pipe_file("calls/out/a.mp4", b"another driver's")
    with pytest.raises(OutputError, match=r"calls/out/a\.mp4 has come to be there since this run began, and is not"):
        publish(storage, joined)
    assert bucket.cat_file("calls/out/a.mp4") == b"another driver's"
    assert joined.exists()
    assert objects(bucket) == {"a.mp4", ".vidsharp/lock"}, "no mark says that it is ours"


def test_an_upload_whose_answer_is_lost_is_there_when_it_is_sent_again(
    bucket: Any, patient: Any, begun: tuple[Storage, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, joined = begun
    put_file = patient.put_file

    def sent_twice(file: str, path: str, **options: Any) -> None:
        put_file(file, path, **options)
        put_file(file, path, **options)

    monkeypatch.setattr(patient, "put_file", sent_twice)
    publish(storage, joined)
    assert bucket.cat_file("calls/out/a.mp4") == b"joined"


def test_what_a_driver_published_before_it_was_killed_is_taken_over_with_its_rows(
    bucket: Any, begun: tuple[Storage, Path], tmp_path: Path
) -> None:
    storage, joined = begun
    publish(storage, joined)
    bucket.rm_file("calls/out/.vidsharp/lock")  # of a driver that was killed long ago, on another machine
    next_one = open_storage(config(tmp_path, staging=tmp_path / "another machine"))
    next_one.config.out.mkdir(parents=True)
    next_one.begin()
    ((rows, _),) = kept_rows(next_one.config.out / ".vidsharp")
    assert rows.clip["out"] == "a.mp4"
    next_one.save_report([], ["a.mp4"])
    assert objects(bucket) == {"a.mp4", ".vidsharp/lock"}
    next_one.close()
    assert objects(bucket) == {"a.mp4"}


def test_a_driver_that_has_lost_its_lease_publishes_nothing_and_writes_no_table(
    bucket: Any, begun: tuple[Storage, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, joined = begun
    monkeypatch.setattr("vidsharp.jobs.files.bucket_lease.LEASE_S", -1.0)
    with pytest.raises(StorageError, match="another vidsharp has taken it over; run the same command again"):
        publish(storage, joined)
    with pytest.raises(StorageError, match="taken it over"):
        storage.save_report([])
    assert objects(bucket) == {".vidsharp/lock"}


def test_a_worker_whose_driver_has_lost_its_lease_uploads_nothing(bucket: Any, begun: tuple[Storage, Path]) -> None:
    storage, joined = begun
    upload = storage.upload(joined.parent.name, storage.config.out / "a.mp4")
    assert upload is not None
    for another in (b".00000000.17-0123ab.part 1", None):
        if another is None:
            bucket.rm_file("calls/out/.vidsharp/lock")
        else:
            bucket.pipe_file("calls/out/.vidsharp/lock", another)
        with pytest.raises(StorageError, match="s3://calls/out has been taken over by another vidsharp; run the same"):
            upload(joined)
    assert objects(bucket) == set()
    assert joined.exists()


def test_a_second_attempt_finds_what_the_first_has_uploaded(bucket: Any, begun: tuple[Storage, Path]) -> None:
    storage, joined = begun
    for _ in range(2):  # a worker that dies before it can remove the file is followed by one that makes it again
        upload = storage.upload(joined.parent.name, storage.config.out / "a.mp4")
        assert upload is not None
        upload(joined)
    assert bucket.cat_file("calls/out/a.mp4") == b"joined"


def test_what_an_earlier_drivers_worker_uploads_meanwhile_is_taken_over_with_its_rows(
    bucket: Any, patient: Any, begun: tuple[Storage, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That worker outlives its driver for a moment, in which its upload is not there yet."""
    storage, joined = begun
    upload = storage.upload(joined.parent.name, storage.config.out / "a.mp4")
    assert upload is not None
    rows = {"clip": {"clip": "a.mp4", "out": "a.mp4", "frames": 7}, "chunks": [], "frames": []}
    earlier = Mark("a.mp4", "the earlier one's", rows)
    earlier.write(Place.of(f"s3://calls/out/{upload.mark}"))
    put_file = patient.put_file

    def too_late(file: str, path: str, **options: Any) -> None:
        put_file(file, path, Metadata={"vidsharp": "the earlier one's"})
        put_file(file, path, **options)

    monkeypatch.setattr(patient, "put_file", too_late)
    upload(joined)
    joined.unlink()
    ((rows, _),) = kept_rows(storage.config.out / ".vidsharp")
    assert rows.clip["frames"] == 7
    assert Mark.read(Place.of(f"s3://calls/out/{upload.mark}")) == earlier


def test_a_task_does_not_show_what_is_secret_of_an_address() -> None:
    task = Upload("sftp://me:secret@host/out", "a.mp4", ".vidsharp/a", "token", replaces=False)
    assert "secret" not in repr(task)
    assert "secret" not in Place.of("memory://me:secret@host/out").url
