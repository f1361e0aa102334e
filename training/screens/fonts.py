"""Fonts from the packages of the extra [screens], never from what a machine happens to have."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

from ..errors import ScreenError
from .families import FAMILIES, Family

_BY_NAME = {each.name: each for each in FAMILIES}


@dataclass(frozen=True)
class Face:
    """A family in one weight (100–900), upright or italic."""

    family: str
    weight: int = 400
    italic: bool = False


@lru_cache(maxsize=1024)
def load(face: Face, px: int) -> ImageFont.FreeTypeFont:
    """The face at a size of `px` per em.

    Plain layout: letters side by side with the kerning of the `kern` table, and no ligatures, on every machine alike.

    Raises:
        ScreenError: the package of its family is not installed, or at another version.
    """
    family = _BY_NAME[face.family]
    path = _folder(family) / family.file(face.weight, face.italic)
    font = ImageFont.truetype(str(path), px, layout_engine=ImageFont.Layout.BASIC)
    if family.axes:
        font.set_variation_by_axes([_along(axis, face, px) for axis in font.get_variation_axes()])
    return font


def _along(axis: ImageFont.Axis, face: Face, px: int) -> float:
    name = axis.get("name", b"")
    if name == b"Weight":
        wanted = float(face.weight)
    elif name == b"Optical Size":
        wanted = 0.75 * px
    else:
        return float(axis["default"] or 0)
    return min(max(wanted, float(axis["minimum"] or 0)), float(axis["maximum"] or wanted))


@lru_cache(maxsize=64)
def _folder(family: Family) -> Path:
    todo = "install the fonts of screens with: pip install 'vidsharp[screens]'."
    try:
        installed = version(family.package)
        spec = find_spec(family.module)
    except PackageNotFoundError:
        spec = None
        installed = ""
    if spec is None or spec.origin is None:
        raise ScreenError(f"The font family {family.name} ({family.package} {family.version}) is missing; {todo}")
    if installed != family.version:
        raise ScreenError(
            f"{family.package} {installed} is installed, but screens are drawn with {family.version}; {todo}"
        )
    return Path(spec.origin).parent / "files"
