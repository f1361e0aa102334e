"""The doctor finds a machine well that is, and says what to do where it is not."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from vidsharp.jobs.cli.doctor import doctor_text
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.engine.protocol import ClusterError
from vidsharp.jobs.tools import doctor_job
from vidsharp.jobs.tools.doctor_job import Check, can_run, check_disk, check_ray, doctor, encodes
from vidsharp.models.nets.catalogue import student_names
from vidsharp.pipeline.encoders import ENCODER_OF_CODEC

from tests.support import runs


@pytest.fixture
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_job, "check_ray", lambda address: Check("Ray", "ok", "not asked"))


def by_name(**options: Any) -> dict[str, Check]:
    return {check.name: check for check in doctor(**options)}


def test_here_everything_that_is_needed_is_found(shared_ray: None, tmp_path: Path) -> None:
    checks = by_name(out=tmp_path / "out")
    assert {name for name, check in checks.items() if check.state == "broken"} == set()
    assert {"Python", "torch", "av", "ray", "CPU", "C library", "GPU", "encoders", "memory", "disk", "Ray"} <= set(
        checks
    )
    assert all(checks[f"model {name}"].state == "ok" for name in student_names())
    assert checks["encoders"].state == "ok"
    assert "1 node" in checks["Ray"].found
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


@pytest.mark.parametrize("name", sorted(set(ENCODER_OF_CODEC.values())))
def test_every_encoder_of_ours_makes_a_picture(name: str) -> None:
    assert encodes(name)


@pytest.mark.parametrize("name", ["x264", "aac", "", "h264_nothing"])
def test_what_is_no_encoder_makes_none(name: str) -> None:
    assert not encodes(name)


def test_a_part_that_fails_is_broken_and_the_others_are_looked_at(
    no_ray: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def damaged(name: str) -> Check:
        raise ImportError("libtorch.so:\ncannot open")

    before = by_name(out=tmp_path)
    monkeypatch.setattr(doctor_job, "check_library", damaged)
    checks = by_name(out=tmp_path)
    assert list(checks) == list(before)
    assert (checks["torch"].state, checks["torch"].found) == ("broken", "ImportError: libtorch.so: cannot open")
    assert "install vidsharp again" in (checks["torch"].advice or "")
    assert checks["disk"].state == "ok"
    assert (can_run(list(before.values())), can_run(list(checks.values()))) == (True, False)


def test_missing_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_job, "encodes", lambda name: name != "libx265")
    assert doctor_job.check_encoders() == Check(
        "encoders", "missing", "do not work: libx265", "choose others with --encoder"
    )
    monkeypatch.setattr(doctor_job, "encodes", lambda name: False)
    assert doctor_job.check_encoders().state == "broken"
    assert doctor_job.check_hardware().state == "missing", "nobody needs it"


def test_slow_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_job, "cpu_flags", lambda: frozenset({"sse2"}))
    assert doctor_job.check_cpu().state == "missing"
    monkeypatch.setattr("vidsharp.models.fused.blend_library.instruction_sets", lambda: ())
    assert "C compiler" in (doctor_job.check_fused().advice or "")
    monkeypatch.setattr("vidsharp.models.fused.blend_library.instruction_sets", lambda: ("generic",))
    fused = doctor_job.check_fused()
    assert "neither AVX2 nor NEON" in fused.found
    assert fused.advice is None, "no compiler helps"


def test_little_memory_and_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_job, "memory_bytes", lambda which="MemTotal": 10**9)
    assert doctor_job.check_memory().state == "missing"
    monkeypatch.setattr(doctor_job, "memory_bytes", lambda which="MemTotal": None)
    assert doctor_job.check_memory().state == "ok"


def test_a_place_that_cannot_be_written_is_broken(no_ray: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert check_disk(tmp_path / "file" / "below").state == "ok", "as far as one can tell, from the folder above"
    disk = by_name(out=Path("/proc/vidsharp"))["disk"]
    assert disk.state == "broken"
    assert "cannot be written" in disk.found
    assert (tmp_path / "file").read_text() == "mine"


def test_a_cluster_that_does_not_answer_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(address: str | None) -> Check:
        raise ClusterError(f"no Ray cluster answers at {address}")

    monkeypatch.setattr(doctor_job, "check_ray", refused)
    assert by_name(out=tmp_path, address="head:1")["Ray"] == Check("Ray", "broken", "no Ray cluster answers at head:1")


def test_a_ray_that_does_not_start_leaves_the_other_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(address: str | None) -> Check:
        raise ClusterError("Ray could not be started on this machine")

    monkeypatch.setattr(doctor_job, "check_ray", refused)
    checks = by_name(out=tmp_path)
    assert checks["Ray"].state == "missing"
    assert checks["Ray"].advice == "use --engine local, which needs no Ray"
    assert checks["engine local"].state == "ok"
    assert can_run(list(checks.values()))
    monkeypatch.setattr(doctor_job, "check_local_engine", lambda: refused(None))
    assert not can_run(list(by_name(out=tmp_path).values()))


def test_a_task_answers(shared_ray: None) -> None:
    assert "answered" in check_ray(None).found


def test_the_command_says_what_is_broken_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = Check("disk", "ok", "fine\x1b[2J"), Check("Ray", "broken", "it does not start", "ask the doctor")
    for checks, code in (([good], 0), ([good, bad], 1)):
        monkeypatch.setattr(doctor_job, "doctor", lambda out, address, checks=checks: iter(checks))
        ended = CliRunner().invoke(main, ["doctor"])
        assert (ended.exit_code, ended.stderr) == (code, "")
        assert ended.stdout.startswith(doctor_text(checks))
        as_json = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
        assert as_json["summary"]["can_run"] == (code == 0)
        assert [check["state"] for check in as_json["result"]] == [check.state for check in checks]
    assert "\x1b" not in ended.stdout
    assert "→ ask the doctor" in ended.stdout


@pytest.mark.slow
def test_the_real_command_is_quiet_on_stderr_and_leaves_no_process(tmp_path: Path) -> None:
    job = runs.start("doctor", "--out", tmp_path / "out", "--json")
    said, error = job.communicate(timeout=200)
    assert (job.returncode, error) == (0, ""), said
    assert json.loads(said)["summary"]["can_run"] is True
    assert list(tmp_path.iterdir()) == []
    runs.wait_until(lambda: not runs.processes_of_session(job.pid))


def test_a_gpu_that_torch_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_job, "visible_gpus", lambda: ["0", "1"])
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert doctor_job.check_gpu().found.endswith(" sees none of 2 GPUs; students run on the CPU")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "a card")
    monkeypatch.setattr("vidsharp.models.device.gpu_trouble", lambda device: "torch has no kernels for the GPU")
    check = doctor_job.check_gpu()
    assert (check.state, check.found) == (
        "missing",
        "a card: torch has no kernels for the GPU; students run on the CPU",
    )
    monkeypatch.setattr("vidsharp.models.device.gpu_trouble", lambda device: None)
    assert doctor_job.check_gpu() == Check("GPU", "ok", "a card")
