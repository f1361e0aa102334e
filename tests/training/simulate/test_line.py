"""Every encoder delivers each picture in its place, at the rate and size that were asked for, and says what it did."""

from dataclasses import replace

import numpy as np
import pytest
from av import VideoFrame
from vidsharp.training.simulate.draw import draw_parameters
from vidsharp.training.simulate.encoders import ENCODERS, here
from vidsharp.training.simulate.line import Shown, through_line
from vidsharp.training.simulate.parameters import FrameDip, LineParameters, Loss, RateStep, SizeStep
from vidsharp.training.simulate.scaling import scaled

from tests.training.simulate.moving import moving, psnr

PRESENT = here(ENCODERS)


def steady(encoder: str, **changes: object) -> LineParameters:
    """A line on which nothing happens but what is given."""
    plain = draw_parameters("compressed", 1, "all", encoder=encoder)
    fixed = replace(plain, rates=(RateStep(0, 1.0),), keyframe_interval=None, dips=(), losses=(), bits_per_pixel=0.1)
    return replace(fixed, **changes)  # pyright: ignore[reportArgumentType]


def sent(frames: list[VideoFrame], parameters: LineParameters) -> list[Shown]:
    """All that the line shows; as many as went in."""
    shown = list(through_line(frames, parameters, 30.0))
    assert len(shown) == len(frames)
    return shown


@pytest.mark.parametrize("encoder", PRESENT)
def test_each_picture_is_shown_in_its_place(encoder: str) -> None:
    frames = moving(14)
    shown = [s.picture for s in sent(frames, steady(encoder, bits_per_pixel=0.4))]
    for number in range(2, 12):
        scores = [psnr(shown[number], frames[other]) for other in (number - 1, number, number + 1)]
        assert scores[1] > max(scores[0], scores[2])


@pytest.mark.parametrize("encoder", PRESENT)
def test_keyframes_come_when_asked_and_after_a_loss(encoder: str) -> None:
    facts = [s.facts for s in sent(moving(34), steady(encoder, keyframe_interval=12))]
    assert [f.since_keyframe for f in facts] == [number % 12 for number in range(34)]
    shown = sent(moving(20), steady(encoder, losses=(Loss(6, 2, True, 4),)))
    assert [s.facts.since_keyframe for s in shown] == [*range(12), *range(8)]
    assert [n for n, s in enumerate(shown) if s.facts.repeated] == [6, 7, 8, 9, 10, 11]


def test_a_keyframe_that_is_asked_for_while_nothing_is_sent_comes_with_the_next_picture() -> None:
    line = steady("vp8", losses=(Loss(6, 1, True, 4),), dips=(FrameDip(10, 13, 3),))
    facts = [s.facts for s in sent(moving(18), line)]
    assert [n for n, f in enumerate(facts) if f.repeated] == [6, 7, 8, 9, 10, 11, 12]
    assert facts[13].since_keyframe == 0


@pytest.mark.parametrize("encoder", [name for name in PRESENT if ENCODERS[name].conceals])
def test_a_decoder_that_conceals_goes_on_without_what_was_lost(encoder: str) -> None:
    shown = sent(moving(20), steady(encoder, losses=(Loss(6, 2, False, 6),)))
    assert [n for n, s in enumerate(shown) if s.facts.repeated] == [6, 7]
    clean = sent(moving(20), steady(encoder))
    frames = moving(20)
    assert psnr(shown[9].picture, frames[9]) < psnr(clean[9].picture, frames[9]) - 1
    assert psnr(shown[15].picture, frames[15]) > psnr(clean[15].picture, frames[15]) - 4


@pytest.mark.parametrize("encoder", PRESENT)
def test_sizes_switch_with_a_keyframe(encoder: str) -> None:
    steps = (SizeStep(0, 2.0), SizeStep(7, 1.0), SizeStep(15, 2.0))
    facts = [s.facts for s in sent(moving(20, 256, 160), steady(encoder, sizes=steps))]
    assert [f.sent_width for f in facts] == [128] * 7 + [256] * 8 + [128] * 5
    assert [f.sent_height for f in facts] == [80] * 7 + [160] * 8 + [80] * 5
    assert [f.since_switch for f in facts] == [None] * 7 + [*range(8), *range(5)]
    assert [f.since_keyframe for f in facts] == [*range(7), *range(8), *range(5)]


@pytest.mark.parametrize("encoder", PRESENT)
def test_repeated_pictures_equal_their_predecessors(encoder: str) -> None:
    shown = sent(moving(20), steady(encoder, dips=(FrameDip(5, 14, 3),)))
    repeated = [n for n, s in enumerate(shown) if s.facts.repeated]
    assert repeated == [6, 7, 9, 10, 12, 13]
    for number in range(1, 20):
        same = np.array_equal(shown[number].picture.to_ndarray(), shown[number - 1].picture.to_ndarray())
        assert same == (number in repeated)


@pytest.mark.parametrize("encoder", PRESENT)
def test_bits_are_near_the_asked_rate_and_follow_it(encoder: str) -> None:
    frames = moving(90, 256, 160)
    pixels = 256 * 160
    asked = 0.12
    rates = (RateStep(0, 1.0), RateStep(45, 0.4))
    shown = sent(frames, steady(encoder, bits_per_pixel=asked, rates=rates))
    before, after = (sum(s.bits for s in part) / len(part) / pixels for part in (shown[:45], shown[50:]))
    assert 0.65 * asked < before < 1.5 * asked
    assert 0.2 * asked < after < 0.7 * asked


@pytest.mark.parametrize(("width", "height"), [(64, 48), (61, 83), (16, 16), (2, 2)])
def test_sides_that_are_sent_are_even_and_not_below_the_encoders_least(width: int, height: int) -> None:
    frames = [scaled(f, width, height, "BICUBIC") for f in moving(3)]
    for encoder in PRESENT:
        facts = sent(frames, steady(encoder))[-1].facts
        for side in (facts.sent_width, facts.sent_height):
            assert side % 2 == 0
            assert side >= ENCODERS[encoder].smallest
    assert sent([], steady(PRESENT[0])) == []
