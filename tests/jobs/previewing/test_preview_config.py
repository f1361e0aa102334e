"""Settings of a preview: each named once, and what cannot be shown refused in a sentence."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.previewing.excerpt_sample import evenly_chosen
from vidsharp.jobs.previewing.preview_config import PreviewConfig, Setting
from vidsharp.models.errors import ModelError


def config(**more: Any) -> PreviewConfig:
    return PreviewConfig(inputs=(Path("a.mp4"),), out=Path("out"), **more)


def names(**more: Any) -> list[str]:
    return [setting.name for setting in config(**more).settings()]


def test_all_settings_in_the_order_in_which_they_are_named() -> None:
    assert names() == ["fast"]
    assert names(models=("fast", "balanced"), strengths=(1.0, 0.5)) == [
        "fast",
        "fast ×0.5",
        "balanced",
        "balanced ×0.5",
    ]
    assert names(looks=(0.0, 1.0)) == ["fast natural", "fast crisp"]
    assert names(chroma="restore") == ["fast +chroma"]


def test_what_is_named_twice_is_shown_once() -> None:
    assert names(models=("fast", "auto"), strengths=(0.5, 0.5)) == ["fast ×0.5"]


@pytest.mark.parametrize("file", ["nets/mine.onnx", "nets/mine.pth", "nets/mine.safetensors"])
def test_a_network_in_a_file_is_called_as_the_file(file: str) -> None:
    assert Setting(file, None, 0.5, None).name == "mine ×0.5"


def test_a_run_is_told_the_setting() -> None:
    bounds: dict[str, Any] = {"skip_sharp": True, "max_growth": 1.5, "target_quality": 40.0}
    wanted = config(models=("balanced",), looks=(0.0,), strengths=(0.5,), start=3.0, preset="fast", **bounds)
    run = wanted.run_with(wanted.settings()[0])
    assert (run.model, run.look, run.strength, run.preset) == ("balanced", 0.0, 0.5, "fast")
    assert {name: getattr(run, name) for name in bounds} == bounds
    assert (run.start, run.end) == (None, None), "hours are for whole recordings"


def test_looks_and_strengths_take_as_long_as_each_other() -> None:
    crisp, natural, off, other = (
        config(models=(model,), looks=(look,), strengths=(strength,)).settings()[0]
        for model, look, strength in (
            ("fast", 1.0, 1.0),
            ("fast", 0.0, 0.5),
            ("fast", 1.0, 0.0),
            ("balanced", 1.0, 1.0),
        )
    )
    assert crisp.takes_as_long_as(natural)
    assert not crisp.takes_as_long_as(off)
    assert not crisp.takes_as_long_as(other)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seconds": 0.0}, "--seconds 0 is out of range: 0.1 to 60"),
        ({"seconds": float("nan")}, "--seconds nan is out of range"),
        ({"seconds": 61.0}, "--seconds 61 is out of range"),
        ({"clips": 0}, "--clips 0 is too few"),
        ({"price": -1.0}, "--price -1 is no price"),
        ({"strengths": (1.0, 1.6)}, "--strength 1.6 is out of range"),
        ({"models": ()}, "name at least one --model"),
        ({"workers": 0}, "--workers 0 is too few"),
    ],
)
def test_a_value_out_of_range(more: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        config(**more)
    assert said in str(caught.value)


def test_more_settings_than_can_be_told_apart() -> None:
    with pytest.raises(UsageError, match="8 settings are too many to see side by side: at most 6"):
        config(looks=(0.0, 1.0), strengths=(1.0, 0.75, 0.5, 0.25)).settings()


def test_a_student_that_is_not_there() -> None:
    with pytest.raises(ModelError):
        config(models=("fast", "fastest")).settings()


@pytest.mark.parametrize(("there", "count"), [(1, 3), (3, 3), (10, 3), (7, 1), (1000, 7)])
def test_recordings_are_chosen_evenly(there: int, count: int) -> None:
    chosen = [int(name) for name in evenly_chosen([str(n) for n in range(there)], count)]
    assert chosen[0] == 0
    assert len(chosen) == min(there, count)
    steps = [later - one for one, later in pairwise(chosen)]
    assert not steps or max(steps) - min(steps) <= 1
    assert min(steps, default=1) >= 1
