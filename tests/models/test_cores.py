"""The cores that a process may use, where the system binds processes to some and where it does not."""

import os

import pytest
from vidsharp.models.cores import usable_cores


def test_a_process_bound_to_some_cores_may_use_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5, 7}, raising=False)
    assert usable_cores() == 3


@pytest.mark.parametrize(("told", "used"), [(12, 12), (None, 1)])
def test_elsewhere_it_may_use_all(told: int | None, used: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: told)
    assert usable_cores() == used
