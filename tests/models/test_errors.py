"""Errors cross process borders whole."""

import pickle

import pytest
from vidsharp.models.errors import CheckpointError, DeviceError, ModelError, VidsharpError


@pytest.mark.parametrize("kind", [VidsharpError, ModelError, CheckpointError, DeviceError])
def test_survives_pickling(kind: type[VidsharpError]) -> None:
    back = pickle.loads(pickle.dumps(kind("No such thing.")))
    assert type(back) is kind
    assert str(back) == "No such thing."
    assert isinstance(back, VidsharpError)
