"""The command line: names, defaults and exit codes. Each command calls one function and does no work of its own.

Torch and Ray are imported by the commands that use them, so that `vidsharp --help` answers at once.
"""

import json
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from ...models.errors import VidsharpError
from ..config import ProcessConfig, UsageError
from ..exit_code import exit_code
from ..interrupts import heeding_interrupts
from . import doctor, estimate, evaluate, info, preview, shell, train, watch
from .answer import Answer, AnswerCommand, answer_error, foresee_json, wants_json
from .console import spell_what_cannot_be_shown
from .logs import say_error, set_up_logs
from .options import (
    PATH,
    config_option,
    config_options,
    events_option,
    log_options,
    overwrite_option,
    run_options,
)
from .run_process import run_process


class _Commands(click.Group):
    """Commands in the order a newcomer meets them, and every error as one sentence."""

    command_class = AnswerCommand

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        spell_what_cannot_be_shown()
        return super().main(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        foresee_json(ctx, args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with heeding_interrupts():
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt as error:
                _exit(ctx, str(error) or "interrupted; nothing half-written is left behind", exit_code(error))
            except VidsharpError as error:
                _exit(ctx, str(error), exit_code(error))
            except click.ClickException as error:
                answer_error(ctx, error.format_message(), error.exit_code)
                raise


def _exit(ctx: click.Context, sentence: str, code: int) -> NoReturn:
    say_error(sentence)
    answer_error(ctx, sentence, code)
    sys.exit(code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vidsharp", prog_name="vidsharp")
def main() -> None:
    """Sharpens recorded video calls: every frame through a small neural student, every other stream untouched.

    \b
    The main job:  vidsharp process recordings/ --out sharpened/
    """


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=PATH, metavar="INPUT...")
@config_options("out", "staging", "scratch", "scratch_gb", "shard")
@run_options
@config_options("reference", "page", "overwrite", "stall_seconds", "memory_mb")
@config_options("price_per_core_hour", "price_per_gpu_hour")
@config_options("on_clip", "webhook", "webhook_key", "hook_seconds", "metrics")
@events_option
@log_options
def process(events: Path | None, quiet: bool, verbose: bool, log_json: bool, **options: Any) -> Answer:
    """Sharpens recordings and folders of recordings, on disk or on object storage (s3://bucket/recordings).

    The same command again skips what is finished and goes on with the rest. Exit codes: 0 all clips finished, 1 some
    failed and another run will not help, 2 wrong usage, 3 the cluster, a disk or a bucket failed: run again, 130
    SIGINT, 143 SIGTERM.
    """
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    return run_process(ProcessConfig(**options), events, quiet=quiet, lines_only=log_json)


@main.command()
@click.argument("folder", type=PATH, metavar="DIR")
@click.option("--format", type=click.Choice(["html", "md", "csv", "parquet"]), default="html", show_default=True,
              help="A page or single files in DIR, or Markdown on stdout.")  # fmt: skip
@click.option("--compact", is_flag=True, help="Join the tables' parts into few first.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
def report(folder: Path, show: bool, **options: Any) -> Answer:
    """Makes the report of an output folder again, from its tables."""
    from ..processing.report_job import ReportConfig
    from ..processing.report_job import report as run

    if wants_json() and options["format"] in ("html", "md"):
        whole = json.loads(run(ReportConfig(folder, "json", options["compact"])).text or "{}")
        return Answer({"clips": whole["clips"]}, summary=whole["summary"])
    if show and options["format"] != "html":
        raise UsageError("--open shows the page, which only --format html makes")
    result = run(ReportConfig(folder, **options))
    if result.page is None:
        return Answer({"files": result.files}, lambda: _say_made(result.text, result.files))
    return Answer({"report": result.page}, lambda: _show_page(result.page, show))


def _say_made(text: str | None, files: Sequence[Path]) -> None:
    for file in files:
        click.echo(file)
    click.echo(text or "", nl=False)


def _show_page(page: Path | None, show: bool) -> None:
    click.echo(f"report: {page}")
    if show and page and not webbrowser.open(page.absolute().as_uri()):
        raise UsageError(f"no browser was found here to open {page}")


@main.command()
@click.option("-o", "--out", default=Path("demo"), show_default=True, type=PATH, metavar="DIR")
@click.option("--seconds", default=10.0, show_default=True, help="Length of the sample recording.")
@overwrite_option
@log_options
def demo(out: Path, seconds: float, overwrite: bool, quiet: bool, verbose: bool, log_json: bool) -> Answer:
    """Makes a sample call recording, softens it as a low-bandwidth link would, and sharpens it."""
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    from ..tools.demo import make_soft_call

    recording = make_soft_call(out, seconds=seconds, overwrite=overwrite)
    sharpened = out / "sharpened"
    if not wants_json():
        click.echo(f"a soft call recording: {recording}")
        click.echo(f"sharpened:             {sharpened / recording.name}")
    config = ProcessConfig(inputs=(recording.parent,), out=sharpened, reference=out / "sharp", overwrite=True)
    return run_process(config, None, quiet=quiet, lines_only=log_json)


@main.command()
@config_options("model", "look", "chroma", "device")
@click.option("--size", default="1920x1080", show_default=True, metavar="WxH")
@click.option("--warmup", default=10, show_default=True, type=click.IntRange(0))
@click.option("--runs", default=100, show_default=True, type=click.IntRange(1))
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all cores].")
@config_option("precision")
@config_option("batch", type=click.IntRange(1))
@config_option("graphs")
@click.option("--end-to-end", "recording", type=PATH, metavar="FILE", help="Measure decode to mux on a recording.")
@config_option("encoder", help="With --end-to-end: output encoder.")
@config_option("hwaccel", help="With --end-to-end, on a GPU: whether its own decoder and encoder are used.")
def bench(recording: Path | None, size: str, **options: Any) -> Answer:
    """Measures speed and prints figures: of the student alone, or with --end-to-end of the whole way of a recording."""
    from ...models.device import resolve_device
    from ...models.gpu.settings import GpuSettings
    from ...models.nets.catalogue import called
    from ..tools import bench as measure

    said = GpuSettings(options["precision"], options["batch"], options["graphs"])
    gpu = said if resolve_device(options["device"]).type == "cuda" else None
    options["model"] = called(options["model"], on_gpu=gpu is not None)
    if gpu is None and said != GpuSettings():
        raise UsageError("--precision, --batch and --no-graph are for a GPU; add --device cuda where there is one")
    if recording is not None:
        keys = ("model", "look", "chroma", "device", "threads", "encoder", "hwaccel")
        figures = measure.bench_end_to_end(recording, gpu=gpu, **{key: options[key] for key in keys})
    else:
        width, separator, height = size.lower().partition("x")
        if not (separator and width.isdigit() and height.isdigit() and int(width) and int(height)):
            raise UsageError(f"--size {size!r} is not of the form WxH, such as 1920x1080")
        keys = ("model", "look", "chroma", "device", "threads", "warmup", "runs")
        figures = measure.bench_model(int(width), int(height), gpu=gpu, **{key: options[key] for key in keys})
    return Answer(figures, lambda: click.echo(json.dumps(figures, indent=2)))


_MORE = (watch.watch, info.info, preview.preview, estimate.estimate)
_EVALUATE = (evaluate.models, evaluate.evaluate, evaluate.simulate)
_SHELL = (shell.completion, shell.man)
for _command in (*_MORE, *_EVALUATE, train.train, doctor.doctor, *_SHELL):
    main.add_command(_command)
