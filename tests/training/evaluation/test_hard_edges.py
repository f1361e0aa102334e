"""Hard edges on the codec's grid: what is measured, and that the students which ship leave them hard."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from vidsharp.models.enhance import Enhancer
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT
from vidsharp.training.evaluation.hard_edges import CODINGS, LUMAS, PLACES, HardEdge, growth, hard_edges


@pytest.fixture(scope="module")
def edges() -> list[HardEdge]:
    return list(hard_edges())


def test_pictures_of_every_kind(edges: list[HardEdge]) -> None:
    assert len(edges) == 2 * len(LUMAS) * len(PLACES) * sum(map(len, CODINGS.values()))
    assert {edge.soft.shape for edge in edges} == {edges[0].sharp.shape}
    assert all(edge.error(edge.sharp) == 0 < edge.error(edge.sharp ^ 1) for edge in edges)


def test_doing_nothing_changes_nothing_and_a_blur_is_found_out(edges: list[HardEdge]) -> None:
    assert growth(lambda luma: luma, edges) == [0.0] * len(edges)
    assert min(growth(lambda luma: gaussian_filter(luma, 1.5), edges)) > 0


@pytest.mark.parametrize(("student", "worst"), [("fast", 12), ("balanced", 28)])
def test_the_students_that_ship_leave_them_hard(student: str, worst: float, edges: list[HardEdge]) -> None:
    """Bounds between what they do and what version 0.1's `balanced` did: 8.8 codes in the mean, 46 at worst."""
    enhancer = Enhancer(student, threads=1)

    def sharpen(luma: np.ndarray) -> np.ndarray:
        chroma = np.full((2, luma.shape[0] // 2, luma.shape[1] // 2), 128, np.uint8)
        made = enhancer.planes([luma, *chroma], CLIP_FORMAT)[0]
        return luma if made is None else made

    grown = growth(sharpen, edges)
    assert np.mean(grown) < 1.5
    assert max(grown) < worst
