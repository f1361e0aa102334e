"""What makes a clip's pictures is told by plain values: another one has another digest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from vidsharp.models.enhance import Enhancer
from vidsharp.models.fused.blend_library import fastest_set
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.provenance import digest, provenance

from tests.support import media


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    return probe(media.call(tmp_path_factory.mktemp("clip") / "a.mkv", frames=2, size=(160, 96)).path)


def test_it_is_plain_and_the_number_of_cores_does_not_count(info: ClipInfo) -> None:
    one, other = (provenance(Enhancer("fast", threads=threads), EncoderChoice(), info) for threads in (1, 3))
    assert json.loads(json.dumps(one)) == one
    assert digest(one) == digest(other)


@pytest.mark.skipif(not fastest_set(), reason="needs the C library, to be different from torch")
def test_another_way_or_another_encoder_is_another(info: ClipInfo, tmp_path: Path) -> None:
    fast, by_torch = Enhancer("fast"), Enhancer("fast", plain=True)
    restores = Enhancer("fast", chroma="restore")
    ways = [(fast, info), (by_torch, info), (restores, info), (fast, replace(info, codec="hevc"))]
    assert len({digest(provenance(enhancer, EncoderChoice(), clip)) for enhancer, clip in ways}) == 4
