"""The command that trains students and teachers."""

from typing import Any

import click

from ..interrupts import raise_if_interrupted
from .answer import Answer
from .logs import set_up_logs
from .options import PATH, command, config_option, log_options, overwrite_option

DEFAULT_RECIPES = {"student": "originals", "teacher": "teacher"}


@command()
@click.argument("kind", type=click.Choice(tuple(DEFAULT_RECIPES)))
@click.option("--data", required=True, type=PATH, metavar="DIR",
              help="GOPRO_Large, blur/ and sharp/ pictures, or sharp photos/ and clips/.")  # fmt: skip
@click.option("-o", "--out", required=True, type=PATH, metavar="DIR", help="Where checkpoints, weights and logs go.")
@click.option(
    "--recipe", metavar="NAME|FILE", help="A shipped recipe, or a TOML file [default: originals, or teacher]."
)
@click.option(
    "--teacher",
    type=PATH,
    metavar="NAME|FILE",
    help="The teacher, for recipes that learn from one: a shipped model, or weights.",
)
@click.option(
    "--start",
    type=PATH,
    metavar="NAME|FILE",
    help="Begin with a shipped model, or with weights, to train them further.",
)
@click.option("--vgg", type=PATH, metavar="FILE", help="torchvision's VGG16 weights, for recipes with that loss.")
@click.option(
    "--cache", type=PATH, metavar="DIR", help="Where pairs made of photos and clips are kept [default: OUT/pairs]."
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in OUT.")
@overwrite_option
@click.option("--stop-after", type=click.IntRange(1), metavar="STEP", help="Stop at this step, to go on later.")
@config_option("device")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="CPU threads of each worker [default: all cores].")
@click.option(
    "--loader-workers", default=1, show_default=True, metavar="N", help="Processes that load data, for each worker."
)
@click.option("--ray", is_flag=True, help="Train as a Ray Train job.")
@click.option(
    "-w", "--workers", default=1, show_default=True, metavar="N", help="Of the Ray Train job; they share each batch."
)
@config_option("address")
@log_options
def train(kind: str, recipe: str | None, quiet: bool, verbose: bool, log_json: bool, **options: Any) -> Answer:
    """Trains a student or a teacher by a recipe.

    Interrupted, the same command with --resume continues from the last checkpoint and ends with the same weights.
    """
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    from ..processing.progress import training
    from ..training.train_config import TrainConfig
    from ..training.train_job import train as run

    config = TrainConfig(recipe=recipe or DEFAULT_RECIPES[kind], **options)
    try:
        with training(lines_only=quiet or log_json) as watcher:

            def moved(step: int, last: int, loss: float) -> None:
                raise_if_interrupted()
                watcher.moved(step, last, loss)

            result = run(config, watcher.said, moved)
    except KeyboardInterrupt as error:
        raise type(error)("interrupted; add --resume to continue from the last checkpoint") from error
    return Answer(result, lambda: click.echo(f"weights: {result.weights} (step {result.step} of {result.steps})"))
