"""The parts of a piece's time add up to what the clocks showed."""

from types import SimpleNamespace
from typing import Any

import pytest
from vidsharp.jobs.estimating.cost_model import Kind
from vidsharp.jobs.estimating.piece_times import piece_of

KIND = Kind(160, 96, "h264", 8, "libx264")


def record(frames: int, measured: tuple[int, ...] = (), measure_s: float = 0.0) -> Any:
    figures = tuple({"index": index} for index in measured)
    return SimpleNamespace(frames=frames, measured=figures, measure_s=measure_s, bytes=5000 + 100 * (frames - 1))


def steady(frames: int, start_s: float, frame_s: float, end_s: float) -> list[tuple[float, float]]:
    """Clocks of a piece whose frames take all the same: twice as much CPU as wall."""
    at = [0.0, *(start_s + frame_s * n for n in range(1, frames + 1))]
    return [(wall, 2 * wall) for wall in (*at, at[-1] + end_s)]


@pytest.mark.parametrize("frames", [1, 2, 12, 72, 500])
def test_a_fixed_part_and_a_part_for_each_frame(frames: int) -> None:
    piece = piece_of("a", KIND, record(frames), steady(frames, 0.5, 0.02, 0.25), 5000)
    assert piece.wall_s == pytest.approx(0.75 + 0.02 * frames)
    assert piece.chunk_s + frames * piece.frame_s == pytest.approx(piece.wall_s)
    assert piece.chunk_core_s + frames * piece.frame_core_s == pytest.approx(2 * piece.wall_s)
    if frames >= 3:  # a head is left out of the frames' part
        assert (piece.frame_s, piece.chunk_s) == (pytest.approx(0.02), pytest.approx(0.75))
    assert (piece.key_bytes, piece.frame_bytes) == (5000, 100 if frames > 1 else 0)


def test_measuring_for_the_report_is_a_cost_of_its_own() -> None:
    marks = [(wall + (0.3 if n > 30 else 0.0), cpu) for n, (wall, cpu) in enumerate(steady(60, 0.5, 0.02, 0.25))]
    piece = piece_of("a", KIND, record(60, measured=(30,), measure_s=0.3), marks, 5000)
    assert piece.measure_s == pytest.approx(0.3)
    assert piece.frame_s == pytest.approx(0.02)
    assert piece.chunk_s == pytest.approx(0.75)
