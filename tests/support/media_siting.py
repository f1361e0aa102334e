"""Recordings whose chroma lies elsewhere than usual, and a reader that asks FFmpeg's decoder through its log."""

import re
from pathlib import Path
from typing import Any

import av
import av.logging as av_logging
from av.filter import Graph

from tests.support import media
from tests.support.media import Media


def sited(path: Path, *, siting: str = "topleft", **more: Any) -> Media:
    """4:2:0 whose chroma lies at `siting`: `topleft` as in HDR from discs and stores, `center` as in JPEG."""
    options = {"chroma_sample_location": siting, **more.pop("options", {})}
    return media.call(path, **{"audio": 0, "options": options, **more})


def siting_of(path: Path) -> str:
    """Where the first picture's chroma lies, by the name that FFmpeg's `showinfo` prints; `unspecified` if nowhere."""
    level = av_logging.get_level()
    av_logging.set_level(av_logging.INFO)
    try:
        with av_logging.Capture() as logs, av.open(str(path)) as source:
            stream = source.streams.video[0]
            graph = Graph()
            graph.link_nodes(graph.add_buffer(template=stream), graph.add("showinfo"), graph.add("buffersink"))
            graph.configure()
            graph.vpush(next(source.decode(stream)))  # type: ignore[arg-type]
            graph.vpull()
        (found,) = [match[1] for _, _, text in logs if (match := re.search(r" cl:(\w+) ", text))]
        return found
    finally:
        av_logging.set_level(level)
