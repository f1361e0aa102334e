"""What the log prints, and where: nothing but whole lines on stderr."""

import json
import logging
from datetime import datetime

import pytest
from vidsharp.jobs.logs import set_up_logs

log = logging.getLogger("vidsharp")


def say_everything() -> None:
    log.debug("detail")
    log.info("%s: started", "a.mp4", extra={"clip": "a.mp4"})
    log.warning("chunk lost", extra={"clip": "a.mp4", "chunk": 3})
    log.error("failed")


@pytest.mark.parametrize(
    ("verbose", "quiet", "said"),
    [
        (False, False, ["a.mp4: started", "chunk lost", "failed"]),
        (True, False, ["detail", "a.mp4: started", "chunk lost", "failed"]),
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
    log.info("%s: started", odd, extra={"clip": odd})
    log.warning("chunk lost", extra={"clip": "a.mp4", "chunk": 3})
    try:
        raise ValueError("broken")
    except ValueError as error:
        log.debug("joining", exc_info=error)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "debug"]
    assert lines[0]["clip"] == odd
    assert lines[0]["message"] == f"{odd}: started"
    assert (lines[1]["clip"], lines[1]["chunk"]) == ("a.mp4", 3)
    assert "clip" not in lines[2]
    assert "ValueError: broken" in lines[2]["traceback"]
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)


def test_setting_up_again_does_not_say_things_twice(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        set_up_logs(verbose=False, quiet=False, as_json=False)
    log.info("once")
    assert capsys.readouterr().err == "once\n"
