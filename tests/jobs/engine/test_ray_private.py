"""Another version of Ray may lack any part that is not public: a run starts and ends all the same."""

import subprocess
import sys
from pathlib import Path

import pytest
import ray
from vidsharp.jobs.engine import ray_private

from tests.support import runs

BARE = """
import os, signal, sys
import ray
from vidsharp.jobs.engine import ray_private
from vidsharp.jobs.engine.engines import open_engine
from tests.support.processes import Worker

ray_private._part = lambda module, name: None
init = ray.init

def public_init(**options):
    assert not [name for name in options if name.startswith("_")], options
    return init(**options)

ray.init = public_init

def handler(*_): ...
signal.signal(signal.SIGTERM, handler)
before = dict(os.environ)
with open_engine("ray") as engine:
    assert signal.getsignal(signal.SIGTERM) is handler
    call = engine.submit(engine.start(Worker, 1, 0), "made_with")
    assert engine.wait([call], 100.0) == [call]
    assert engine.result(call) == (1,)
assert signal.getsignal(signal.SIGTERM) is handler
assert dict(os.environ) == before
assert not ray.is_initialized()
"""


@pytest.mark.slow
def test_a_ray_without_any_of_them_runs_and_ends(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[3])
    ended = subprocess.run(
        [sys.executable, "-c", BARE], env={**runs.plain_environment(), "PYTHONPATH": root}, cwd=root,
        capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "this version of Ray cannot be given a key" in ended.stderr


@pytest.mark.parametrize(
    ("module", "name"), [("ray._private.no_such_module", None), ("ray", "no_such_name"), ("no_such_package", "x")]
)
def test_what_is_not_there_is_none(module: str, name: str | None) -> None:
    assert ray_private._part(module, name) is None
    with ray_private._without(module, name, names=("anything",)):
        pass


@pytest.mark.parametrize(
    ("module", "owner", "names"),
    [
        ("ray._private.node", "Node", ray_private._UNUSED_HELPERS),
        ("ray._private.utils", None, (ray_private._LOOKS_FOR_DASHBOARD, ray_private._TAKES_SIGTERM)),
        ("ray._raylet", "Config", ("initialize",)),
    ],
)
def test_the_installed_version_has_them(module: str, owner: str | None, names: tuple[str, ...]) -> None:
    """Else starts take longer, and nobody notices."""
    assert all(hasattr(ray_private._part(module, owner), name) for name in names), ray.__version__


def test_a_trainer_that_leaves_sigint_alone() -> None:
    class Trainer:
        def _register_sigint_handler(self, controller: object) -> None:
            raise AssertionError("Ray's own")

        def fit(self) -> str:
            self._register_sigint_handler(None)
            return "fitted"

    assert ray_private.leaving_sigint(Trainer)().fit() == "fitted"
    assert ray_private.leaving_sigint(object)() is not None
