"""The commands that tell what a student is worth: `models`, `evaluate`, and `simulate`, which makes data for both."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ...models.nets.card import Card, read_card
from ...models.nets.catalogue import called, student_names
from ...reports.templates.markdown import markdown_table
from ...training.simulate.parameters import LEVELS
from ..config import UsageError
from ..exit_code import OK, SOME_FAILED
from ..files.clips import printable
from .answer import Answer, AnswerGroup, wants_json
from .export import export
from .logs import say_error, set_up_logs
from .options import PATH, command, config_option, log_options, looks_of_texts, overwrite_option

if TYPE_CHECKING:
    import pandas as pd


def _comma_separated(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()


def _called(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(called, value))


@command()
@click.argument("data", type=PATH)
@click.option("-m", "--model", "models", multiple=True, default=("fast",), show_default=True, callback=_called,
              metavar="NAME|PATH", help="A student, or a checkpoint file; may be given several times.")  # fmt: skip
@click.option("--look", "looks", multiple=True, callback=looks_of_texts, metavar="natural|crisp|0…1", help="Measure "
              "each student at this look; may be given several times [default: its own].")  # fmt: skip
@config_option("chroma")
@click.option(
    "-o", "--out", type=PATH, metavar="DIR", help="Where tables and page go [default: only print the summary]."
)
@click.option("--levels", callback=_comma_separated, metavar="L,L", help="How clips are made soft: "
              f"{', '.join(LEVELS)}, and sharp for as they are [default: all].")  # fmt: skip
@click.option("--frames", default=24, show_default=True, metavar="N", help="Of a clip, make the first N frames soft.")
@click.option("--every", default=8, show_default=True, metavar="N", help="Of these, measure one in N.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Clips or sequences to leave out, by name.")
@click.option("--threads", type=int, metavar="N", help="CPU threads [default: all cores].")
@config_option("device")
@click.option("--benchmark", is_flag=True, help="Measure on the versioned benchmark; DATA holds its files.")
@click.option("--groups", callback=_comma_separated, metavar="G,G", help="With --benchmark: faces, rooms, screens, "
              "motion [default: all].")  # fmt: skip
@click.option("--seeds", type=int, metavar="N", help="With --benchmark: recordings of each source and level "
              "[default: 1].")  # fmt: skip
@click.option("-w", "--workers", type=int, metavar="N", help="With --benchmark: processes [default: one for each CPU].")
@click.option("--no-realesrgan", is_flag=True, help="With --benchmark: leave Real-ESRGAN out, which takes longest.")
@overwrite_option
@log_options
def evaluate(quiet: bool, verbose: bool, log_json: bool, **options: Any) -> Answer:
    """Measures what students gain over doing nothing.

    Unsharp mask and CAS are measured beside them. DATA is a GOPRO_Large folder, any folder of blur/ and sharp/ images
    or of sequences of them, or a folder of sharp clips, which are made soft as a low-bandwidth link would. Prints the
    summary; with --out, writes tables and a page.
    """
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    given = {name for name in options if _is_given(name)}
    of_benchmark = {name: options.pop(name) for name in _OF_BENCHMARK}
    if options.pop("benchmark"):
        return _benchmark(options, of_benchmark, given)
    if given & set(_OF_BENCHMARK):
        raise UsageError("--groups, --seeds, --workers and --no-realesrgan go with --benchmark")
    from ..tools.evaluate_job import EvaluateConfig
    from ..tools.evaluate_job import evaluate as run

    result = run(EvaluateConfig(**options))
    return _answer(result.summary, result.page, lambda: click.echo(result.markdown, nl=False))


def _answer(summary: "pd.DataFrame", page: Path | None, say: Callable[[], None]) -> Answer:
    def say_all() -> None:
        say()
        if page is not None:
            click.echo(f"page: {page}")

    rows = json.loads(summary.to_json(orient="records", double_precision=15) or "[]")  # null for what is unknown
    return Answer({"methods": rows, "page": page}, say_all)


def _is_given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


_OF_BENCHMARK = ("groups", "seeds", "workers", "no_realesrgan")
_NOT_OF_BENCHMARK = ("frames", "every", "exclude", "threads", "device")


def _benchmark(options: dict[str, Any], more: dict[str, Any], given: set[str]) -> Answer:
    for name in _NOT_OF_BENCHMARK:
        if name in given:
            raise UsageError(f"--{name} does not go with --benchmark, which fixes what is measured")
    if options["out"] is None:
        raise UsageError("--benchmark needs --out: it takes long, and is taken up there when interrupted")
    from ..tools.benchmark_job import BenchmarkConfig, benchmark

    chosen = {"models": options["models"]} if "models" in given else {}
    result = benchmark(
        BenchmarkConfig(
            options["data"],
            options["out"],
            **chosen,
            looks=options["looks"],
            chroma=options["chroma"],
            levels=options["levels"],
            groups=more["groups"],
            seeds=1 if more["seeds"] is None else more["seeds"],
            workers=more["workers"],
            realesrgan=not more["no_realesrgan"],
            overwrite=options["overwrite"],
        )
    )
    return _answer(result.summary, result.page, lambda: click.echo(result.text, nl=False))


@command()
@click.argument("inputs", nargs=-1, required=True, type=PATH, metavar="CLIP...")
@click.option(
    "-o", "--out", required=True, type=PATH, metavar="DIR", help="Where results go; paths below CLIP are kept."
)
@click.option("--level", required=True, type=click.Choice(LEVELS), help="How little bandwidth the link has.")
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same recording.")
@overwrite_option
def simulate(**options: Any) -> Answer:
    """Makes soft call recordings of sharp clips.

    CLIP is a clip or a folder of clips. Frames, times and sound stay as they are; the parameters used are written
    beside each output. Prints the outputs; exit code 1 if a clip failed.
    """
    from ..tools.simulate_job import SimulateConfig
    from ..tools.simulate_job import simulate as run

    ended = []
    for result in run(SimulateConfig(**options)):
        ended.append(result)
        if result.error is not None:
            say_error(result.error)
        elif not wants_json():
            click.echo(printable(str(result.out)))
    failed = sum(result.error is not None for result in ended)
    summary = {"made": len(ended) - failed, "failed": failed}
    return Answer(ended, summary=summary, code=SOME_FAILED if failed else OK)


@click.group(cls=AnswerGroup, invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> Answer:
    """Lists the students that ship, or exports one.

    Their size, what a frame of 1920×1080 costs, their licence, and what they gain over doing nothing.
    """
    if context.invoked_subcommand is not None:
        return Answer(None)
    cards = [read_card(name) for name in student_names()]
    listed = [{**asdict(card), "gains": {k: g._asdict() for k, g in card.gains.items()}} for card in cards]
    return Answer(listed, lambda: _list(cards))


def _list(cards: Sequence[Card]) -> None:
    levels = list(dict.fromkeys(level for card in cards for level in card.gains)) or ["calls"]
    header = [
        "model",
        "parameters",
        "GFLOP at 1080p",
        "ms at 1080p",
        "licence",
        *(f"gain: {level}" for level in levels),
    ]
    click.echo(markdown_table(header, [_cells(card, levels) for card in cards]), nl=False)
    click.echo("\nGains are dB of PSNR / SSIM over doing nothing, on luma, for clips that training never saw.")
    for licence, names in _by_licence(cards).items():
        click.echo(f"Licence of {', '.join(names)}: {licence}.")


def _cells(card: Card, levels: list[str]) -> list[str]:
    missing = "not measured"
    cells = [card.name, missing if card.parameters is None else f"{card.parameters:,}"]
    cells += [missing if value is None else f"{value:.4g}" for value in (card.gflop_1080p, card.ms_1080p)]
    cells.append((card.licence or "not stated").partition(";")[0])
    gains = [card.gains.get(level) for level in levels]
    return cells + [missing if gain is None else f"{gain.psnr_db:+.2f} / {gain.ssim:+.4f}" for gain in gains]


def _by_licence(cards: Sequence[Card]) -> dict[str, list[str]]:
    """The students of each licence, whole."""
    found: dict[str, list[str]] = {}
    for card in cards:
        found.setdefault(card.licence or "not stated", []).append(card.name)
    return found


models.add_command(export)
