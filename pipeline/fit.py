"""Brings pictures that changed in mid-stream to the one size and pixel format that their clip is written in."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

from av.filter import Graph
from av.video.frame import VideoFrame

from .canvas import Place, known_shape, place
from .probe import ClipInfo, Shape
from .sharpen import plane_arrays

_SCALER = "bicubic+accurate_rnd+bitexact"
"""Gives the same bits on every machine."""

_Kind = tuple[int, int, str, bool]


class Fitter:
    """Brings a clip's pictures to its canvas; those that are like it pass as they are."""

    def __init__(self, info: ClipInfo) -> None:
        self._info, self._canvas = info, Shape.of(info)
        self._full = is_full_range(info.colour.range, info.pix_fmt)
        self._graphs: dict[_Kind, tuple[Graph, Place]] = {}
        self._counts: Counter[tuple[int, int, str]] = Counter()

    @property
    def fitted(self) -> tuple[tuple[int, int, str, int], ...]:
        """Width, height, pixel format and number of the pictures that were changed."""
        return tuple((*kind, count) for kind, count in self._counts.items() if count)

    def all(
        self, frames: Iterator[VideoFrame], tells: Callable[[VideoFrame], bool] = lambda _: True
    ) -> Iterator[VideoFrame]:
        """Yields the frames, each of the clip's size and format, with its own time and side data.

        Args:
            tells: says whether a frame counts in `fitted`.
        """
        with closing(frames):  # type: ignore[type-var]
            for frame in frames:
                yield self._fit(frame, counts=tells(frame))

    def _fit(self, frame: VideoFrame, *, counts: bool) -> VideoFrame:
        full = is_full_range(frame.color_range, frame.format.name)
        shape = known_shape(self._info, frame.width, frame.height, frame.format.name)
        if shape == self._canvas and full == self._full:
            return frame
        self._counts[frame.width, frame.height, frame.format.name] += counts
        kind = (frame.width, frame.height, frame.format.name, full)
        if kind not in self._graphs:
            at = place(shape, self._canvas)
            self._graphs[kind] = self._graph(frame, full, at), at
        graph, at = self._graphs[kind]
        graph.vpush(frame)
        made = graph.vpull()
        made.pts, made.dts, made.duration = frame.pts, frame.dts, frame.duration
        if frame.time_base is not None:  # raw streams have none
            made.time_base = frame.time_base
        self._blacken(made, at)
        return made

    def _graph(self, frame: VideoFrame, full: bool, at: Place) -> Graph:
        graph, canvas, tick = Graph(), self._canvas, self._info.time_base
        graph.threads = 1
        ranges = f"in_range={'full' if full else 'limited'}:out_range={'full' if self._full else 'limited'}"
        # The clip's siting of chroma; FFmpeg's scaler would take it for centred where the decoder does not say.
        siting = f"in_chroma_loc={self._info.chroma_location}:out_chroma_loc={self._info.chroma_location}"
        steps = [
            graph.add(
                "buffer",
                f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:"
                f"time_base={tick.numerator}/{tick.denominator}",
            ),
            graph.add("scale", f"w={at.width}:h={at.height}:interl=-1:flags={_SCALER}:{ranges}:{siting}"),
            graph.add("format", f"pix_fmts={canvas.pix_fmt}"),
        ]
        if (at.width, at.height) != (canvas.width, canvas.height):
            steps.append(graph.add("pad", f"w={canvas.width}:h={canvas.height}:x={at.left}:y={at.top}"))
        graph.link_nodes(*steps, graph.add("buffersink")).configure()
        return graph

    def _blacken(self, frame: VideoFrame, at: Place) -> None:
        """Makes the bars black: FFmpeg's own are tinted by a step or two above 8 bits."""
        if (at.width, at.height) == (frame.width, frame.height):
            return
        frame.make_writable()
        scale = 1 << (frame.format.components[0].bits - 8)
        for number, plane in enumerate(plane_arrays(frame)):
            black = 128 * scale if number else 0 if self._full else 16 * scale
            down, across = -(-frame.height // plane.shape[0]), -(-frame.width // plane.shape[1])
            top, left = at.top // down, at.left // across
            bottom, right = -(-(at.top + at.height) // down), -(-(at.left + at.width) // across)
            kept = plane[top:bottom, left:right].copy()
            plane[...] = black
            plane[top:bottom, left:right] = kept


def is_full_range(color_range: int, pix_fmt: str) -> bool:
    """Whether codes use the full range; unknown is taken for limited."""
    return color_range == 2 or pix_fmt.startswith("yuvj")
