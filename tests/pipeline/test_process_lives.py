"""Which processes there are."""

import os
import subprocess
import sys

from vidsharp.pipeline.process_lives import process_lives


def test_a_process_lives_until_it_has_ended() -> None:
    assert process_lives(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert process_lives(other.pid)
        assert other.poll() is None, "it was only asked about"
    assert not process_lives(other.pid)


def test_a_number_that_no_process_can_have_is_not_taken_for_dead() -> None:
    assert process_lives(1 << 80)
