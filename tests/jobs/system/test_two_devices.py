"""A run on GPUs and on the CPUs of machines without one: each recording is made on one device, whatever happens."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.engine import gpu_trial
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.actors import ActorPool
from vidsharp.jobs.estimating.estimate_config import EstimateConfig
from vidsharp.models.errors import DeviceError, GpuLost
from vidsharp.models.gpu.settings import GpuSettings

from tests.support import media, runs
from tests.support.local_pool import InProcess, use

NODES = [{"CPU": 4.0, "GPU": 1.0}, {"CPU": 8.0}]
"""One actor on a GPU, two on CPUs."""
CLIPS = [f"call-{number}.mp4" for number in range(5)]
CHUNKS = 4


class Machines(InProcess):
    """Some of which have a GPU."""

    def __init__(self, *nodes: dict[str, float]) -> None:
        super().__init__()
        self._nodes = [*nodes]


class OneOfTwo(SharpenActor):
    """No GPU is here. What is on one computes on the CPU, too, at half the strength, so that its pictures are others;
    chunks are counted by clip and device."""

    done: ClassVar[Counter[tuple[str, str]]]
    gpu_fails_after: ClassVar[int | None] = None
    """So many chunks are done on the GPU."""
    ends_after: ClassVar[int | None] = None
    """So many chunks are done in all before the run is interrupted."""

    def load(
        self, model: str, device: str, strength: float, look: Any = None, chroma: Any = None, gpu: Any = None
    ) -> str:
        if device == "cuda" and self._gone():
            raise DeviceError("the GPU has fallen off the bus")
        assert (gpu is not None) == (device == "cuda"), "settings of a GPU are for a GPU"
        self.on = device
        return super().load(model, "cpu", strength / 2 if device == "cuda" else strength, look, chroma)

    def _provenance(self, encoder: Any, info: Any) -> Mapping[str, Any]:
        return {**super()._provenance(encoder, info), "on": self.on}

    def sharpen(self, task: Any, measure: Any, far: Any = None, work: Any = None) -> Any:
        if self.on == "cuda" and self._gone():
            raise GpuLost("The GPU failed.")
        if self.done.total() == self.ends_after:
            raise KeyboardInterrupt
        record = super().sharpen(task, measure, far, work)
        self.done[task.info.path.name, self.on] += 1
        return record

    def _gone(self) -> bool:
        on_gpu = sum(count for (_, device), count in self.done.items() if device == "cuda")
        return self.gpu_fails_after is not None and on_gpu >= self.gpu_fails_after


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[OneOfTwo]:
    """The actors of runs here, on machines of which one has a GPU that stands the trial."""

    class Counted(OneOfTwo):
        done: ClassVar = Counter[tuple[str, str]]()

    use(monkeypatch, Machines(*NODES))
    monkeypatch.setattr(gpu_trial, "_tried", lambda *_: GpuSettings())
    monkeypatch.setattr(ActorPool, "actor_class", Counted)
    return Counted


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of four chunks each."""
    folder = tmp_path_factory.mktemp("two") / "calls"
    for seed, name in enumerate(CLIPS):
        runs.clip(folder / name, seed=seed)
    return folder


@pytest.fixture(scope="module")
def pure(calls: Path) -> dict[tuple[str, str], list[str]]:
    """The pictures of each recording as each device makes them alone."""
    hashes: dict[tuple[str, str], list[str]] = {}
    for device, strength in (("cuda", 0.5), ("cpu", 1.0)):
        with pytest.MonkeyPatch.context() as patch:
            use(patch, InProcess(4.0))
            process(runs.config(calls, calls.parent / device, strength=strength))
        hashes |= {(name, device): media.frame_hashes(calls.parent / device / name) for name in CLIPS}
    return hashes


