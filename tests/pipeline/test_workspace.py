"""Only whole work of the same input and settings counts as done."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from vidsharp.pipeline import workspace as workspace_module
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.encoder_plan import EncoderPlan
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.plan import Chunk, PacketTiming, plan_chunks
from vidsharp.pipeline.workspace import ClipPlan, Workspace

CHUNKS = plan_chunks([PacketTiming(i * 10, i * 10 - 5, 5 + i, i % 30 == 0, True) for i in range(90)], 300)
RECORD = ChunkRecord(
    index=1,
    frames_expected=30,
    pts=tuple(range(300, 590, 10)),
    durations=(10,) * 29,
    reorder_depth=2,
    bytes=5,
    errors=("packet at 310: Invalid data",),
    began_at=1_700_000_000.5,
    decode_s=0.1,
    model_s=0.25,
    measure_s=0.05,
    encode_s=0.3,
    wait_s=0.4,
    wall_s=1.5,
    node="n",
    actor="7",
    attempt=2,
    measured=({"index": 3, "ssim_input": 0.9, "change_before": None},),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.of(tmp_path, "a/b.mp4", "key")
    made.begin("a/b.mp4", CHUNKS)
    return made


@pytest.fixture
def done(workspace: Workspace) -> Workspace:
    workspace.chunk_file("chunk-00001").write_bytes(b"12345")
    workspace.save_record("chunk-00001", RECORD)
    return workspace


def test_plan_and_record_come_back_as_they_were(done: Workspace) -> None:
    again = Workspace(done.folder, "key")
    assert again.load_plan() == CHUNKS
    assert again.load_record(CHUNKS[1]) == RECORD
    assert again.load_record(CHUNKS[0]) is None
    assert (RECORD.frames, RECORD.frames_lost) == (29, 1)


def test_the_encoder_comes_back_as_it_was_resolved(workspace: Workspace) -> None:
    assert workspace.load() == ClipPlan(CHUNKS, (), None), "none was given"
    plan = EncoderPlan("libx264", {"crf": "18"}, 2, Fraction(30000, 1001), "nut")
    workspace.begin("a/b.mp4", CHUNKS, encoder=plan)
    assert workspace.load() == ClipPlan(CHUNKS, (), plan)
    assert Workspace(workspace.folder, "other").load() is None


def test_work_for_another_key_does_not_count(done: Workspace) -> None:
    other = Workspace(done.folder, "other")
    assert other.load_plan() is None
    assert other.load_record(CHUNKS[1]) is None


def test_work_in_another_format_does_not_count(done: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_module, "FORMAT", workspace_module.FORMAT + 1)
    assert done.load_plan() is None
    assert done.load_record(CHUNKS[1]) is None


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_files_that_were_cut_off_do_not_count(share: float, done: Workspace) -> None:
    for name in ("manifest.json", "chunk-00001.json"):
        path = done.folder / name
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert done.load_plan() is None
    assert done.load_record(CHUNKS[1]) is None


@pytest.mark.parametrize("content", ["[]", "{}", "null", '"text"', '{"format": 1, "key": "key"}', "\udcff"])
def test_other_json_does_not_count(content: str, done: Workspace) -> None:
    for name in ("manifest.json", "chunk-00001.json"):
        (done.folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert done.load_plan() is None
    assert done.load_record(CHUNKS[1]) is None


@pytest.mark.parametrize("field", ["pts", "reorder_depth", "errors", "unheard_of"])
def test_a_record_with_other_fields_does_not_count(field: str, done: Workspace) -> None:
    path = done.folder / "chunk-00001.json"
    data = json.loads(path.read_bytes())
    if field in data["record"]:
        del data["record"][field]
    else:
        data["record"][field] = 1
    path.write_text(json.dumps(data))
    assert done.load_record(CHUNKS[1]) is None


@pytest.mark.parametrize("content", [None, b"", b"1234", b"123456"])
def test_a_chunk_whose_file_is_not_whole_does_not_count(content: bytes | None, done: Workspace) -> None:
    path = done.chunk_file("chunk-00001")
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert done.load_record(CHUNKS[1]) is None


def test_a_chunk_without_pictures_needs_no_file(workspace: Workspace) -> None:
    nothing = replace(RECORD, pts=(), durations=(), bytes=0)
    workspace.save_record("chunk-00001", nothing)
    assert workspace.load_record(CHUNKS[1]) == nothing


@pytest.mark.parametrize("chunk", [replace(CHUNKS[1], frames=31), replace(CHUNKS[1], index=2)])
def test_a_record_of_another_plan_does_not_count(chunk: Chunk, done: Workspace) -> None:
    done.save_record(chunk.name, RECORD)
    done.chunk_file(chunk.name).write_bytes(b"12345")
    assert done.load_record(chunk) is None


def test_beginning_throws_older_work_away(done: Workspace) -> None:
    done.begin("a/b.mp4", CHUNKS[:1])
    assert [path.name for path in done.folder.iterdir()] == ["manifest.json"]
    assert done.load_plan() == CHUNKS[:1]
    done.clear()
    assert not done.folder.exists()
    assert done.load_plan() is None
    done.clear()


def test_clips_have_folders_of_their_own_whatever_their_names(tmp_path: Path) -> None:
    names = ["a/b.mp4", "a_b.mp4", "a/b.MP4", "ü.mp4", "\udcff.mp4", "../x.mp4", "x" * 3000]
    folders = {Workspace.of(tmp_path, name, "key").folder for name in names}
    assert len(folders) == len(names)
    assert {folder.parent for folder in folders} == {tmp_path}
    odd = Workspace.of(tmp_path, "\udcff.mp4", "key")
    odd.begin("\udcff.mp4", CHUNKS)
    assert odd.load_plan() == CHUNKS


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        Workspace.of(blocked, "a.mp4", "key").begin("a.mp4", CHUNKS)
    with pytest.raises(OutputError, match="cannot be written"):
        Workspace(tmp_path / "absent", "key").save_record("chunk-00000", RECORD)
