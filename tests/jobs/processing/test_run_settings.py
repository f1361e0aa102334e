"""What a clip was made with can be told from its row."""

from dataclasses import fields, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine.pool import PoolPlan
from vidsharp.jobs.processing import run_settings
from vidsharp.jobs.processing.run_settings import fingerprint_settings as counted
from vidsharp.jobs.processing.run_settings import settings, versions
from vidsharp.jobs.shard import Shard
from vidsharp.models.errors import ModelError
from vidsharp.models.gpu.settings import GpuSettings, HwAccel
from vidsharp.models.nets.catalogue import chroma_digest, weights_digest
from vidsharp.models.nets.look import DEFAULT_LOOK

from tests.support import runs
from tests.support.students import two_looks


def test_settings_go_by_the_options_names_and_leave_out_what_is_the_encoders_choice(tmp_path: Path) -> None:
    config = runs.config(tmp_path, tmp_path / "out", encoder_options={"tune": "film"}, reference=tmp_path)
    assert config.model == "auto"
    said = settings(config, PoolPlan(2, 4, 0, "cpu"), counted(config))
    assert said == {
        "model": "fast", "weights": f"sha256:{weights_digest('fast')}",
        "strength": 1.0, "encoder": "libx264", "preset": "ultrafast", "tune": "film",
        "chunk-seconds": 0.5, "measure": "auto", "reference": True, "device": "cpu", "workers": 2, "threads": 4,
    }  # fmt: skip
    assert "crf" not in said
    config = runs.config(tmp_path, tmp_path / "out", look=0.5)
    said = settings(config, PoolPlan(1, 1, 0, "cpu"), {"model": "12"})
    assert "reference" not in said
    assert said["look"] == 0.5
    assert {"chroma", "chroma-weights"}.isdisjoint(said)
    restored = replace(config, model="fast", look=None, chroma="restore")
    said = settings(restored, PoolPlan(1, 1, 0, "cpu"), counted(restored))
    assert (said["chroma"], said["chroma-weights"]) == ("restore", f"sha256:{chroma_digest()}")
    assert {"precision", "batch", "no-graph"}.isdisjoint(said)
    assert "hwaccel" not in said
    there = GpuSettings("float16", graphs=False, hwaccel=HwAccel(decodes=True))
    assert settings(config, PoolPlan(1, 1, 1, "cuda", there), {"model": "12"})["hwaccel"] == "cuda"
    said = settings(config, PoolPlan(1, 1, 1, "cuda", GpuSettings("float16", graphs=False)), {"model": "12"})
    assert (said["precision"], said["no-graph"], "batch" in said) == ("float16", True, False)


def test_the_weights_that_are_said_are_found_by_it(tmp_path: Path) -> None:
    config = runs.config(tmp_path, tmp_path / "out", model="balanced")
    weights = settings(config, PoolPlan(1, 1, 0, "cpu"), counted(config))["weights"]
    assert counted(replace(config, model=weights)) == counted(config)


def test_every_option_is_said_to_change_pictures_or_to_keep_them() -> None:
    """A new one must be put into one of the lists, so that none is forgotten in the key of results."""
    changes: frozenset[str] = getattr(run_settings, "CHANGES_PICTURES", frozenset())
    keeps: frozenset[str] = getattr(run_settings, "KEEPS_PICTURES", frozenset())
    assert sorted([*changes, *keeps]) == sorted(field.name for field in fields(ProcessConfig))


def test_the_key_has_all_that_changes_pictures_and_nothing_else(tmp_path: Path) -> None:
    others: dict[str, Any] = {
        "model": "balanced", "look": 0.25, "strength": 0.5, "chroma": "restore", "encoder": "ffv1", "crf": 3.0,
        "preset": "slow", "chunk_seconds": 7.0, "start": 1.0, "end": 2.0,
        "skip_sharp": True, "max_growth": 1.5, "target_quality": 40.0,
        "encoder_options": {"g": "9"}, "inputs": (tmp_path / "x",), "out": tmp_path / "y", "device": "cuda:1",
        "workers": 5, "address": "auto", "engine": "local", "reference": tmp_path, "measure": 9, "page": False,
        "overwrite": True, "staging": tmp_path, "scratch": tmp_path, "scratch_gb": 1.5, "memory_mb": 99,
        "stall_seconds": 9.0,
        "on_clip": "x", "webhook": "https://x/y", "webhook_key": tmp_path / "key", "hook_seconds": 9.0,
        "metrics": tmp_path / "m", "shard": Shard(1, 4), "price_per_core_hour": 0.1, "price_per_gpu_hour": 1.0,
        "precision": "float16", "batch": 4, "graphs": False, "hwaccel": "none",
    }  # fmt: skip
    config = ProcessConfig((tmp_path,), tmp_path / "out", two_looks(tmp_path / "two.safetensors"))
    assert set(others) == {field.name for field in fields(ProcessConfig)}, "try the new option here, too"
    changing = {name for name in others if counted(replace(config, **{name: others[name]})) != counted(config)}
    assert changing == getattr(run_settings, "CHANGES_PICTURES", frozenset())


def test_a_look_counts_where_there_are_two_and_where_it_is_another(tmp_path: Path) -> None:
    two = ProcessConfig((tmp_path,), tmp_path / "out", two_looks(tmp_path / "two.safetensors"))
    by_look = {look: counted(replace(two, look=look)) for look in (None, 0.0, 0.5, 1.0)}
    assert [found["look"] for found in by_look.values()] == [DEFAULT_LOOK, 0.0, 0.5, 1.0]
    assert by_look[None] == by_look[DEFAULT_LOOK]
    one = replace(two, model="fast-0.1")
    assert counted(replace(one, look=0.0)) == counted(one), "and clips of version 0.1 are known"
    assert "look" not in counted(one)
    with pytest.raises(ModelError, match=r"The student 'fast-0\.1' has one look"):
        counted(replace(one, look=1.0))


def test_a_part_counts_and_the_whole_is_known_as_before(tmp_path: Path) -> None:
    whole = runs.config(tmp_path, tmp_path / "out")
    assert counted(replace(whole, start=0.0)) == counted(whole), "nothing is cut away"
    assert "part" not in counted(whole), "and clips of earlier versions are known"
    assert len({str(counted(replace(whole, start=start, end=end))) for start in (None, 1) for end in (None, 2, 3)}) == 6


def test_chroma_counts_where_it_is_restored(tmp_path: Path) -> None:
    config = ProcessConfig((tmp_path,), tmp_path / "out")
    assert counted(replace(config, chroma="keep")) == counted(config), "and clips of before are known"
    assert counted(replace(config, chroma="restore")) == {
        **counted(config),
        "chroma": chroma_digest(),
    }
    assert "chroma" not in counted(replace(config, model="reference"))
    with pytest.raises(ModelError, match="'reference' makes colour itself"):
        counted(replace(config, model="reference", chroma="restore"))


def test_versions_of_all_that_makes_pictures() -> None:
    assert {"vidsharp", "torch", "PyAV", "FFmpeg", "Python"} <= set(versions())
    assert all(versions().values())


def test_where_ray_is_not_installed_its_version_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "ray":
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(run_settings, "version", version)
    assert versions.__wrapped__()["ray"] is None
