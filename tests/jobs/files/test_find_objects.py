"""Recordings in a bucket are found page by page, in order, and whatever they are called."""

import random
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.files import object_place
from vidsharp.jobs.files.clips import NothingFound
from vidsharp.jobs.files.find_objects import found_objects
from vidsharp.jobs.files.object_place import Place, version

pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")

NAMES = ["b.mp4", "a b.mp4", "a/z.MKV", "a.mp4", "ü/é.webm", "\U0001f3a5.mp4", "a+&%20?#.mp4", "c/d/e/f.ts", "日本.mov"]
OTHERS = ["notes.txt", ".trash/x.mp4", "a/../../up.mp4", "a//double.mp4", "folder/", "end."]


def found(url: str, out: str | None = None) -> tuple[list[str], list[str]]:
    passed_over: list[str] = []
    objects = list(found_objects(url, Path("/in"), Place.of(out) if out else None, passed_over.append))
    for clip, source in objects:
        assert source.place.fs.isfile(source.place.path), clip
        assert source.version == version(source.place.fs.info(source.place.path)), "as a worker sees it"
    return [clip.name for clip, _ in objects], passed_over


@pytest.fixture
def filled(bucket: Any) -> Any:
    for name in random.Random(1).sample(NAMES + OTHERS, len(NAMES + OTHERS)):
        bucket.pipe_file(f"calls/in/{name}", name.encode())
    return bucket


@pytest.mark.parametrize("page", [1, 2, 7, 1000])
def test_whatever_the_pages(filled: Any, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_place, "PAGE", page)
    names, passed_over = found("s3://calls/in")
    assert names == sorted(NAMES)
    assert set(passed_over) == {
        f"s3://calls/in/{name}" for name in ("notes.txt", "a/../../up.mp4", "a//double.mp4", "end.")
    }


def test_the_names_of_other_folders_that_begin_alike_are_not_among_them(bucket: Any) -> None:
    for name in ("in/a.mp4", "in2/b.mp4", "in.mp4"):
        bucket.pipe_file(f"calls/{name}", b"x")
    assert found("s3://calls/in") == found("s3://calls/in/") == (["a.mp4"], [])
    assert found("s3://calls", "s3://calls/in") == (["in.mp4", "in2/b.mp4"], [])


def test_an_object_alone_and_one_that_others_lie_below(bucket: Any) -> None:
    bucket.pipe_file("calls/in/call.mp4", b"alone")
    assert found("s3://calls/in/call.mp4") == (["call.mp4"], [])
    bucket.pipe_file("calls/in/call.mp4/more.mp4", b"below")
    assert found("s3://calls/in/call.mp4") == (["call.mp4"], [])


@pytest.mark.parametrize("url", ["s3://calls/nothing", "s3://calls/in", "s3://no-such-bucket/in"])
def test_nothing_is_said(bucket: Any, url: str) -> None:
    with pytest.raises(NothingFound, match=f"{url} does not exist, or nothing is there"):
        found(url)


def test_the_output_is_not_where_recordings_are(filled: Any) -> None:
    with pytest.raises(UsageError, match="is where the recordings themselves are"):
        found("s3://calls/in", "s3://calls/in/")
