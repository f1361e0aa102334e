"""The table of containers agrees with FFmpeg, and with itself."""

import io
from collections import Counter
from dataclasses import replace

import av
import pytest
from av.format import ContainerFormat
from vidsharp.pipeline.container_traits import (
    CONTAINERS,
    MATROSKA,
    ContainerTraits,
    source_traits,
    written_traits,
)

DEMUXERS = {traits.demuxer for traits in CONTAINERS}


@pytest.mark.parametrize("traits", CONTAINERS, ids=lambda traits: traits.muxer)
def test_ffmpeg_reads_and_writes_it_by_these_names(traits: ContainerTraits) -> None:
    assert traits.muxer is not None
    assert ContainerFormat(traits.muxer, "w").name == traits.muxer
    for name in traits.demuxer.split(","):
        assert ContainerFormat(name, "r").is_input
    with av.open(io.BytesIO(), "w", format=traits.muxer) as written:
        assert written.format.name == traits.muxer
    assert written_traits(traits.muxer) is traits


def test_each_is_there_once_and_matroska_is_among_them() -> None:
    muxers = [traits.muxer for traits in CONTAINERS]
    assert len(set(muxers)) == len(muxers)
    assert MATROSKA in muxers


@pytest.mark.parametrize("demuxer", sorted(DEMUXERS))
def test_a_family_is_read_alike_and_has_one_for_all_other_names(demuxer: str) -> None:
    family = [traits for traits in CONTAINERS if traits.demuxer == demuxer]
    assert [traits.suffixes for traits in family].count(()) == 1
    suffixes = Counter(suffix for traits in family for suffix in traits.suffixes)
    assert set(suffixes.values()) <= {1}
    as_read = {(each.presentation_times, each.reordering, each.contiguous, each.indexed) for each in family}
    assert len(as_read) == 1
    for traits in family:
        for suffix in traits.suffixes or (".odd", ""):
            assert source_traits(demuxer, suffix.upper()) is traits


@pytest.mark.parametrize("demuxer", ["h264", "realmedia", ""])
def test_what_is_only_read_is_like_most(demuxer: str) -> None:
    assert source_traits(demuxer, ".mp4") == replace(written_traits("nut"), muxer=None, demuxer=demuxer)


def test_avi_and_flv_are_the_ones_with_one_time_for_a_packet() -> None:
    assert {traits.muxer for traits in CONTAINERS if not traits.reordering} == {"avi", "flv"}
    assert [traits.muxer for traits in CONTAINERS if not traits.presentation_times] == ["avi"]
