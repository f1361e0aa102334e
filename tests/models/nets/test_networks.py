"""The table of networks: each kind is told by its own weights, and says all that a student's network has to."""

import pytest
from vidsharp.models.nets.networks import NETWORKS, network_in

from tests.support.students import random_student, random_teacher

SIZES = {"swinir": {"in_chans": 1, "img_size": 8, "window_size": 4, "embed_dim": 8, "depths": [2], "num_heads": [2]}}


@pytest.mark.parametrize("kind", NETWORKS)
def test_each_kind_is_told_by_its_weights_and_built_again_from_them(kind: str) -> None:
    network = NETWORKS[kind]
    net = network.made_by.of(**SIZES.get(kind, {}))
    state = net.state_dict()
    assert [name for name, other in NETWORKS.items() if other.is_of(state)] == [kind]
    network.made_by.like(state).load_state_dict(state)


@pytest.mark.parametrize("kind", NETWORKS)
def test_each_kind_says_what_callers_ask(kind: str) -> None:
    net = NETWORKS[kind].made_by.of(**SIZES.get(kind, {}))
    assert NETWORKS[kind].domain in (None, net.domain)
    assert NETWORKS[kind].domain_of(SIZES.get(kind, {})) == net.domain
    assert net.domain in ("luma", "rgb")
    assert isinstance(net.halo_px, int)
    assert isinstance(net.align_px, int)
    assert net.looks in (1, 2)
    assert net.sees_beyond_halo in (False, True)


@pytest.mark.parametrize("channels", [1, 3])
def test_planes_that_depend_on_the_size_are_known_without_building(channels: int) -> None:
    size = {**SIZES["swinir"], "in_chans": channels}
    assert NETWORKS["swinir"].domain_of(size) == NETWORKS["swinir"].made_by.of(**size).domain


def test_weights_of_nobody_are_of_no_kind() -> None:
    assert network_in(["conv_first.weight", "layers.1.bias"]) is None
    assert network_in([]) is None
    assert network_in(random_student().state_dict()) is NETWORKS["blend"]
    assert network_in(random_teacher(3).state_dict()) is NETWORKS["swinir"]
