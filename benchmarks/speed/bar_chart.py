"""Horizontal bars as an SVG: all that the benchmarks draw, without a plotting library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, ROW, GAP, TOP = 900, 260, 150, 22, 30, 56
DARK, FAINT, OURS, OURS_FAINT = "#52606d", "#c4ccd4", "#0f766e", "#99d5cd"


@dataclass(frozen=True)
class Bar:
    """One row: a solid part, a faint part behind it, and what stands at its end."""

    name: str
    solid: float
    faint: float
    text: str
    ours: bool
    """In the colour of vidsharp."""


def bar_chart(title: str, legend: str, groups: Mapping[str, Sequence[Bar]], *, own_scales: bool = False) -> str:
    """An SVG of bars in groups.

    Args:
        title: the first line.
        legend: the second line; says what solid and faint parts are.
        groups: bars by heading.
        own_scales: each group's longest bar fills the width, instead of the longest of all.
    """
    longest = max(bar.solid + bar.faint for bars in groups.values() for bar in bars)
    parts: list[str] = []
    y = TOP + 10
    for heading, bars in groups.items():
        top = max(bar.solid + bar.faint for bar in bars) if own_scales else longest
        scale = (WIDTH - LEFT - RIGHT) / max(top, 1e-9)
        parts.append(f'<text x="16" y="{y + 14}" font-weight="bold">{escape(heading)}</text>')
        y += ROW
        for bar in bars:
            solid, faint = bar.solid * scale, bar.faint * scale
            dark, light = (OURS, OURS_FAINT) if bar.ours else (DARK, FAINT)
            parts += [
                f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(bar.name)}</text>',
                f'<rect x="{LEFT}" y="{y + 3}" width="{solid:.1f}" height="{ROW - 6}" fill="{dark}"/>',
                f'<rect x="{LEFT + solid:.1f}" y="{y + 3}" width="{faint:.1f}" height="{ROW - 6}" fill="{light}"/>',
                f'<text x="{LEFT + solid + faint + 6:.1f}" y="{y + 15}">{escape(bar.text)}</text>',
            ]
            y += ROW
        y += GAP - ROW // 2
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#1f2933"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>'
        f'<text x="16" y="26" font-size="17" font-weight="bold">{escape(title)}</text>'
        f'<text x="16" y="48" fill="#52606d">{escape(legend)}</text>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"
