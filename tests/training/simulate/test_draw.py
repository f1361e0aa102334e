"""A level and a seed always stand for the same parameters, within the level's ranges; held-out things stay held out."""

import itertools
import json
from dataclasses import asdict

import pytest
from vidsharp.training.errors import SimulationError
from vidsharp.training.simulate.composition import HELD_OUT_LAYOUTS, LAYOUTS
from vidsharp.training.simulate.draw import FILTERS, HELD_OUT_FILTERS, draw_parameters
from vidsharp.training.simulate.encoders import ENCODERS, missing_encoders
from vidsharp.training.simulate.parameters import LEVELS

HELD_OUT = {name for name, encoder in ENCODERS.items() if encoder.held_out}


def test_trained_lines_never_draw_what_is_held_out() -> None:
    drawn = [draw_parameters(level, seed, composed=True) for level in LEVELS for seed in range(400)]
    assert {p.encoder for p in drawn} == {None, *ENCODERS} - HELD_OUT - missing_encoders()
    assert {p.recorder.encoder for p in drawn if p.recorder} == {"h264", "vp8"}
    assert {f for p in drawn for f in (p.down_filter, p.up_filter)} == set(FILTERS)
    assert {p.composition.layout for p in drawn if p.composition} == set(LAYOUTS)
    assert not set(FILTERS) & set(HELD_OUT_FILTERS)
    assert not set(LAYOUTS) & set(HELD_OUT_LAYOUTS)


def test_held_out_lines_draw_nothing_else() -> None:
    drawn = [draw_parameters(level, seed, "held_out", composed=True) for level in LEVELS for seed in range(100)]
    assert {p.encoder for p in drawn} == {None, *HELD_OUT}
    assert {p.recorder.encoder for p in drawn if p.recorder} <= HELD_OUT
    assert {f for p in drawn for f in (p.down_filter, p.up_filter)} == set(HELD_OUT_FILTERS)
    assert {p.composition.layout for p in drawn if p.composition} == set(HELD_OUT_LAYOUTS)


def test_all_lines_draw_both() -> None:
    drawn = [draw_parameters("medium", seed, "all") for seed in range(300)]
    assert {p.encoder for p in drawn} == set(ENCODERS) - missing_encoders()
    assert {p.up_filter for p in drawn} == {*FILTERS[:3], *HELD_OUT_FILTERS}, "the benchmark's pictures would be others"


@pytest.mark.parametrize("level", LEVELS)
def test_parameters_are_plain_values_within_the_levels_ranges(level: str) -> None:
    shrinks = {"light": (2, 2), "medium": (1.5, 2), "heavy": (2, 3), "compressed": (1, 1), "switching": (1, 4)}
    for seed in range(200):
        parameters = draw_parameters(level, seed)
        assert parameters == draw_parameters(level, seed)
        low, high = shrinks[level]
        assert all(low <= step.shrink <= high for step in parameters.sizes)
        for steps in (parameters.sizes, parameters.rates):
            assert steps[0].start == 0
            assert all(a.start < b.start for a, b in itertools.pairwise(steps))
        assert (len(parameters.sizes) > 1) == (level == "switching")
        assert parameters.recorded == (level != "light")
        assert json.loads(json.dumps(asdict(parameters)))["level"] == level
    assert draw_parameters(level, 1) != draw_parameters(level, 2)


def test_light_is_nothing_but_scaled() -> None:
    for seed in range(50):
        p = draw_parameters("light", seed)
        assert (p.encoder, p.bits_per_pixel, p.recorder, p.dips, p.losses) == (None, None, None, (), ())
        assert (p.camera.noise, p.camera.focus, p.camera.exposure) == (0, 1, 0)


def test_an_encoder_that_is_missing_changes_no_other_draw(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = [draw_parameters("heavy", seed) for seed in range(60)]
    with_x265 = ENCODERS["hevc"]
    monkeypatch.setitem(ENCODERS, "hevc", type(with_x265)(**{**vars(with_x265), "codec": "libnone"}))  # pyright: ignore
    missing_encoders.cache_clear()
    try:
        after = [draw_parameters("heavy", seed) for seed in range(60)]
        assert missing_encoders() >= {"hevc"}
        assert "this build of FFmpeg lacks libnone" in caplog.text
        assert caplog.text.count("libnone") == 1
    finally:
        missing_encoders.cache_clear()
    assert {p.encoder for p in before} - {p.encoder for p in after} == {"hevc"}
    for a, b in zip(before, after, strict=True):
        assert a.encoder in (b.encoder, "hevc")
        if a.encoder != "hevc":
            assert a == b


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SimulationError, match="accepted are light, medium, heavy, compressed, switching"):
        draw_parameters("awful", 0)
    with pytest.raises(SimulationError, match="accepted are trained, held_out, all"):
        draw_parameters("light", 0, "some")  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr("vidsharp.training.simulate.draw.missing_encoders", lambda: frozenset(ENCODERS))
    with pytest.raises(SimulationError, match="has none of the encoders"):
        draw_parameters("medium", 0)
