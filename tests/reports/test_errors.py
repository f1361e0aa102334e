"""A figure that cannot be had is one of vidsharp's errors, so that a command says it in one sentence."""

import pickle

from vidsharp.models.errors import VidsharpError
from vidsharp.reports.errors import MetricError


def test_it_is_said_and_comes_back_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(MetricError("FFmpeg is away.")))
    assert isinstance(error, VidsharpError)
    assert (type(error), str(error)) == (MetricError, "FFmpeg is away.")
