"""Shards: every recording is in exactly one, on every machine, and those that may share a name are in the same one."""

import pytest
from vidsharp.jobs.shard import Shard

NAMES = [f"team-{number % 7}/call {number}.mp4" for number in range(4000)]


@pytest.mark.parametrize("count", [1, 2, 3, 16, 1000])
def test_every_recording_is_in_exactly_one_of_about_equal_shards(count: int) -> None:
    shards = [Shard(index, count) for index in range(count)]
    names = NAMES if count <= 16 else NAMES[::40]
    assert all(sum(shard.has(name) for shard in shards) == 1 for name in names)
    if count <= 16:
        sizes = [sum(shard.has(name) for name in names) for shard in shards]
        assert min(sizes) > 0.7 * len(names) / count


@pytest.mark.parametrize(
    ("name", "shard"), [("call.mp4", 2), ("team/call.mp4", 0), ("überprüfung.mkv", 8), ("\\udce9.mp4", 15)]
)
def test_a_recording_stays_in_its_shard(name: str, shard: int) -> None:
    """Of another hash, drivers of two versions, or an array that is run again, would do recordings twice or never."""
    assert [index for index in range(16) if Shard(index, 16).has(name)] == [shard]


@pytest.mark.parametrize(
    "names",
    [
        ("a/call.avi", "a/call.webm", "a/call.MP4"),  # each may become a/call.mkv
        ("call.mp4", "call.mp4.webm"),  # where call.mkv is taken, the first may become call.mp4.mkv, as the second
        ("2026.11.29.avi", "2026.11.29.webm"),
    ],
)
def test_recordings_that_may_share_a_results_name_share_a_shard(names: tuple[str, ...]) -> None:
    for index in range(97):
        assert len({Shard(index, 97).has(name) for name in names}) == 1


def test_a_date_is_no_ending() -> None:
    days = [f"2026.11.{day:02d}.mp4" for day in range(1, 31)]
    assert len({index for index in range(8) for day in days if Shard(index, 8).has(day)}) > 4


def test_a_text_is_a_shard_or_none() -> None:
    assert Shard.parse("0/4") == Shard(0, 4)
    assert str(Shard.parse("12/400")) == "12/400"
    for text in ("", "4", "1/", "/4", "-1/4", "1/4/2", "a/b", "1.5/4", "1 /4", "١/٤"):
        assert Shard.parse(text) is None
