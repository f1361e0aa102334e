"""GPUs are counted by the driver's library, and named as CUDA's own variable leaves them."""

import pytest
from vidsharp.jobs.engine import gpus


@pytest.mark.parametrize(
    ("named", "seen"),
    [
        (None, ["0", "1", "2"]),
        ("", []),
        ("-1", []),
        ("1", ["1"]),
        ("2, 0", ["2", "0"]),
        ("0,3,1", ["0"]),
        ("GPU-5f0c,1", ["GPU-5f0c", "1"]),
        ("MIG-77", ["MIG-77"]),
        ("NoDevFiles", []),
    ],
)
def test_the_variable_hides_gpus_as_cuda_understands_it(
    named: str | None, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "_count", lambda: 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert gpus.visible_gpus() == seen


def test_without_a_driver_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(gpus.ctypes, "CDLL", missing)
    assert gpus.visible_gpus() == []


class Nvml:
    """A driver's library that knows two GPUs, unless it does not come up."""

    def __init__(self, works: bool = True) -> None:
        self._works = works

    def nvmlInit_v2(self) -> int:
        return 0 if self._works else 9

    def nvmlDeviceGetCount_v2(self, count: object) -> int:
        count._obj.value = 2  # pyright: ignore[reportAttributeAccessIssue]  # as `ctypes.byref` has it
        return 0

    def nvmlShutdown(self) -> int:
        return 0


@pytest.mark.parametrize(("works", "seen"), [(True, ["0", "1"]), (False, [])])
def test_the_drivers_library_is_asked(works: bool, seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus.ctypes, "CDLL", lambda name: Nvml(works))
    assert gpus.visible_gpus() == seen
