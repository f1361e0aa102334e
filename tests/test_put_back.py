"""What a module's fixture does to the log of its process reaches no test."""

import logging

import pytest


@pytest.fixture(scope="module")
def _quiet_command() -> None:
    log = logging.getLogger("vidsharp")
    log.setLevel(logging.ERROR)
    log.propagate = False


@pytest.mark.usefixtures("_quiet_command")
@pytest.mark.parametrize("again", [False, True])
def test_warnings_are_heard(again: bool, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("vidsharp").warning("heard")
    assert caplog.messages == ["heard"]
