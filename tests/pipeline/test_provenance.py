"""What makes a clip's pictures is told by plain values: another one has another digest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from vidsharp.models.enhance import Enhancer
from vidsharp.models.fused.blend_library import fastest_set
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.probe import ClipInfo, probe
from vidsharp.pipeline.provenance import digest, provenance

from tests.support import media


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    return probe(media.call(tmp_path_factory.mktemp("clip") / "a.mkv", frames=2, size=(160, 96)).path)


def test_it_is_plain_and_the_number_of_cores_does_not_count(info: ClipInfo) -> None:
    plan = resolve_encoder(EncoderChoice(), info)
    one, other = (provenance(Enhancer("fast", threads=threads), plan, info) for threads in (1, 3))
    assert json.loads(json.dumps(one)) == one
    assert digest(one) == digest(other)


@pytest.mark.skipif(not fastest_set(), reason="needs the C library, to be different from torch")
def test_another_way_or_another_encoder_is_another(info: ClipInfo, tmp_path: Path) -> None:
    fast, by_torch = Enhancer("fast"), Enhancer("fast", plain=True)
    restores = Enhancer("fast", chroma="restore")
    h264, hevc = (resolve_encoder(EncoderChoice(), replace(info, codec=codec)) for codec in ("h264", "hevc"))
    finer = replace(h264, options={**h264.options, "crf": "17"})
    ways = [(fast, h264), (by_torch, h264), (restores, h264), (fast, hevc), (fast, finer)]
    assert len({digest(provenance(enhancer, encoder, info)) for enhancer, encoder in ways}) == 5
