"""What a screen's owner chose: colours, fonts, sizes, and how letters are smoothed."""

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


_WHITE = (255, 255, 255)
THEMES = (
    Theme("light blue", _WHITE, (245, 246, 248), (232, 234, 238), (206, 210, 216), (28, 30, 34), (96, 102, 112), (26, 98, 214), _WHITE, (214, 229, 252)),
    Theme("light green", _WHITE, (243, 247, 244), (224, 236, 228), (200, 214, 204), (22, 32, 26), (88, 104, 94), (18, 122, 72), _WHITE, (208, 238, 220)),
    Theme("light violet", (253, 252, 255), (246, 243, 250), (234, 228, 243), (210, 202, 222), (34, 28, 44), (104, 96, 118), (104, 52, 190), _WHITE, (229, 218, 250)),
    Theme("light sepia", (251, 246, 233), (244, 236, 217), (234, 223, 198), (212, 198, 168), (58, 46, 32), (116, 100, 78), (164, 84, 20), _WHITE, (240, 222, 186)),
    Theme("light grey", (240, 240, 240), (250, 250, 250), (218, 218, 218), (176, 176, 176), (0, 0, 0), (84, 84, 84), (0, 102, 204), _WHITE, (196, 220, 244)),
    Theme("dark blue", (24, 28, 36), (32, 37, 47), (42, 48, 60), (62, 70, 86), (222, 227, 236), (150, 160, 176), (92, 158, 255), (12, 16, 24), (44, 66, 104)),
    Theme("dark grey", (30, 30, 30), (37, 37, 38), (51, 51, 51), (70, 70, 70), (212, 212, 212), (150, 150, 150), (78, 178, 224), (16, 16, 16), (38, 79, 120)),
    Theme("dark black", (0, 0, 0), (18, 18, 18), (28, 28, 28), (56, 56, 56), (240, 240, 240), (158, 158, 158), (255, 170, 60), (0, 0, 0), (66, 52, 26)),
    Theme("dark green", (10, 34, 38), (14, 44, 50), (20, 56, 62), (40, 82, 88), (198, 214, 208), (124, 154, 152), (80, 200, 150), (6, 24, 26), (24, 80, 78)),
    Theme("dark violet", (40, 42, 54), (48, 51, 66), (58, 61, 80), (84, 88, 112), (248, 248, 242), (172, 176, 200), (189, 147, 249), (30, 28, 44), (74, 72, 108)),
)  # fmt: skip
_SYNTAX = {
    False: {"keyword": (0, 0, 200), "name": (121, 94, 38), "text": (163, 21, 21), "number": (9, 120, 80), "remark": (0, 120, 0)},
    True: {"keyword": (86, 166, 230), "name": (220, 220, 170), "text": (214, 157, 133), "number": (181, 206, 168), "remark": (118, 168, 96)},
}  # fmt: skip
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
