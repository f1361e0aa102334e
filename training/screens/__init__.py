"""Endless sharp screen recordings made by code, each of which knows its words and where they stand."""

from .clip import ScreenClip, ScreenFrame, screen_clip
from .families import FAMILIES, Family
from .layouts import HELD_OUT, LAYOUTS
from .sheet import Word

__all__ = ["FAMILIES", "HELD_OUT", "LAYOUTS", "Family", "ScreenClip", "ScreenFrame", "Word", "screen_clip"]
