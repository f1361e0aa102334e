"""The command that tells beforehand what `process` would take."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ...models.wording import counted
from .answer import Answer
from .logs import set_up_logs
from .options import PATH, command, config_option, config_options, log_options, run_options

if TYPE_CHECKING:
    from ..estimating.cost_model import KindEstimate
    from ..estimating.estimate_result import Estimate

KINDS_SHOWN = 8
"""Lines of the table; JSON has all."""
FAILING_SHOWN = 10


@command()
@click.argument("inputs", nargs=-1, required=True, type=PATH, metavar="INPUT...")
@config_option("out", help="An existing output folder: what is finished there is left out.", required=False)
@config_option("staging", help="With s3:// and the like: where pieces are looked at; on a cluster, a shared folder.")
@run_options
@config_options("price_per_core_hour", "price_per_gpu_hour")
@click.option("--sample-seconds", default=20.0, show_default=True, metavar="S", help="How long pieces are measured.")
@log_options
def estimate(quiet: bool, verbose: bool, log_json: bool, **options: Any) -> Answer:
    """Says how long process would take on recordings, and how many core- or GPU-hours.

    Looks at all recordings, sharpens short pieces of them, and adds up the rest. Options mean what they mean for
    process. Writes nothing; exit code 0 also where recordings will fail: they are listed.
    """
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    from ..estimating.estimate_config import EstimateConfig
    from ..estimating.estimate_job import estimate as run

    result = run(EstimateConfig(**{name: value for name, value in options.items() if value is not None}))
    figures = estimate_figures(result)
    summary = {name: figures[name] for name in ("recordings", "video_s", "wall_s", "core_hours", "gpu_hours", "cost")}
    return Answer(figures, lambda: click.echo(estimate_text(result), nl=False), summary)


def estimate_figures(result: "Estimate") -> dict[str, Any]:
    """All figures; times in seconds unless named otherwise, sizes in bytes."""
    kinds = [{**asdict(kind), **asdict(kind.kind)} for kind in result.kinds]
    for kind in kinds:
        del kind["kind"]
    return {
        **asdict(result),
        **result.cost.figures(),
        "failing": [{"recording": name, "why": why} for name, why in result.failing],
        "on_workers": [{"workers": workers, "wall_s": wall_s} for workers, wall_s in result.on_workers],
        "kinds": kinds,
    }


def estimate_text(result: "Estimate") -> str:
    """The estimate as text for people, the answer first."""
    from ..files.passed_over import passed_over_sentence

    lines: list[str] = []
    if result.finished:
        lines.append(f"{counted(result.finished, 'recording')} finished already.")
    if result.copied:
        copied = counted(result.copied, "recording is", "recordings are")
        lines.append(f"{copied} sharp already, to be copied: no work, but counted in the size of the results.")
    if not result.chunks:
        lines.append("Nothing is left to sharpen." if result.copied else "Nothing is left to do.")
    else:
        lines += _answer(result)
    if result.failing:
        lines += ["", f"{counted(len(result.failing), 'recording')} will fail:"]
        lines += [f"  {name}: {why}" for name, why in result.failing[:FAILING_SHOWN]]
        more = len(result.failing) - FAILING_SHOWN
        lines += [f"  … and {more} more"] if more > 0 else []
    if sentence := passed_over_sentence(result.passed_over):
        lines += ["", sentence]
    return "\n".join(lines) + "\n"


def _answer(result: "Estimate") -> list[str]:
    from ...reports.templates.markdown import markdown_table
    from ...reports.templates.page_words import size

    about = "" if result.frames_exact else "about "
    hours = f"{_hours(result.core_s)} core-hours"
    if result.gpu_s is not None:
        hours = f"{_hours(result.gpu_s)} GPU-hours and {hours}"
    fit = "" if result.workers <= result.workers_here else f" like these (only {result.workers_here} fit here)"
    on = f"{counted(result.workers, 'worker')}{fit} ({result.device}, {counted(result.threads, 'thread')} each)"
    lines = [
        f"{counted(result.recordings, 'recording')}, {_spoken(result.video_s)} of video, "
        f"{about}{result.frames:,} frames: about {_spoken(result.wall_s)} on {on}, {hours}; "
        f"results about {size(result.bytes_out)}.",
        f"Give or take {100 * result.uncertainty:.0f} %: measured {result.sampled_frames:,} frames of "
        f"{counted(result.sampled_recordings, 'recording')} in {result.sampled_s:.0f} s.",
    ]
    if result.cost.money is not None:
        by_hour = result.cost.figures()["cost_per_video_hour"]
        each = "" if by_hour is None else f", {by_hour:.3g} for an hour of video"
        lines.append(f"By these prices it costs about {result.cost.money:.2f}{each}.")
    if result.unseen:
        lines.append(f"{counted(result.unseen, 'recording')} not brought here: reckoned by size from the others.")
    if result.object_storage:
        lines.append("Bringing recordings here from object storage, which a run does beside its work, is not in it.")
    others = [f"{_spoken(wall_s)} on {workers}" for workers, wall_s in result.on_workers if workers != result.workers]
    lines.append(f"On other numbers of workers like these: {', '.join(others)}.")
    header = ["pictures", "recordings", "video", "frames", "ms per frame", "time of workers", "results", "measured"]
    rows = [_cells(kind) for kind in result.kinds[:KINDS_SHOWN]]
    lines += ["", markdown_table(header, rows).rstrip("\n")]
    more = len(result.kinds) - KINDS_SHOWN
    return [*lines, f"… and {counted(more, 'kind')} more"] if more > 0 else lines


def _cells(estimated: "KindEstimate") -> list[str]:
    from ...reports.templates.page_words import clock, size

    kind = estimated.kind
    bits = "" if kind.bit_depth == 8 else f" {kind.bit_depth}-bit"
    return [
        f"{kind.width}×{kind.height} {kind.codec}{bits} → {kind.encoder}",
        f"{estimated.recordings:,}",
        clock(estimated.video_s),
        f"{estimated.frames:,}",
        f"{estimated.ms_per_frame:.3g}",
        clock(estimated.worker_s),
        size(estimated.bytes_out),
        f"{estimated.pieces} ×" if estimated.pieces else "scaled",
    ]


def _spoken(seconds: float) -> str:
    """Rounded as far as an estimate deserves: 45 s, 52 min, 3 h 20 min, 40 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.1f} min" if minutes < 10 else f"{minutes:.0f} min"
    if minutes < 10 * 60:
        return f"{int(minutes // 60)} h {int(minutes % 60)} min"
    return f"{minutes / 60:,.0f} h"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.2g}" if seconds < 36000 else f"{seconds / 3600:,.0f}"
