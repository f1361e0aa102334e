"""Feature affinities: the same for equal networks, comparable for unequal ones, and blind to brightness and width."""

import pytest
import torch
from torch import nn
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.reference import ReferenceStudent
from vidsharp.training.loss.affinity import GRID, FeatureTap

from tests.support.students import random_student, random_teacher


class Given(nn.Module):
    """Its features are its input."""

    feature_layer = "features"

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features(x)


def test_cosines_between_all_places() -> None:
    net = Given()
    tap, features = FeatureTap(net), torch.randn(2, 5, GRID, GRID)
    net(features)
    affinity = tap.affinity()
    places = features.flatten(2)
    assert affinity.shape == (2, GRID**2, GRID**2)
    for i, j in ((0, 0), (3, 77), (143, 20)):
        wanted = torch.cosine_similarity(places[1, :, i], places[1, :, j], dim=0)
        assert float(affinity[1, i, j]) == pytest.approx(float(wanted), abs=1e-6)
    torch.testing.assert_close(affinity, affinity.mT)


def test_scale_and_width_of_features_do_not_matter() -> None:
    net = Given()
    tap, features = FeatureTap(net), torch.randn(1, 4, GRID, GRID)
    net(features)
    once = tap.affinity()
    net(torch.cat([features, features], dim=1) * 3)
    torch.testing.assert_close(tap.affinity(), once)


@pytest.mark.parametrize("size", [(96, 96), (32, 32), (61, 40)])
@pytest.mark.parametrize(
    "net",
    [random_student(), ReferenceStudent(), *(random_teacher(n) for n in (1, 3, 4, 16))],
    ids=lambda n: type(n).__name__,
)
def test_every_network_has_features_of_any_picture(net: nn.Module, size: tuple[int, int]) -> None:
    tap = FeatureTap(net)
    rgb = isinstance(net, ReferenceStudent) or getattr(net, "domain", "luma") == "rgb"
    with torch.no_grad():
        net(torch.rand(1, 3 if rgb else 1, *size))
    affinity = tap.affinity()
    assert affinity.shape == (1, GRID**2, GRID**2)
    assert affinity.diagonal(dim1=1, dim2=2).allclose(torch.ones(1, GRID**2), atol=1e-4)
    assert float(affinity.std()) > 0


def test_equal_networks_have_equal_affinities_and_others_do_not() -> None:
    nets = [random_student(0), random_student(0), random_student(1)]
    taps, x = [FeatureTap(net) for net in nets], torch.rand(1, 1, 48, 48)
    for net in nets:
        net(x)
    assert torch.equal(taps[0].affinity(), taps[1].affinity())
    assert float((taps[0].affinity() - taps[2].affinity()).detach().abs().mean()) > 1e-3


def test_a_tap_before_the_first_pass_has_nothing() -> None:
    with pytest.raises(AssertionError, match="has not run yet"):
        FeatureTap(BlendStudent()).affinity()
