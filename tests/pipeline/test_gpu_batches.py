"""Batches of a GPU's way and chunks: one that fails leaves nothing to the next, and all are computed in one thread."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor
from vidsharp.models.enhance import Enhancer
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.pipeline import sharpen_chunk as chunk_module
from vidsharp.pipeline.encoder import resolve_encoder
from vidsharp.pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from vidsharp.pipeline.workspace import Workspace

from tests.support import media
from tests.support.whole_way import LOSSLESS, plan_of


class Spy:
    """Notes each batch that is computed, and the thread."""

    def __init__(self, enhancer: Enhancer) -> None:
        assert enhancer.gpu is not None
        way = enhancer.gpu.way
        self._run = way._computation.run
        way._computation = replace(way._computation, run=self)
        self.batches: list[str] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        self.batches.append(f"{planes[0].shape[0]}:{hashlib.md5(planes[0].numpy().tobytes()).hexdigest()[:6]}")
        self.threads.add(threading.current_thread())
        return self._run(planes, fmt)


def spied() -> tuple[Enhancer, Spy]:
    enhancer = Enhancer("fast", gpu=GpuSettings(batch=4))
    return enhancer, Spy(enhancer)


@pytest.fixture
def chunks(tmp_path: Path) -> list[ChunkTask]:
    clip = media.call(tmp_path / "a.mp4", frames=60, gop=15, size=(160, 96), audio=0)
    info, chunks = plan_of(clip.path)
    workspace = Workspace.of(tmp_path / "work", "a.mp4", "key")
    workspace.begin("a.mp4", ())
    plan = resolve_encoder(LOSSLESS, info)
    return [ChunkTask(info, chunk, plan, workspace.folder, "key") for chunk in chunks]


def test_after_an_error_the_next_chunk_has_its_own_batches(
    chunks: list[ChunkTask], monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = chunk_module.decode_chunk

    def ends(*given: Any) -> Iterator[Any]:
        for number, frame in enumerate(decode(*given)):
            if number == 6:  # amid the second batch
                raise ValueError("a decoder")
            yield frame

    enhancer, spy = spied()
    with monkeypatch.context() as here:
        here.setattr(chunk_module, "decode_chunk", ends)
        with pytest.raises(ValueError, match="a decoder"):
            sharpen_chunk(chunks[0], enhancer)
    spy.batches.clear()
    sharpen_chunk(chunks[1], enhancer)
    alone, other = spied()
    sharpen_chunk(chunks[1], alone)
    assert spy.batches == other.batches
    assert len(spy.batches) > 2


def test_all_chunks_are_computed_in_one_thread(chunks: list[ChunkTask]) -> None:
    """CUDA's libraries plan for each thread anew."""
    enhancer, spy = spied()
    for chunk in chunks[:2]:
        sharpen_chunk(chunk, enhancer)
    assert len(spy.batches) > 4
    assert len(spy.threads) == 1
    assert threading.current_thread() not in spy.threads
