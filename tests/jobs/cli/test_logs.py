"""What the log prints, and where: nothing but whole lines on stderr."""

import json
import logging
import warnings
from datetime import datetime

import pytest
from vidsharp.jobs.cli.logs import say_error, set_up_logs

log = logging.getLogger("vidsharp")


def say_everything() -> None:
    log.debug("detail")
    log.info("started", extra={"clip": "a.mp4"})
    log.warning("lost", extra={"clip": "a.mp4", "chunk": 3, "node": "host"})
    log.error("failed")


@pytest.mark.parametrize(
    ("verbose", "quiet", "said"),
    [
        (False, False, ["a.mp4: started", "a.mp4: chunk 3: lost", "failed"]),
        (True, False, ["detail", "a.mp4: started", "a.mp4: chunk 3: lost", "failed"]),
        (False, True, ["failed"]),
    ],
)
def test_levels(capsys: pytest.CaptureFixture[str], verbose: bool, quiet: bool, said: list[str]) -> None:
    set_up_logs(verbose=verbose, quiet=quiet, as_json=False)
    say_everything()
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", said)


def test_json_lines_parse_and_name_clip_and_chunk(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(verbose=True, quiet=False, as_json=True)
    odd = 'a "quoted"\nname 会議.mp4'
    log.info("started", extra={"clip": odd})
    log.warning("lost", extra={"clip": "a.mp4", "chunk": 3})
    try:
        raise ValueError("broken")
    except ValueError as error:
        log.debug("joining", exc_info=error)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "debug"]
    assert lines[0]["clip"] == odd
    assert lines[0]["message"] == "started", "what has a field is not in the message"
    assert (lines[1]["clip"], lines[1]["chunk"]) == ("a.mp4", 3)
    assert "clip" not in lines[2]
    assert "ValueError: broken" in lines[2]["traceback"]
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)


def test_setting_up_again_does_not_say_things_twice(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        set_up_logs(verbose=False, quiet=False, as_json=False)
    log.info("once")
    assert capsys.readouterr().err == "once\n"


HOSTILE = "\x1b]0;owned\x07a.mp4: done\n\u202eb.mp4"


def test_a_line_for_people_is_one_line_that_no_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(verbose=False, quiet=False, as_json=False)
    log.info("started", extra={"clip": HOSTILE})
    say_error(f"{HOSTILE} does not exist")
    shown = r"\x1b]0;owned\x07a.mp4: done\n\u202eb.mp4"
    assert capsys.readouterr().err == f"{shown}: started\nvidsharp: {shown} does not exist\n"


def test_all_that_stderr_gets_is_json_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(verbose=False, quiet=False, as_json=True)
    about = {"clip": HOSTILE, "chunk": 0, "actor": "actor-1", "node": "host", "other": object()}
    log.warning("lost", extra=about)
    warnings.warn("Python's own\nwarning", UserWarning, stacklevel=1)
    say_error(HOSTILE)
    lost, warning, error = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {name: lost[name] for name in lost if name not in ("time", "level", "message")} == {
        name: about[name] for name in ("clip", "chunk", "actor", "node")
    }
    assert (warning["level"], "Python's own\nwarning" in warning["message"]) == ("warning", True)
    assert (error["level"], error["message"]) == ("error", HOSTILE)


def test_the_last_sentence_is_said_when_quiet_too(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        set_up_logs(verbose=False, quiet=True, as_json=as_json)
        log.warning("lost")
        say_error("it failed")
        (line,) = capsys.readouterr().err.splitlines()
        assert (json.loads(line)["message"] if as_json else line).endswith("it failed")
