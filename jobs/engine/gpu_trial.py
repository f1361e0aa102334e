"""The trial of a run's GPU, before its workers are started: whether it computes, what half precision costs there, and
whether its decoder and its encoders work.

It is decided once for a run: what workers found out each for itself could differ, and with it the bits of a clip's
chunks. A worker tries, and not the driver, which does without torch and need not have a GPU.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...models.errors import DeviceError
from ...models.fused.blend_library import why_torch
from ...models.gpu.settings import GpuSettings, HwAccel, HwAccelWord
from ...models.nets.catalogue import called, may_be_fused
from ...models.wording import counted, one_line
from ..config import ProcessConfig
from ..interrupts import raise_if_interrupted
from .actors import POLL_S
from .node import Needed, NodeError, check_sees
from .pool import PoolPlan, plan_pool
from .protocol import ClusterError, Engine, NodeLost, WorkerDied

log = logging.getLogger("vidsharp")

_WAIT_WARNING_S = 60.0
_MOST_NODES = 3
"""Machines that may be lost during the trial."""


class TrialActor:
    """A worker that loads the student as all others will, and says what they need not find out again."""

    def __init__(self, threads: int, must_see: Sequence[Sequence[Needed]] = ()) -> None:
        self._threads = threads
        self._must_see = must_see

    def frames_done(self) -> int:
        return 0

    def try_out(
        self,
        model: str,
        device: str,
        strength: float,
        look: float | None,
        settings: GpuSettings,
        hwaccel: HwAccelWord = "none",
    ) -> GpuSettings:
        """The settings for all workers of the run.

        Raises:
            DeviceError: the GPU cannot be used, or not with these settings.
            GpuLost: it failed.
            NodeError: as `check_sees`.
        """
        check_sees(self._must_see)
        from ...models.enhance import Enhancer

        student = Enhancer(model, device, strength, self._threads, look=look, gpu=settings)
        assert student.gpu is not None
        found = HwAccel()
        if hwaccel != "none":
            from ...pipeline.codec_trial import try_codecs

            found = try_codecs(student.gpu.way, student.device)
        return replace(settings, half_error=student.gpu.half_error, hwaccel=found)


def plan_run(engine: Engine, config: ProcessConfig, must_see: Sequence[Sequence[Needed]] = ()) -> PoolPlan:
    """The workers of a run: as `plan_pool`, where its GPU stands the trial. Where it does not, `auto` takes the CPU,
    and the log says why. On a node that does not see `must_see` nothing is tried: workers will say so there.

    Raises:
        DeviceError: a GPU was asked for, or its decoder, and cannot be used.
        ClusterError: as `Engine.nodes` and `Engine.start`.
        KeyboardInterrupt: as `raise_if_interrupted`.
    """
    nodes = engine.nodes()
    plan = plan_pool(nodes, config.device, config.workers)
    if plan.device != "cpu":
        try:
            plan = replace(plan, gpu=_tried(engine, plan, config, must_see))
        except RuntimeError as error:  # which all errors of torch and of devices are
            if isinstance(error, ClusterError) or (isinstance(error, DeviceError) and config.device != "auto"):
                raise
            why = "the process that tried the GPU died" if isinstance(error, WorkerDied) else one_line(error)
            if config.device != "auto":
                raise DeviceError(f"--device {config.device}: {why}") from error
            log.warning("the GPU is not used: %s; students run on the CPU", why.rstrip("."))
            plan = plan_pool(nodes, "cpu", config.workers)
    idle = sum(int(node.get("CPU", 0)) > 0 and not node.get("GPU") for node in nodes)
    if config.device == "auto" and plan.device == "cuda" and idle:
        log.info("%s without a GPU: --device both would use them, too", counted(idle, "machine is", "machines are"))
    _check_codecs(config.hwaccel, plan)
    if any(kind.device == "cpu" for kind in plan.kinds) and (why := why_torch()) and may_be_fused(config.model):
        log.warning("%s; PyTorch does %s's work, several times as slowly", why, called(config.model))
    if plan.device == "cpu" and config.gpu != GpuSettings():
        log.warning("--precision, --batch and --no-graph are for a GPU, and this run has none: they change nothing")
    return plan


def student_on(model: str, plan: PoolPlan) -> str:
    """The student of a run's workers: as it was asked for, but what `auto` is by its name. A run has one, and where
    CPUs work beside GPUs, it is theirs."""
    return called(model, on_gpu=plan.device != "cpu" and plan.beside is None)


def _check_codecs(asked: HwAccelWord, plan: PoolPlan) -> None:
    """Raises DeviceError where the GPU's decoder was asked for, and there is none that works."""
    why = "no student runs on a GPU here" if plan.gpu is None else plan.gpu.hwaccel.trouble
    if why is not None and asked == "cuda":
        raise DeviceError(f"--hwaccel cuda: {why}; use --hwaccel auto or none")
    if plan.gpu is not None and why is not None:
        log.info("the GPU's codecs are not used: %s", why)


def _tried(engine: Engine, plan: PoolPlan, config: ProcessConfig, must_see: Sequence[Sequence[Needed]]) -> GpuSettings:
    for lost in range(1, _MOST_NODES + 1):
        worker = engine.start(TrialActor, plan.threads, plan.gpus, must_see)
        try:
            asked = (
                student_on(config.model, plan),
                plan.device,
                config.strength,
                config.look,
                config.gpu,
                config.hwaccel,
            )
            return _answer(engine, engine.submit(worker, "try_out", *asked))
        except NodeError:
            return config.gpu
        except NodeLost:
            if lost == _MOST_NODES:
                raise
        finally:
            engine.kill(worker)
    raise AssertionError


def _answer(engine: Engine, call: Any) -> GpuSettings:
    warned_at = time.monotonic()
    while not engine.wait([call], POLL_S):
        raise_if_interrupted()
        if time.monotonic() - warned_at > _WAIT_WARNING_S:
            warned_at = time.monotonic()
            log.warning("waiting for a node with a GPU free to try it (--device cpu needs none)")
    return engine.result(call)
