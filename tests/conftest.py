"""What commands change in the process, put back after each test."""

import logging
import signal
from collections.abc import Iterator

import pytest


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
