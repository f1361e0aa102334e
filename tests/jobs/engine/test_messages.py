"""Messages through a pipe come out as they went in, or not at all."""

import os
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.jobs.engine.messages import read_message, write_message


@given(messages=st.lists(st.binary(max_size=300), max_size=5), cut=st.integers(0, 2000))
def test_whole_messages_come_through_and_a_cut_one_is_the_end(messages: list[bytes], cut: int) -> None:
    pipe, ends = BytesIO(), [0]
    for message in messages:
        write_message(pipe, message)
        ends.append(pipe.tell())
    whole = [message for message, end in zip(messages, ends[1:], strict=True) if end <= cut]
    sent = BytesIO(pipe.getvalue()[:cut])
    assert [read_message(sent) for _ in whole] == whole
    assert read_message(sent) is None


def test_a_pipe_without_a_reader_says_so() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(OSError), os.fdopen(writer, "wb", buffering=0) as pipe:  # noqa: PT011
        write_message(pipe, b"x")
