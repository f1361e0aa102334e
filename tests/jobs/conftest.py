"""One Ray and one S3 server for all tests of the jobs (they take seconds to start); torch's threads as they were."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from vidsharp.jobs.engine import local_engine
from vidsharp.jobs.engine.cluster import ray_session
from vidsharp.jobs.engine.engines import ENGINES

if TYPE_CHECKING:
    from tests.support.s3_server import AtomicServer


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


@pytest.fixture(scope="session")
def s3() -> Iterator["AtomicServer"]:
    """An S3 server on loopback."""
    pytest.importorskip("s3fs", reason="S3 needs s3fs: pip install 'vidsharp[s3]'")
    from tests.support.s3_server import AtomicServer

    server = AtomicServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3: "AtomicServer", monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system with the empty bucket `calls`, found by the environment as a user would say it."""
    import s3fs

    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    fs = s3fs.S3FileSystem(use_listings_cache=False)
    fs.mkdir("calls")
    yield fs
    if fs.exists("calls"):
        fs.rm("calls", recursive=True)


@pytest.fixture
def threads_as_before() -> Iterator[None]:
    """For jobs that set how many threads torch has in this process."""
    import torch  # not before vidsharp has said how its threads wait

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
