"""Pictures that stand still are not computed again, and come out the same."""

from vidsharp.models.enhance import Enhancer
from vidsharp.models.gpu.on_gpu import GpuSettings
from vidsharp.models.sequence.ahead import Ahead

from tests.support.gpu import EIGHT, TEN, farthest, noise, student


def test_only_equal_pictures_are_copied() -> None:
    enhancer = Enhancer(student("reference"), gpu=GpuSettings(batch=2))
    ahead, first, other = Ahead(enhancer), noise(1, (20, 24)), noise(2, (20, 24))
    assert ahead.share is None
    one_sample = [plane.copy() for plane in other]
    one_sample[2][3, 5] ^= 1
    pictures = [first, first, other, one_sample, one_sample, first, noise(1, (20, 26))]
    waiting = [ahead.begin([plane.copy() for plane in planes], EIGHT) for planes in pictures]
    for later, planes in zip(waiting, pictures, strict=True):
        assert farthest(later(), enhancer.planes(planes, EIGHT)) <= 1
    assert ahead.share == 2 / 7


def test_what_the_caller_writes_afterwards_does_not_count() -> None:
    ahead = Ahead(Enhancer(student("fast"), gpu=GpuSettings()))
    planes = noise(1, (20, 24))
    first = ahead.begin(planes, EIGHT)()
    planes[0][...] = 7
    second = ahead.begin(planes, EIGHT)()
    assert farthest(first, second) > 1
    assert ahead.share == 0


def test_sequences_and_formats_are_told_apart() -> None:
    ahead = Ahead(Enhancer(student("fast"), gpu=GpuSettings()))
    one, two = noise(1, (20, 24), TEN), noise(2, (20, 24), TEN)
    for sequence, planes in ((1, one), (2, two), (1, one), (2, two)):
        ahead.begin(planes, TEN, sequence)
    assert ahead.share == 0.5
    eleven = ahead.begin(one, type(TEN)(11, TEN.full_range, TEN.matrix, TEN.chroma_left), 1)
    assert farthest(eleven(), ahead.begin(one, TEN, 1)()) > 0
