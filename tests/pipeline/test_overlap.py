"""Running ahead changes when items come, never which, and leaves no thread behind."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.pipeline.overlap import Stopwatch, run_ahead


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def _eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers()), st.integers(1, 9), st.integers(1, 3))
def test_order_is_kept_however_stages_are_nested(items: list[int], depth: int, stages: int) -> None:
    stream: Iterator[int] = iter(items)
    for _ in range(stages):
        stream = run_ahead(stream, depth)
    assert list(stream) == items


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_producer_is_bounded(depth: int) -> None:
    made: list[int] = []

    def produce() -> Iterator[int]:
        for number in range(40):
            made.append(number)
            yield number

    stream = run_ahead(produce(), depth)
    for taken in range(1, 11):
        next(stream)
        bound = taken + depth + 1  # what was taken, the queue, and one in the producer's hands
        assert _eventually(lambda bound=bound: len(made) == bound), "it does run ahead"
        time.sleep(0.02)
        assert len(made) == bound, "and no farther"
    stream.close()  # type: ignore[attr-defined]


def test_stages_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=5)

    def produce() -> Iterator[int]:
        yield 0
        meeting.wait()
        yield 1

    stream = run_ahead(produce(), 2)
    assert next(stream) == 0
    meeting.wait()  # would break after five seconds if the producer waited to be asked
    assert list(stream) == [1]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), MemoryError()])
def test_the_producers_error_reaches_the_consumer_after_its_items(error: BaseException) -> None:
    def produce() -> Iterator[int]:
        yield 1
        yield 2
        raise error

    stream = run_ahead(run_ahead(produce(), 1), 1)
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(type(error)) as caught:
        next(stream)
    assert caught.value is error


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_closing_stops_the_producer_and_closes_its_source_in_its_thread(taken: int) -> None:
    closed_in: list[threading.Thread] = []

    def produce() -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed_in.append(threading.current_thread())

    stream = run_ahead(run_ahead(produce(), 2), 2)
    for _ in range(taken):
        next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(closed_in) == (1 if taken else 0), "before it returns; what was never asked for never began"
    assert threading.main_thread() not in closed_in


def test_a_consumer_that_fails_leaves_no_thread() -> None:
    def consume() -> None:
        stream = run_ahead(iter(range(1000)), 3)
        try:
            for item in stream:
                if item == 4:
                    raise RuntimeError("disk full")
        finally:
            stream.close()  # type: ignore[attr-defined]

    with pytest.raises(RuntimeError, match="disk full"):
        consume()


def test_dropped_items_are_let_go() -> None:
    import gc
    import weakref

    class Frame:
        pass

    living: list[weakref.ref[Frame]] = []

    def produce() -> Iterator[Frame]:
        for _ in range(10):
            frame = Frame()
            living.append(weakref.ref(frame))
            yield frame
            del frame

    stream = run_ahead(produce(), 4)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    gc.collect()
    assert [ref for ref in living if ref() is not None] == []


def test_a_stopwatch_counts_what_is_inside_it() -> None:
    watch = Stopwatch()
    with watch:
        time.sleep(0.03)
    time.sleep(0.05)
    assert 0.03 <= watch.seconds < 0.08
    with watch:
        time.sleep(0.03)
    assert 0.06 <= watch.seconds < 0.15


def test_a_stopwatch_times_items_not_their_use() -> None:
    closed: list[bool] = []

    def slow() -> Iterator[int]:
        try:
            for number in range(100):
                time.sleep(0.01)
                yield number
        finally:
            closed.append(True)

    watch = Stopwatch()
    items = watch.timing(slow())
    for _ in range(3):
        next(items)
        time.sleep(0.03)
    items.close()  # type: ignore[attr-defined]
    assert 0.03 <= watch.seconds < 0.08
    assert closed == [True], "closing passes through"
