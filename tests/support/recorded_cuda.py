"""What is asked of torch's CUDA, taken down: for what makes streams and graphs, where there is no GPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch


class RecordedCuda:
    """Stands for streams, events and graphs; `said` is what was asked of them, in order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.capture_fails = False
        for name in ("Stream", "Event", "CUDAGraph"):
            patch.setattr(torch.cuda, name, self._thing(name))
        for name in ("stream", "graph"):
            patch.setattr(torch.cuda, name, self._within(name))
        patch.setattr(torch.cuda, "empty_cache", lambda: self.said.append(("empty_cache",)))
        patch.setattr(torch.cuda, "graph_pool_handle", lambda: object())
        patch.setattr(torch.cuda, "current_stream", lambda: "current")

    def thing(self, kind: str) -> Any:
        """What takes down the calls of its methods."""
        return self._thing(kind)()

    def _thing(self, kind: str) -> Callable[..., Any]:
        said = self.said

        class Thing:
            def __init__(self, *given: Any, **named: Any) -> None:
                said.append((kind, named))

            def __getattr__(self, method: str) -> Callable[..., Any]:
                def call(*given: Any) -> float:
                    said.append((kind, method, *given))
                    return 1000.0

                return call

        return Thing

    def _within(self, kind: str) -> Callable[..., Any]:
        @contextmanager
        def within(of: Any, **named: Any) -> Iterator[None]:
            self.said.append((kind, named))
            yield
            if kind == "graph" and self.capture_fails:
                raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

        return within
