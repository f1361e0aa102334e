"""A preview as a job: a few seconds sharpened with each setting in turn, to look at, and what whole runs would take.

It is an estimate whose pieces are kept: the parts are sharpened by an estimate's workers, and a run's cost is reckoned
from what they took.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from statistics import fmean
from urllib.parse import quote

from ...models.nets.catalogue import AUTO
from ...models.wording import counted
from ...pipeline.atomic import write_atomically
from ...pipeline.encoders import check_encoder_name
from ...pipeline.errors import MediaError, OutputError, disk_sentence
from ...pipeline.mux import mux_clip
from ...pipeline.ownership import claim_folder, refuse_folder, remove_folder
from ...pipeline.part import Part
from ...pipeline.recording import silence
from ...pipeline.window import Window
from ...pipeline.workspace import file_stem
from ...reports.preview.preview_page import ClipPart, PreviewFacts, SettingCost, SpotPictures, preview_page
from ...reports.templates.picture_uri import picture_uri
from ..engine.engines import open_engine
from ..engine.gpu_trial import plan_run, student_on
from ..engine.protocol import Engine
from ..estimating.estimate_job import Estimation
from ..estimating.estimate_result import Estimate
from ..estimating.look_at_clips import ClipLook
from ..estimating.looked import Looked
from ..estimating.rate_trial import RateTask
from ..estimating.sample_actor import Excerpt
from ..files.clips import Clip
from ..files.open_storage import open_to_read
from ..files.storage import Storage
from ..interrupts import raise_if_interrupted
from .excerpt_pictures import Versions, file_name, write_pictures
from .excerpt_sample import ExcerptSample, evenly_chosen, middle
from .preview_config import PreviewConfig, Setting

log = logging.getLogger("vidsharp")

BY = "preview"
_STILL_QUALITY, _SPOT_QUALITY = 90, 95


@dataclass(frozen=True)
class PreviewResult:
    """The outcome of a preview."""

    page: Path
    parts: Mapping[str, str]
    """The parts that are shown, in words, by recording."""
    costs: tuple[SettingCost, ...]
    not_shown: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Tried:
    """A setting, and what came of it."""

    setting: Setting
    estimate: Estimate
    excerpts: Mapping[str, Excerpt]
    not_shown: Mapping[str, str]


def preview(config: PreviewConfig) -> PreviewResult:
    """Sharpens a part of some recordings with each setting, and writes a page, videos and pictures to `config.out`.

    Raises:
        UsageError: there is nothing to show.
        ModelError, CheckpointError, EncoderError, DeviceError, ClusterError: what was asked for is not there.
        MediaError: no recording has such a part that can be sharpened.
        NotOursError: the output folder holds something else.
        OutputError: it cannot be written.
    """
    silence()
    settings = config.settings()
    refuse_folder(config.out, BY)
    base = config.run_with(settings[0])
    with open_to_read(replace(base, out=config.out)) as storage:
        clips = storage.find()
        if config.encoder:
            check_encoder_name(config.encoder)
        storage.look()
        remove_folder(config.out, BY)
        claim_folder(config.out, BY)
        work = config.out.absolute() / ".work"
        try:
            began = time.perf_counter()
            with open_engine(config.engine, config.address) as engine:
                if AUTO in config.models:
                    settings = _by_device(config, engine)
                trials = _Trials(config, storage, clips, work)
                tried = trials.run(engine, settings, time.perf_counter() - began)
            return _written(config, tried, trials, sum(storage.size(clip) or 0 for clip in clips))
        except BaseException:
            with suppress(OutputError):  # what went wrong first is to be said
                remove_folder(config.out, BY)
            raise
        finally:
            rmtree(work, ignore_errors=True)


def _by_device(config: PreviewConfig, engine: Engine) -> tuple[Setting, ...]:
    """All settings, `auto` being what it is on the devices of a run."""
    auto = config.run_with(Setting(AUTO, None, 1.0, None))
    student = student_on(AUTO, plan_run(engine, auto))
    return replace(config, models=tuple(student if model == AUTO else model for model in config.models)).settings()


class _Trials:
    """Each setting in turn, on the same parts."""

    def __init__(self, config: PreviewConfig, storage: Storage, clips: Sequence[Clip], work: Path) -> None:
        self._config = config
        self._storage = storage
        self._clips = clips
        self._work = work
        self.parts: dict[str, Part] = {}
        self.looked: Mapping[str, Looked] = {}

    def run(self, engine: Engine, settings: Sequence[Setting], engine_s: float) -> list[_Tried]:
        look: ClipLook | None = None
        tried: list[_Tried] = []
        for number, setting in enumerate(settings, start=1):
            raise_if_interrupted()
            log.info("%s: sharpening %g s, %d of %d", setting.name, self._config.seconds, number, len(settings))
            samples: list[ExcerptSample] = []
            run = self._config.run_with(setting)
            new_sample = self._new_sample(samples, number, RateTask.of(run))
            estimation = Estimation(run, self._storage, self._clips, new_sample, look)
            began = time.perf_counter()
            plan = plan_run(engine, run)
            estimate = estimation.run(engine, plan, engine_s + time.perf_counter() - began)
            look = estimation.look
            if not samples[0].excerpts:
                raise _nothing_to_show(estimate)
            tried.append(_Tried(setting, estimate, samples[0].excerpts, samples[0].not_shown))
        return tried

    def _new_sample(
        self, samples: list[ExcerptSample], number: int, rate: RateTask
    ) -> Callable[[Mapping[str, Looked]], ExcerptSample]:
        def new(looked: Mapping[str, Looked]) -> ExcerptSample:
            if not self.parts:
                self.looked = looked
                names = [clip.name for clip in self._clips if clip.name in looked]
                chosen = evenly_chosen(names, self._config.clips)
                self.parts = {name: self._part(looked[name]) for name in chosen}
            samples.append(ExcerptSample(looked, self.parts, self._work / str(number), rate))
            return samples[0]

        return new

    def _part(self, looked: Looked) -> Part:
        start, seconds = self._config.start, self._config.seconds
        return middle(looked, seconds) if start is None else Part(start or None, start + seconds)


def _nothing_to_show(estimate: Estimate) -> MediaError:
    if estimate.copied and not estimate.failing:
        copied = counted(estimate.copied, "recording is", "recordings are")
        return MediaError(f"nothing is left to show: {copied} sharp already, and with --skip-sharp copied as they are")
    more = len(estimate.failing) - 1
    why = estimate.failing[0][1] if estimate.failing else "no recording could be looked at"
    return MediaError(f"{why} ({more} more fail, too)" if more > 0 else why)


def _written(config: PreviewConfig, tried: Sequence[_Tried], trials: _Trials, bytes_in: int) -> PreviewResult:
    """Writes the parts that came through with every setting, and the page, last."""
    not_shown = {name: why for each in tried for name, why in each.not_shown.items()}
    shown = [name for name in trials.parts if all(name in each.excerpts for each in tried)]
    costs = tuple(_cost(each, tried, config.price, bytes_in) for each in tried)
    parts = []
    for name in shown:
        log.info("%s: drawing", name)
        excerpts = {each.setting.name: each.excerpts[name] for each in tried}
        parts.append(_part(config, name, trials.looked[name], excerpts))
    about = f"vidsharp {version('vidsharp')}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    facts = PreviewFacts(
        recordings=tried[0].estimate.recordings,
        video_s=tried[0].estimate.video_s,
        worked_on=_workers(tried[0].estimate),
        uncertainty=max(each.estimate.uncertainty for each in tried),
        failing=tried[0].estimate.failing,
        not_shown=tuple(not_shown.items()),
        made=about,
        price=config.price,
    )
    page = config.out / "index.html"
    write_atomically(page, preview_page(facts, costs, parts).encode("utf-8", "backslashreplace"))
    return PreviewResult(
        page, {part.clip: "; ".join([part.words, *part.notes]) for part in parts}, costs, tuple(not_shown.items())
    )


def _workers(estimate: Estimate) -> str:
    return f"{counted(estimate.workers, 'worker')} ({estimate.device}, {counted(estimate.threads, 'thread')} each)"


def _cost(own: _Tried, tried: Sequence[_Tried], price: float | None, bytes_in: int) -> SettingCost:
    """Times are means over the settings that take the same time: a busy moment of the machine shall not pass for a
    difference between looks."""
    alike = [each for each in tried if each.setting.takes_as_long_as(own.setting)]
    pieces = [excerpt.piece for each in alike for excerpt in each.excerpts.values()]
    wall_s = fmean(each.estimate.wall_s for each in alike)
    gpu_s = [each.estimate.gpu_s for each in alike if each.estimate.gpu_s is not None]
    return SettingCost(
        name=own.setting.name,
        wall_s=wall_s,
        core_hours=fmean(each.estimate.core_s for each in alike) / 3600,
        gpu_hours=fmean(gpu_s) / 3600 if gpu_s else None,
        bytes_out=own.estimate.bytes_out,
        share=own.estimate.bytes_out / bytes_in if bytes_in else None,
        fps=sum(piece.frames for piece in pieces) / sum(piece.frames * piece.frame_s for piece in pieces),
        price=None if price is None else price * wall_s / 3600,
    )


def _part(config: PreviewConfig, name: str, looked: Looked, excerpts: Mapping[str, Excerpt]) -> ClipPart:
    """A part's pictures and results in a folder of its own, and what the page shows of them."""
    info, first = looked.info, next(iter(excerpts.values()))
    folder = config.out / f"{file_name(Path(name).stem)}-{file_stem(name)[:6]}"
    try:
        shown = write_pictures(Versions(info, first.chunk, {key: one.file for key, one in excerpts.items()}), folder)
        results = {
            key: _result(looked, excerpt, folder, f"{number}-{file_name(key)}")
            for number, (key, excerpt) in enumerate(excerpts.items(), start=1)
        }
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(disk_sentence(error, folder), folder) from error
    window = Window.of((first.chunk.start_pts, first.chunk.end_pts), info, info.start)
    length_s = float((first.record.pts[-1] - first.record.pts[0]) * info.time_base + 1 / info.frame_rate)
    short = length_s < config.seconds - 0.1 and first.chunk.end_pts is None

    def clock(ticks: int) -> float:
        return float(ticks * info.time_base - info.start)

    def link(path: Path) -> str:
        return quote(path.relative_to(config.out).as_posix())

    return ClipPart(
        clip=name,
        words=window.sentence(info),
        notes=[f"{length_s:.1f} s: the recording is over before --seconds {config.seconds:g}"] if short else [],
        video=link(shown.video),
        poster=picture_uri(shown.poster, _STILL_QUALITY),
        still_s=clock(shown.spots[0][1]),
        stills={key: picture_uri(picture, _STILL_QUALITY) for key, picture in shown.stills.items()},
        spots=[
            SpotPictures(
                clock(ticks),
                f"{spot.width}×{spot.height} pixels, {spot.left} from the left and {spot.top} from the top",
                spot.width,
                {key: picture_uri(picture, _SPOT_QUALITY) for key, picture in crop.items()},
            )
            for (spot, ticks), crop in zip(shown.spots, shown.crops, strict=True)
        ],
        results={key: link(path) for key, path in results.items()},
    )


def _result(looked: Looked, excerpt: Excerpt, folder: Path, name: str) -> Path:
    """The part as the run would write it, with its other streams."""
    info, chunk = looked.info, excerpt.chunk
    path = folder / f"{name}{info.path.suffix}"
    joined = mux_clip(info, [excerpt.record], [excerpt.file], path, within=(chunk.start_pts, chunk.end_pts))
    return path if joined.muxer == joined.own_muxer else path.rename(path.with_suffix(f"{path.suffix}.mkv"))
