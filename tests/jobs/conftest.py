"""One embedded Ray for all tests of the jobs (it takes seconds to start), and what commands change in the process."""

import logging
import signal
from collections.abc import Iterator

import pytest
from vidsharp.jobs.cluster import ray_session


@pytest.fixture(scope="session")
def shared_ray() -> Iterator[None]:
    """`process` finds this Ray and uses it as it is."""
    with ray_session(None):
        yield


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Commands set up the log and signal handlers for their whole process."""
    log = logging.getLogger("vidsharp")
    before = log.handlers[:], log.propagate, log.level
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    log.handlers[:], log.propagate, log.level = before
    logging.captureWarnings(False)
    for each, handler in handlers.items():
        signal.signal(each, handler)


@pytest.fixture
def threads_as_before() -> Iterator[None]:
    """For jobs that set how many threads torch has in this process."""
    import torch  # not before vidsharp has said how its threads wait

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
