"""Pictures for people to judge: contact sheets of the committed crops, and blind pairs with a key.

    python -m vidsharp.training.benchmark.sheets DATA --out DIR --method fast --method balanced --method realesrgan
    python -m vidsharp.training.benchmark.sheets --out DIR --score DIR/pairs/answers.csv

Who answers gets the folder `pairs` and nothing else: the key and the sheets lie beside it.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from PIL import Image

from ...models.errors import VidsharpError
from ...models.nets.catalogue import check_model
from ...models.nets.chroma_choice import Chroma
from ...models.nets.look import StudentLook, parse_look
from ...pipeline.atomic import make_folder, write_atomically
from ...reports.evaluation.evaluation_tables import CLASSIC, IDENTITY
from ..errors import DataError
from ..evaluation.methods import Method, methods
from .blind_pairs import SOFT, draw_pairs, empty_answers, key_json, read_key, score_answers, scores_markdown
from .contact_pages import contact_pages
from .crop_pictures import crop_pictures, remembered
from .crops import crops, sources_of
from .run_source import REALESRGAN
from .sources import check_sources

SLOW = "realesrgan"
"""What is run on the crops alone, its answers kept in `OUT/answers-of-realesrgan`."""
RESTORED = "+chroma"
"""Behind a student's name: its chroma is restored."""
SEED = 1
"""Of the pairs' order and sides."""


def write_sheets(data: Path, out: Path, named: Sequence[str], seed: int, beside: str = SOFT) -> list[Path]:
    """Writes `sheet-N.png`, `pairs/pair-NN.png`, `pairs/answers.csv` and `key.json` below `out`; returns the sheets.

    Args:
        named: methods: `unsharp`, `cas`, `realesrgan`, and students by name or file, at a look (`fast@crisp`) or not.
        beside: as `draw_pairs`, by a name as of `named`.

    Raises:
        DataError: `beside` is none of the methods; a file of the benchmark is missing; a recording is not the one that
            was drawn from; or answers that were filled for other pairs would be lost.
        ModelError, CheckpointError: a student or Real-ESRGAN cannot be loaded.
        OutputError: `out` cannot be written.
    """
    quick, slow = _methods(named, out)
    beside = REALESRGAN if beside == SLOW else beside
    if beside not in (SOFT, *quick, *slow):
        raise DataError(f"Nothing can be shown beside '{beside}', which is none of the methods.")
    check_sources(data, sources_of(crops()))
    shown = list(crop_pictures(data, crops(), quick, slow))
    pairs = draw_pairs(shown, seed, beside)
    key = json.dumps(key_json([pair for pair, _ in pairs]), indent=1).encode()
    answers = out / "pairs" / "answers.csv"
    if _is_filled(answers) and _content(out / "key.json") != key:
        raise DataError(f"'{answers}' holds answers to other pairs; choose another --out, or move it away.")
    make_folder(out / "pairs")
    for stale in (*out.glob("sheet-*.png"), *(out / "pairs").glob("pair-*.png")):
        stale.unlink()
    for pair, picture in pairs:
        write_atomically(out / "pairs" / f"pair-{pair.pair:02}.png", _png(picture))
    if not _is_filled(answers):
        write_atomically(answers, empty_answers([pair for pair, _ in pairs]).encode())
    write_atomically(out / "key.json", key)
    sheets = []
    for number, page in enumerate(contact_pages(shown), start=1):
        sheets.append(out / f"sheet-{number}.png")
        write_atomically(sheets[-1], _png(page))
    return sheets


def _methods(named: Sequence[str], out: Path) -> tuple[Mapping[str, Method], Mapping[str, Method]]:
    """Those that take whole pictures, and those that take crops; each in the order of their names."""
    named = tuple(dict.fromkeys(named))
    asked = [at_look_named(name) for name in named if name not in (*CLASSIC, SLOW)]
    for student in asked:
        check_model(student.model)
    known = methods(asked, device="cpu", threads=1)
    students = [name for name in known if name not in (IDENTITY, *CLASSIC)]
    chosen = [*(name for name in CLASSIC if name in named), *students]
    return {name: known[name] for name in chosen}, {REALESRGAN: _realesrgan(out)} if SLOW in named else {}


def at_look_named(name: str) -> StudentLook:
    """`fast@crisp+chroma`: a student at a look, with chroma restored; without these, at its own look, chroma kept.

    Raises:
        ModelError: there is no such look.
    """
    chroma: Chroma | None = None
    if name.endswith(RESTORED):
        name, chroma = name.removesuffix(RESTORED), "restore"
    model, at, look = name.rpartition("@")
    if not at or Path(name).exists():
        return StudentLook(name, None, chroma)
    return StudentLook(model, parse_look(look), chroma)


def _realesrgan(out: Path) -> Method:
    from ..teachers.realesrgan import load_realesrgan, restored_planes

    net = load_realesrgan()
    return remembered(
        lambda planes, fmt: restored_planes(net, planes, fmt), out / "answers-of-realesrgan", "x4plus at half size"
    )


def score(out: Path, answers: Path) -> str:
    """The score of a filled page against the key in `out`, as Markdown.

    Raises:
        DataError: there is no key, or the page is not one for it.
    """
    try:
        key = read_key(json.loads((out / "key.json").read_bytes()))
        return scores_markdown(score_answers(answers.read_text(encoding="utf-8"), key))
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"The answers '{answers}' or the key in '{out}' cannot be read: {error}.") from error


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _is_filled(answers: Path) -> bool:
    """Whether anyone has answered: a line says more than the pair's number."""
    text = (_content(answers) or b"").decode("utf-8", "replace")
    return any(any(cell.strip() for cell in line[1:]) for line in list(csv.reader(io.StringIO(text)))[1:])


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@click.command()
@click.argument("data", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write into.")
@click.option(
    "--method", "named", multiple=True, default=("fast", "balanced"), show_default=True,
    help="unsharp, cas, realesrgan, or a student's name or file, @ a look and +chroma if need be; also several times.",
)  # fmt: skip
@click.option("--beside", default=SOFT, show_default=True, help="What each method is paired with: soft, or a method.")
@click.option("--seed", default=SEED, show_default=True, help="Of the pairs' order and sides.")
@click.option(
    "--score", "answers", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A filled page of answers, which is scored against the key in --out; DATA is not needed.",
)  # fmt: skip
def main(data: Path | None, out: Path, named: tuple[str, ...], beside: str, seed: int, answers: Path | None) -> None:
    """Writes contact sheets and blind pairs of twelve crops of the benchmark in DATA, or scores what people said."""
    try:
        if answers is not None:
            click.echo(score(out, answers), nl=False)
            return
        if data is None:
            raise click.UsageError("Name the folder DATA that holds the benchmark's files.")
        for sheet in write_sheets(data, out, named, seed, beside):
            click.echo(sheet)
        click.echo(out / "pairs")
    except (VidsharpError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
