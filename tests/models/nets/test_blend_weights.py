"""A blend student's weights: the same from its file and from its network, and of nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.blend_weights import BlendWeights, read_blend_weights
from vidsharp.models.nets.catalogue import load_student, weights_path

from tests.support.students import random_student

SIZES: dict[str, dict[str, Any]] = {
    "small": {"bands": 1, "width": 12, "depth": 1},
    "dilated": {"dilations": (1, 2, 4, 1), "depth": 4},
    "between": {"dilations": (1, 2), "depth": 2, "between": True},
}


def arrays(student: BlendStudent) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in student.state_dict().items()}


@pytest.mark.parametrize("look", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_a_file_gives_what_its_network_gives(name: str, look: float) -> None:
    net, read = load_student(name, look=look).net, read_blend_weights(weights_path(name), look)
    assert isinstance(net, BlendStudent)
    assert read is not None
    assert read.halo_px == net.halo_px
    of_net = net.as_arrays()
    np.testing.assert_array_equal(read.filters, of_net.filters)
    pairs = zip(convolutions(read), convolutions(of_net), strict=True)
    for (weight, bias), (same_weight, same_bias) in pairs:
        np.testing.assert_array_equal(weight, same_weight)
        np.testing.assert_array_equal(bias, same_bias)


def convolutions(weights: BlendWeights) -> list[tuple[np.ndarray, np.ndarray]]:
    between = [] if weights.between is None else [weights.between]
    return [weights.spectrum, *between, weights.enter, *weights.layers, weights.head]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_size_and_reach(size: dict[str, Any]) -> None:
    student = random_student(**size)
    weights = BlendWeights.of(arrays(student))
    assert weights is not None
    assert (len(weights.filters), len(weights.layers)) == (student.bands, len(student.layers))
    assert weights.dilations == size.get("dilations", (1,) * size["depth"])
    assert weights.halo_px == student.halo_px


@pytest.mark.parametrize(
    "wrong", ["missing", "unexpected", "of another shape", "a spectrum for nobody", "no layers", "another network"]
)
def test_other_weights_are_none_of_a_blend_student(wrong: str) -> None:
    state = arrays(random_student())
    match wrong:
        case "missing":
            del state["head.bias"]
        case "unexpected":
            state["tail.bias"] = state["head.bias"]
        case "of another shape":
            state["enter.weight"] = state["enter.weight"][:, 1:]
        case "a spectrum for nobody":
            state |= {f"between.{part}": state[f"spectrum.{part}"] for part in ("weight", "bias")}
        case "no layers":
            state = {name: array for name, array in state.items() if not name.startswith("layers.")}
        case _:
            state = {"conv_first.weight": np.zeros((3, 3, 3, 3))}
    assert BlendWeights.of(state) is None


@pytest.mark.parametrize("look", [0.0, 0.3, 0.5, 1.0])
def test_a_look_of_two_is_that_of_the_network_to_the_last_bit(look: float) -> None:
    student = random_student(looks=2, between=True)
    of_state, of_net = BlendWeights.of(arrays(student), look), student.with_look(look).as_arrays()
    assert of_state is not None
    for (weight, bias), (same_weight, same_bias) in zip(convolutions(of_state), convolutions(of_net), strict=True):
        np.testing.assert_array_equal(weight, same_weight)
        np.testing.assert_array_equal(bias, same_bias)
    natural = student.as_arrays().head[0]
    assert np.array_equal(natural, of_state.head[0]) == (look == 0)


def test_a_second_look_of_another_shape_or_of_none() -> None:
    state = arrays(random_student(looks=2))
    assert BlendWeights.of({**state, "crisp.bias": state["crisp.bias"][1:]}) is None
    assert BlendWeights.of({name: array for name, array in state.items() if name != "crisp.bias"}) is None
    with pytest.raises(ModelError, match=r"one head has no look of 0\.5"):
        BlendWeights.of(arrays(random_student()), 0.5)


def test_half_precision_and_names_of_a_wrapped_network(tmp_path: Path) -> None:
    state = arrays(random_student())
    save_file({f"module.{name}": a.astype(np.float16) for name, a in state.items()}, tmp_path / "a.safetensors")
    read = read_blend_weights(tmp_path / "a.safetensors")
    assert read is not None
    np.testing.assert_array_equal(read.filters, state["filters"].astype(np.float16))


def test_files_that_hold_none(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    assert read_blend_weights(tmp_path / "broken.safetensors") is None
    assert read_blend_weights(tmp_path / "absent.safetensors") is None
    assert read_blend_weights(tmp_path / "a.pth") is None
    assert read_blend_weights(weights_path("reference")) is None
