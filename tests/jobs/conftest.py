"""One embedded Ray for all tests of the jobs (it takes seconds to start), and torch's threads as they were."""

from collections.abc import Iterator

import pytest
from vidsharp.jobs.engine import local_engine
from vidsharp.jobs.engine.cluster import ray_session
from vidsharp.jobs.engine.engines import ENGINES


@pytest.fixture(scope="session")
def shared_ray() -> Iterator[None]:
    """`process` finds this Ray and uses it as it is."""
    with ray_session(None):
        yield


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of each engine, which takes classes that a test makes up: Ray sends them as they are."""
    if request.param == "ray":
        request.getfixturevalue("shared_ray")
    else:
        from ray.cloudpickle.cloudpickle import dumps

        monkeypatch.setattr(local_engine, "dumps", dumps)
    return request.param


@pytest.fixture
def threads_as_before() -> Iterator[None]:
    """For jobs that set how many threads torch has in this process."""
    import torch  # not before vidsharp has said how its threads wait

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
