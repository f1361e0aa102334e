"""What commands change in the process, put back after each test; and `--quick`, which takes the quick tests only."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.quick import TIMELY_FIXTURES, is_quick

# Ray has its workers stand back (nice 15). Beside the other half of the tests they would hardly move, and meet limits.
os.environ.setdefault("RAY_worker_niceness", "0")


_LOG = logging.getLogger("vidsharp")
_UNTOUCHED = _LOG.handlers[:], _LOG.propagate, _LOG.level


def _put_log_back() -> None:
    handlers, _LOG.propagate, level = _UNTOUCHED
    _LOG.handlers[:] = handlers
    _LOG.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Commands set up the log and signal handlers for their whole process; so do those that a module's fixture runs,
    which comes before this one."""
    _put_log_back()
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    _put_log_back()
    for each, handler in handlers.items():
        signal.signal(each, handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only quick tests: see tests/quick.py")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    # Not even imported: that alone would take half of the time.
    tests = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if config.getoption("--quick") and tests and not is_quick(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        slow = [item for item in items if TIMELY_FIXTURES.intersection(getattr(item, "fixturenames", ()))]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)
    else:
        long = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in long)  # first, so that no process is left with one at the end
