"""Tables in parts: whatever the order of runs, shards and compactions, of a clip the rows written last count, once."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from vidsharp.reports.run import compaction
from vidsharp.reports.run.compaction import compact
from vidsharp.reports.run.data_set import DataSet, PartGone, read_again
from vidsharp.reports.run.parts import GROUP_ROWS, parts_in, write_part
from vidsharp.reports.run.rows_by_clip import RowsByClip
from vidsharp.reports.run.tables import CHUNK_COLUMNS, CLIP_COLUMNS, arrow_rows, rows, table

ODD = ("a, \"b\"; '<img>'.mp4", "会議\nline.mp4", "")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts get names in the order in which they are written."""
    ticks = itertools.count(1)
    monkeypatch.setattr("vidsharp.reports.run.parts.time.time_ns", lambda: next(ticks))


def chunk_rows(clip: str, run: int, count: int) -> list[dict[str, Any]]:
    return [{"clip": clip, "chunk": n, "node": str(run), "written_at": float(run)} for n in reversed(range(count))]


def write(folder: Path, listed: list[dict[str, Any]]) -> None:
    write_part(folder, arrow_rows(listed, CHUNK_COLUMNS))


def told(folder: Path) -> dict[str, list[tuple[Any, Any]]]:
    """What the data set says of each clip: chunks and runs."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for batch in DataSet(folder, CHUNK_COLUMNS).batches(["clip", "chunk", "node"]):
        for row in batch.to_pylist():
            found.setdefault(row["clip"], []).append((row["chunk"], row["node"]))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_the_latest_rows_of_a_clip_count_once_through_any_runs_and_compactions(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [*ODD, *(f"{n}.mp4" for n in range(12))]
    expected: dict[str, list[tuple[Any, Any]]] = {}
    for run in range(12):
        chosen = rng.choice(len(names), rng.integers(1, 6), replace=False)
        listed: list[dict[str, Any]] = []
        for clip in (names[i] for i in chosen):
            count = int(rng.integers(1, 5))
            listed += chunk_rows(clip, run, count)
            expected[clip] = [(n, str(run)) for n in range(count)]
        rng.shuffle(listed)  # pyright: ignore[reportArgumentType]
        write(tmp_path, listed)
        if rng.random() < 0.4:
            compact(tmp_path, CHUNK_COLUMNS, int(rng.integers(1, 40)))
        assert told(tmp_path) == expected
    compact(tmp_path, CHUNK_COLUMNS, 10_000)
    assert told(tmp_path) == expected
    (part,) = parts_in(tmp_path)
    assert [row["clip"] for row in parquet.read_table(part).to_pylist()] == sorted(
        clip for clip, chunks in expected.items() for _ in chunks
    )


@pytest.mark.parametrize("seed", range(10))
def test_killed_while_it_joins_parts_nothing_is_lost_and_nothing_counts_twice(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    for run in range(8):
        write(tmp_path, [row for clip in "abc"[: rng.integers(1, 4)] for row in chunk_rows(clip, run, 3)])
    before = told(tmp_path)
    for dies_after in range(12):
        steps = itertools.count()

        def step(real: Any, steps: Iterator[int] = steps, dies_after: int = dies_after) -> Any:
            def stepped(*given: Any, **more: Any) -> Any:
                if next(steps) >= dies_after:
                    raise KeyboardInterrupt
                return real(*given, **more)

            return stepped

        with monkeypatch.context() as patch:
            patch.setattr(compaction, "write_part", step(write_part))
            patch.setattr(Path, "unlink", step(Path.unlink))
            with suppress(KeyboardInterrupt):
                compact(tmp_path, CHUNK_COLUMNS, int(rng.integers(5, 30)))
        assert told(tmp_path) == before
    compact(tmp_path, CHUNK_COLUMNS, 1000)
    assert (told(tmp_path), len(parts_in(tmp_path))) == (before, 1)


def test_what_is_one_part_of_rows_that_count_is_let_alone(tmp_path: Path) -> None:
    write(tmp_path, chunk_rows("a", 1, 3))
    (part,) = parts_in(tmp_path)
    compact(tmp_path, CHUNK_COLUMNS, 1000)
    assert parts_in(tmp_path) == [part]


def test_large_parts_are_let_alone_until_rows_of_theirs_no_longer_count(tmp_path: Path) -> None:
    write(tmp_path, [row for n in range(10) for row in chunk_rows(f"{n}", 1, 2)])
    (large,) = parts_in(tmp_path)
    write(tmp_path, chunk_rows("x", 2, 2))
    write(tmp_path, chunk_rows("y", 3, 2))
    compact(tmp_path, CHUNK_COLUMNS, 20)
    assert len(parts_in(tmp_path)) == 2
    assert large in parts_in(tmp_path)
    write(tmp_path, chunk_rows("3", 4, 1))
    compact(tmp_path, CHUNK_COLUMNS, 20)
    assert large not in parts_in(tmp_path)
    assert told(tmp_path)["3"] == [(0, "4")]


def test_others_read_the_folder_as_one_table_with_its_types(tmp_path: Path) -> None:
    write_part(tmp_path, arrow_rows([{"clip": "b", "status": "done", "frames": 3, "written_at": 1.0}], CLIP_COLUMNS))
    write_part(tmp_path, arrow_rows([{"clip": "a", "status": "failed", "written_at": 1.0}], CLIP_COLUMNS))
    read: Any = pd.read_parquet(tmp_path)
    assert {name: str(dtype) for name, dtype in read.dtypes.items()} == dict(CLIP_COLUMNS)
    assert read["frames"].to_list() == [3, pd.NA]
    compact(tmp_path, CLIP_COLUMNS, 10)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path), DataSet(tmp_path, CLIP_COLUMNS).frame())


def test_parts_of_other_versions_have_this_versions_columns(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"clip": ["a"], "status": ["done"], "gone": [1]}), tmp_path / "part-0.parquet")
    write_part(tmp_path, arrow_rows([{"clip": "b", "status": "done", "frames": 3, "written_at": 1.0}], CLIP_COLUMNS))
    data = DataSet(tmp_path, CLIP_COLUMNS)
    assert rows(data.frame()) == rows(
        table([{"clip": "a", "status": "done"}, {"clip": "b", "status": "done", "frames": 3, "written_at": 1.0}],
              CLIP_COLUMNS)
    )  # fmt: skip
    assert dict(RowsByClip(lambda: data)) == {row["clip"]: row for row in rows(data.frame())}


def test_rows_are_found_by_clip_in_any_order_and_part(tmp_path: Path) -> None:
    count = 2 * GROUP_ROWS + 5
    listed = [{"clip": f"{n:06d}", "status": "done", "frames": n, "written_at": 1.0} for n in range(count)]
    write_part(tmp_path, arrow_rows(listed, CLIP_COLUMNS))
    write_part(tmp_path, arrow_rows([{**listed[7], "frames": -1, "written_at": 2.0}], CLIP_COLUMNS))
    found = RowsByClip(lambda: DataSet(tmp_path, CLIP_COLUMNS))
    assert len(found) == count
    assert found["000007"]["frames"] == -1
    for n in (0, count - 1, GROUP_ROWS, 3):
        assert found[f"{n:06d}"]["frames"] == n
    with pytest.raises(KeyError):
        found["none"]


def test_rows_are_found_while_another_run_joins_the_parts(tmp_path: Path) -> None:
    for n in range(4):
        write_part(tmp_path, arrow_rows([{"clip": f"{n}", "status": "done", "written_at": 1.0}], CLIP_COLUMNS))
    found = RowsByClip(lambda: DataSet(tmp_path, CLIP_COLUMNS))
    data = DataSet(tmp_path, CLIP_COLUMNS)
    assert data.rows == 4
    compact(tmp_path, CLIP_COLUMNS, 100)
    assert [found[f"{n}"]["clip"] for n in range(4)] == ["0", "1", "2", "3"]
    with pytest.raises(PartGone):
        data.table()
    assert read_again(lambda: DataSet(tmp_path, CLIP_COLUMNS).table()).num_rows == 4


def test_only_what_was_asked_for_is_read(tmp_path: Path) -> None:
    for run in range(3):
        write(tmp_path, [row for n in range(5) for row in chunk_rows(f"{run}-{n}", 1, 2)])
    data = DataSet(tmp_path, CHUNK_COLUMNS)
    wanted = data.table(["clip", "chunk"], pa.array(["2-0", "0-4", "no such"]))
    assert wanted.column_names == ["clip", "chunk"]
    assert sorted(set(wanted["clip"].to_pylist())) == ["0-4", "2-0"]
    assert data.table(["chunk"], pa.array([], pa.string())).num_rows == 0
    assert (DataSet(tmp_path / "none", CHUNK_COLUMNS).table().num_rows, data.rows) == (0, 30)


def test_a_value_of_the_wrong_type_is_an_error() -> None:
    for wrong in ({"frames": "many"}, {"frames": 1.5}, {"strength": "strong"}):
        with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
            arrow_rows([{"clip": "a", **wrong}], CLIP_COLUMNS)