def assert_pure(out: Path, pure: Mapping[tuple[str, str], list[str]]) -> dict[str, str]:
    """Each recording is there and was made on the device that its row names; these by recording."""
    rows = runs.table(out)
    assert set(rows["status"]) <= {"done", "resumed", "skipped"}, rows["error"].tolist()
    assert sorted(rows.index) == CLIPS
    for name, row in rows.iterrows():
        assert media.frame_hashes(out / str(name)) == pure[str(name), row["device"]]
        assert ("precision" in row["settings"]) == (row["device"] == "cuda")
    assert runs.files(out) == set(CLIPS)
    return {str(name): device for name, device in rows["device"].items()}


def test_both_devices_share_a_run_and_no_recording(
    counted: type[OneOfTwo], calls: Path, pure: Mapping[tuple[str, str], list[str]], tmp_path: Path
) -> None:
    result = process(runs.config(calls, tmp_path / "out", device="both"))
    on = assert_pure(tmp_path / "out", pure)
    assert set(on.values()) == {"cpu", "cuda"}, on
    assert counted.done == dict.fromkeys(on.items(), CHUNKS), "nothing is done twice"
    assert not any(row["retries"] for row in result.rows)


def test_an_interrupted_run_goes_on_where_chunks_were_made(
    counted: type[OneOfTwo], calls: Path, pure: Mapping[tuple[str, str], list[str]], tmp_path: Path
) -> None:
    """Whoever is idle first may not take over a recording of which the other device has made a part."""
    for counted.ends_after in (5, 9, 14):
        with pytest.raises(KeyboardInterrupt):
            process(runs.config(calls, tmp_path / "out", device="both"))
    counted.ends_after = None
    process(runs.config(calls, tmp_path / "out", device="both"))
    on = assert_pure(tmp_path / "out", pure)
    assert counted.done == dict.fromkeys(on.items(), CHUNKS)


def test_where_the_only_gpu_is_lost_cpus_make_its_recordings_anew(
    counted: type[OneOfTwo], calls: Path, pure: Mapping[tuple[str, str], list[str]], tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    counted.gpu_fails_after = 3
    process(runs.config(calls, tmp_path / "out", device="both"))
    assert set(assert_pure(tmp_path / "out", pure).values()) == {"cpu"}
    assert sum(count for (_, device), count in counted.done.items() if device == "cuda") == 3
    assert "the GPU has fallen off the bus; it gets no work" in caplog.messages


def test_chunks_that_wait_for_a_gpu_that_is_gone_are_made_on_cpus(
    counted: type[OneOfTwo], calls: Path, pure: Mapping[tuple[str, str], list[str]], tmp_path: Path
) -> None:
    """Between two runs, too: nobody is left to whom a plan could be left."""
    counted.ends_after = 6
    with pytest.raises(KeyboardInterrupt):
        process(runs.config(calls, tmp_path / "out", device="both"))
    counted.ends_after, counted.gpu_fails_after = None, 0
    process(runs.config(calls, tmp_path / "out", device="both"))
    assert set(assert_pure(tmp_path / "out", pure).values()) == {"cpu"}


def test_without_machines_that_have_no_gpu_all_is_done_on_gpus(
    counted: type[OneOfTwo], calls: Path, pure: Mapping[tuple[str, str], list[str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    use(monkeypatch, Machines(NODES[0]))
    process(runs.config(calls, tmp_path / "out", device="both"))
    assert set(assert_pure(tmp_path / "out", pure).values()) == {"cuda"}


def test_without_a_gpu_a_sentence_says_so(counted: type[OneOfTwo], calls: Path, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    use(monkeypatch, Machines(NODES[1]))
    with pytest.raises(DeviceError, match="--device both: there is no CUDA GPU here; use --device cpu, or auto"):
        process(runs.config(calls, tmp_path / "out", device="both"))


def test_an_estimate_is_of_one_device(calls: Path) -> None:
    with pytest.raises(UsageError, match=r"--device both: .*; say cuda or cpu"):
        EstimateConfig((calls,), device="both")


def test_auto_says_which_machines_it_leaves_idle(
    counted: type[OneOfTwo], calls: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "vidsharp"):
        (row,) = process(runs.config(calls / CLIPS[0], tmp_path / "out")).rows
    assert row["device"] == "cuda"
    assert "1 machine is without a GPU: --device both would use them, too" in caplog.messages
