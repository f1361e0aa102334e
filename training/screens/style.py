"""The choices of a screen's owner: colours, fonts, sizes, and how letters are smoothed."""

from dataclasses import dataclass
from random import Random

from .families import families
from .fonts import Face
from .glyphs import Smoothing
from .sheet import Colour, Pen


@dataclass(frozen=True)
class Theme:
    """Colours by role. Ink and muted can be read on page, panel and bar; on_accent on accent."""

    name: str
    """Starts with `light` or `dark`."""
    page: Colour
    panel: Colour
    bar: Colour
    line: Colour
    ink: Colour
    muted: Colour
    accent: Colour
    on_accent: Colour
    select: Colour

    @property
    def dark(self) -> bool:
        return self.name.startswith("dark")


def _theme(name: str, colours: str) -> Theme:
    """A theme from its colours, in the order of the fields, as rrggbb."""
    return Theme(name, *((each[0], each[1], each[2]) for each in map(bytes.fromhex, colours.split())))


THEMES = (
    _theme("light blue", "ffffff f5f6f8 e8eaee ced2d8 1c1e22 606670 1a62d6 ffffff d6e5fc"),
    _theme("light green", "ffffff f3f7f4 e0ece4 c8d6cc 16201a 58685e 127a48 ffffff d0eedc"),
    _theme("light violet", "fdfcff f6f3fa eae4f3 d2cade 221c2c 686076 6834be ffffff e5dafa"),
    _theme("light sepia", "fbf6e9 f4ecd9 eadfc6 d4c6a8 3a2e20 74644e a45414 ffffff f0deba"),
    _theme("light grey", "f0f0f0 fafafa dadada b0b0b0 000000 545454 0066cc ffffff c4dcf4"),
    _theme("dark blue", "181c24 20252f 2a303c 3e4656 dee3ec 96a0b0 5c9eff 0c1018 2c4268"),
    _theme("dark grey", "1e1e1e 252526 333333 464646 d4d4d4 969696 4eb2e0 101010 264f78"),
    _theme("dark black", "000000 121212 1c1c1c 383838 f0f0f0 9e9e9e ffaa3c 000000 42341a"),
    _theme("dark green", "0a2226 0e2c32 14383e 285258 c6d6d0 7c9a98 50c896 06181a 18504e"),
    _theme("dark violet", "282a36 303342 3a3d50 545870 f8f8f2 acb0c8 bd93f9 1e1c2c 4a486c"),
)
_SYNTAX: dict[bool, dict[str, Colour]] = {
    False: {
        "keyword": (0, 0, 200),
        "name": (121, 94, 38),
        "text": (163, 21, 21),
        "number": (9, 120, 80),
        "remark": (0, 120, 0),
    },
    True: {
        "keyword": (86, 166, 230),
        "name": (220, 220, 170),
        "text": (214, 157, 133),
        "number": (181, 206, 168),
        "remark": (118, 168, 96),
    },
}
SERIES = ((26, 115, 200), (226, 110, 30), (46, 150, 70), (196, 48, 58), (130, 88, 186), (120, 88, 76), (14, 158, 170))
"""Colours of what charts compare; each stands out from light and dark pages."""
_BODY_PX = (9, 10, 11, 12, 13, 13, 14, 14, 15, 16, 16, 18, 20, 22, 24, 28)
_SMOOTHING = (
    (Smoothing.HINTED, 30),
    (Smoothing.GREY, 34),
    (Smoothing.RGB, 28),
    (Smoothing.BGR, 3),
    (Smoothing.NONE, 5),
)


@dataclass(frozen=True)
class Style:
    """The choices for one clip."""

    theme: Theme
    ui: str
    """Family of menus, labels and buttons."""
    text: str
    """Family of what is read at length."""
    mono: str
    smoothing: Smoothing
    body: int
    """Size of running text in px per em; 9 … 28."""

    @property
    def small(self) -> int:
        return max(9, self.body * 5 // 6)

    def larger(self, times: float, most: int = 60) -> int:
        """A size for headings in px per em, at most `most`."""
        return max(9, min(round(self.body * times), most, 60))

    def pen(
        self, px: int | None = None, *, weight: int = 400, italic: bool = False, colour: Colour | None = None
    ) -> Pen:
        """For menus, labels and buttons."""
        return self._pen(self.ui, px, weight, italic, colour)

    def reading(
        self, px: int | None = None, *, weight: int = 400, italic: bool = False, colour: Colour | None = None
    ) -> Pen:
        """For running text and its headings."""
        return self._pen(self.text, px, weight, italic, colour)

    def fixed(self, px: int | None = None, *, weight: int = 400, colour: Colour | None = None) -> Pen:
        """For code and terminals: every character as wide as the others."""
        return self._pen(self.mono, px, weight, False, colour)

    def syntax(self, role: str, dark: bool | None = None) -> Colour:
        return _SYNTAX[self.theme.dark if dark is None else dark].get(role, self.theme.ink)

    def _pen(self, family: str, px: int | None, weight: int, italic: bool, colour: Colour | None) -> Pen:
        return Pen(Face(family, weight, italic), px or self.body, colour or self.theme.ink, self.smoothing)


def draw_style(rng: Random, height: int, held_out: bool) -> Style:
    """The choices for a picture `height` px high; small pictures get small text."""
    sans, serif, mono = (families(kind, held_out) for kind in ("sans", "serif", "mono"))
    return Style(
        theme=rng.choice(THEMES),
        ui=rng.choice(sans).name,
        text=rng.choice(serif if rng.random() < 0.5 else sans).name,
        mono=rng.choice(mono).name,
        smoothing=rng.choices([each for each, _ in _SMOOTHING], [share for _, share in _SMOOTHING])[0],
        body=max(9, min(rng.choice(_BODY_PX), height // 24)),
    )
