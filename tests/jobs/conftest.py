"""One embedded Ray for all tests of the jobs (it takes seconds to start), and torch's threads as they were."""

from collections.abc import Iterator

import pytest
from vidsharp.jobs.engine.cluster import ray_session


@pytest.fixture(scope="session")
def shared_ray() -> Iterator[None]:
    """`process` finds this Ray and uses it as it is."""
    with ray_session(None):
        yield


@pytest.fixture
def threads_as_before() -> Iterator[None]:
    """For jobs that set how many threads torch has in this process."""
    import torch  # not before vidsharp has said how its threads wait

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
