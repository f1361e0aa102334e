"""Errors say one plain sentence, and say the same after a journey between processes."""

import copy
import errno
import os
import pickle
from pathlib import Path

import pytest
from vidsharp.models.errors import VidsharpError
from vidsharp.pipeline.errors import ChunkError, EncoderError, MediaError, OutputError, disk_sentence

KINDS = {MediaError: ValueError, EncoderError: ValueError, OutputError: OSError, ChunkError: RuntimeError}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", [Path("a/b ü.mp4"), None])
def test_the_journey_between_processes_keeps_message_path_and_type(kind: type, path: Path | None) -> None:
    error = kind("it does not work; try another", path)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is kind
        assert (str(twin), twin.message, twin.path) == (str(error), "it does not work; try another", path)


@pytest.mark.parametrize(("kind", "builtin"), KINDS.items())
def test_each_can_be_caught_as_ours_and_as_the_builtin(kind: type, builtin: type) -> None:
    for base in (VidsharpError, builtin):
        with pytest.raises(base, match="no"):
            raise kind("no")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "permission denied"),
        (errno.EPERM, "permission denied"),
        (errno.EROFS, "permission denied"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_systems_errors_become_sentences(code: int, words: str) -> None:
    sentence = disk_sentence(OSError(code, os.strerror(code)), Path("out/a.mp4"))
    assert words in sentence
    assert "out/a.mp4" in sentence
    assert "Errno" not in sentence


def test_an_error_without_a_number_still_says_something() -> None:
    assert disk_sentence(OSError("odd"), Path("a")) == "a cannot be written: odd"
